"""Carries out system calls for syscalls.ts, in a process of its own.

One JSON line in, `{"root": folder, "operations": [...]}`; one JSON line out, `[{"value": ...} | {"error": "ENOENT"}, ...]`.
What the operations and their answers mean is said in steps.ts and operations.ts.
"""

import errno
import json
import os
import sys

import libc
import on_handles
import on_names
import state
import trees

DO = {
    "open": on_handles.open_,
    "close": on_handles.close,
    "dup": on_handles.dup,
    "read": on_handles.read,
    "write": on_handles.write,
    "save": on_names.save,
    "load": on_names.load,
    "seek": on_handles.seek,
    "truncate": lambda o: os.truncate(state.full(o["path"]), o["size"]),
    "ftruncate": lambda o: os.ftruncate(state.descriptor(o), o["size"]),
    "fsync": lambda o: os.fsync(state.descriptor(o)),
    "fdatasync": lambda o: os.fdatasync(state.descriptor(o)),
    "stat": lambda o: state.report(os.stat(state.full(o["path"])), o["fields"]),
    "lstat": lambda o: state.report(os.lstat(state.full(o["path"])), o["fields"]),
    "fstat": lambda o: state.report(os.fstat(state.descriptor(o)), o["fields"]),
    "remember": lambda o: state.remembered.update({o["as"]: state.moment(os.lstat(state.full(o["path"])))}),
    "since": on_names.since,
    "tick": on_names.tick,
    "list": on_names.list_,
    "listSome": on_handles.list_some,
    "listRest": on_handles.list_rest,
    "rewind": on_handles.rewind,
    "mkdir": lambda o: os.mkdir(state.full(o["path"]), o["mode"]),
    "rmdir": lambda o: os.rmdir(state.full(o["path"])),
    "unlink": lambda o: os.unlink(state.full(o["path"])),
    "rename": on_names.rename,
    "link": lambda o: os.link(state.full(o["from"]), state.full(o["to"])),
    "symlink": lambda o: os.symlink(state.targeted(o["target"]), state.full(o["path"])),
    "readlink": on_names.readlink,
    "mknod": on_names.mknod,
    "utimens": on_names.utimens,
    "futimens": lambda o: libc.futimens(state.descriptor(o), state.set_time(o["atime"]), state.set_time(o["mtime"])),
    "chmod": lambda o: os.chmod(state.full(o["path"]), o["mode"]),
    "fchmod": lambda o: os.fchmod(state.descriptor(o), o["mode"]),
    "chown": on_names.chown,
    "umask": lambda o: os.umask(o["mode"]),
    "getxattr": on_names.getxattr,
    "setxattr": on_names.setxattr,
    "listxattr": lambda o: sorted(os.listxattr(state.full(o["path"]), follow_symlinks=o["follow"])),
    "removexattr": lambda o: os.removexattr(state.full(o["path"]), os.fsencode(o["name"]), follow_symlinks=o["follow"]),
    "fallocate": on_handles.fallocate,
    "posixFallocate": lambda o: os.posix_fallocate(state.descriptor(o), o["offset"], o["length"]),
    "copyRange": on_handles.copy_range,
    "mmap": on_handles.mmap,
    "mapRead": on_handles.map_read,
    "mapWrite": on_handles.map_write,
    "msync": lambda o: libc.msync(*on_handles.mapping(o)),
    "munmap": on_handles.munmap,
    "store": on_handles.store,
    "flock": on_handles.flock,
    "lock": on_handles.lock,
    "access": on_names.access,
    "statfs": on_names.statfs,
    "sync": lambda o: libc.syncfs(state.descriptor(o)),
    "exec": on_names.exec_,
    "tree": lambda o: trees.tree(state.full(o["path"]), "", []),
    "digests": lambda o: sorted(trees.digests(state.full(o["path"]), "", [])),
    "closeAll": on_handles.close_all,
    "makeFolder": on_names.make_folder,
}

# Of numbers with two names, the one that is used here.
NAMES = {errno.EOPNOTSUPP: "EOPNOTSUPP", errno.EAGAIN: "EAGAIN"}


def answer(operation):
    try:
        value = DO[operation["op"]](operation)
        return {"value": value}
    except OSError as error:
        # A file system may answer with a number that has no name.
        return {"error": NAMES.get(error.errno) or errno.errorcode.get(error.errno, str(error.errno))}


def main():
    libc.drop_capabilities()
    os.umask(0o022)
    for line in sys.stdin:
        request = json.loads(line)
        state.root = os.fsencode(request["root"])
        print(json.dumps([answer(operation) for operation in request["operations"]]), flush=True)


main()
