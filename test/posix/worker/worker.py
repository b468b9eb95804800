"""Carries out system calls for syscalls.ts, in a process of its own.

One JSON line in, `{"root": folder, "operations": [...]}`; one JSON line out, `[{"value": ...} | {"error": "ENOENT"}, ...]`.
What the operations and their answers mean is said in operations.ts.
"""

import ctypes
import errno
import fcntl
import hashlib
import json
import os
import stat
import struct
import subprocess
import sys
import time

import libc

handles = {}
maps = {}
listings = {}
remembered = {}
root = b""

# Times of this age are what a test has set; all others are the clock's.
OLD, FAR = 1_577_836_800, 2_051_222_400


def full(path):
    return root + b"/" + os.fsencode(path) if path else root


def number(names, module=os):
    value = 0
    for name in filter(None, names.split("|")):
        value |= getattr(module, name)
    return value


def content(data):
    if isinstance(data, str):
        return os.fsencode(data)
    period = bytes((data["seed"] * 31 + i * 7) & 255 for i in range(251))
    length = data["length"]
    return (period * (length // 251 + 1))[:length]


def describe(data):
    if len(data) <= 64 and all(32 <= byte < 127 for byte in data):
        return data.decode()
    return f"{len(data)} bytes, md5 {hashlib.md5(data).hexdigest()}"


def descriptor(operation, key="fh"):
    fd = handles.get(operation[key])
    if fd is None:
        raise OSError(errno.EBADF, "no such handle")
    return fd


def view(address, length):
    return (ctypes.c_char * length).from_address(address)


def mapping(operation):
    if operation["map"] not in maps:
        raise OSError(errno.EINVAL, "no such map")
    return maps[operation["map"]]


def clock_text(ns):
    return f"{ns // 10**9}.{ns % 10**9:09}" if not OLD < ns // 10**9 < FAR else "now"


KINDS = {stat.S_IFREG: "file", stat.S_IFDIR: "folder", stat.S_IFLNK: "link", stat.S_IFIFO: "fifo"}


def report(info, fields):
    everything = {
        "kind": KINDS.get(stat.S_IFMT(info.st_mode), "other"),
        "size": None if stat.S_ISDIR(info.st_mode) else info.st_size,
        "mode": None if stat.S_ISLNK(info.st_mode) else oct(stat.S_IMODE(info.st_mode)),
        "nlink": info.st_nlink,
        "mtime": clock_text(info.st_mtime_ns),
        "atime": clock_text(info.st_atime_ns),
        "owner": "self" if info.st_uid == os.getuid() and info.st_gid == os.getgid() else "other",
        "blocks": info.st_blocks,
    }
    return {field: everything[field] for field in fields}


def moment(info):
    return {"mtime": info.st_mtime_ns, "ctime": info.st_ctime_ns, "ino": info.st_ino}


def set_time(value):
    if value in ("now", "omit"):
        return (0, libc.UTIME_NOW if value == "now" else libc.UTIME_OMIT)
    seconds, nanoseconds = value.split(".")
    return (int(seconds), int(nanoseconds))


def tree(path, relative, lines):
    for name in sorted(os.listdir(path)):
        place = path + b"/" + name
        shown = f"{relative}{os.fsdecode(name)}"
        info = os.lstat(place)
        mode, mtime = oct(stat.S_IMODE(info.st_mode)), clock_text(info.st_mtime_ns)
        attributes = [f"{key}={describe(os.getxattr(place, key, follow_symlinks=False))}"
                      for key in sorted(os.listxattr(place, follow_symlinks=False))] if not stat.S_ISLNK(info.st_mode) else []
        extra = "".join(f" {attribute}" for attribute in attributes)
        if stat.S_ISLNK(info.st_mode):
            lines.append(f"{shown} -> {readable(os.readlink(place))}")
        elif stat.S_ISDIR(info.st_mode):
            lines.append(f"{shown}/ {mode} {mtime}{extra}")
            tree(place, f"{shown}/", lines)
        else:
            lines.append(f"{shown} {mode} {mtime} {digest(place, info)}{extra}")
    return lines


def digest(place, info):
    """Content by md5. A file its owner may not read is made readable for the moment."""
    locked = not info.st_mode & stat.S_IRUSR
    if locked:
        os.chmod(place, stat.S_IMODE(info.st_mode) | stat.S_IRUSR)
    with open(place, "rb") as file:
        data = file.read()
    if locked:
        os.chmod(place, stat.S_IMODE(info.st_mode))
    return f"{info.st_size} {hashlib.md5(data).hexdigest()}"


def digests(path, relative, lines):
    """What stock rclone says of the same tree: `md5  path` of files, `path/` of folders; a symlink is a file."""
    for name in os.listdir(path):
        place, shown = path + b"/" + name, f"{relative}{os.fsdecode(name)}"
        info = os.lstat(place)
        if stat.S_ISLNK(info.st_mode):
            lines.append(f"{hashlib.md5(os.readlink(place)).hexdigest()}  {shown}.rclonelink")
        elif stat.S_ISDIR(info.st_mode):
            lines.append(f"{shown}/")
            digests(place, f"{shown}/", lines)
        else:
            lines.append(f"{digest(place, info).split()[1]}  {shown}")
    return lines


def readable(target):
    return os.fsdecode(target.replace(root, b"{root}"))


def targeted(target):
    return os.fsencode(target).replace(b"{root}", root)


def do_open(o):
    if o["fh"] in handles:
        os.close(handles.pop(o["fh"]))
        listings.pop(o["fh"], None)
    handles[o["fh"]] = os.open(full(o["path"]), number(o["flags"]), o["mode"])


def do_close(o):
    fd = descriptor(o)
    del handles[o["fh"]]
    listings.pop(o["fh"], None)
    os.close(fd)


def do_dup(o):
    fd = descriptor(o)
    if o["to"] in handles:
        os.close(handles.pop(o["to"]))
    handles[o["to"]] = os.dup(fd)


def do_read(o):
    fd = descriptor(o)
    if o["at"] is None:
        return describe(os.read(fd, o["length"]))
    return describe(os.pread(fd, o["length"], o["at"]))


def do_write(o):
    fd, data = descriptor(o), content(o["data"])
    return os.write(fd, data) if o["at"] is None else os.pwrite(fd, data, o["at"])


def do_save(o):
    fd = os.open(full(o["path"]), os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644)
    try:
        data = content(o["data"])
        return os.write(fd, data) if data else 0
    finally:
        os.close(fd)


def do_load(o):
    with open(full(o["path"]), "rb", buffering=0) as file:
        return describe(file.read())


def do_list(o):
    kinds = {}
    for entry in os.scandir(full(o["path"])):
        shown = KINDS.get(stat.S_IFMT(entry.stat(follow_symlinks=False).st_mode), "other")
        kinds[os.fsdecode(entry.name)] = shown
    return [f"{name} {kinds[name]}" for name in sorted(kinds)]


def do_list_some(o):
    fd = descriptor(o)
    names = libc.getdents(fd, o["bytes"])
    listings.setdefault(o["fh"], []).extend(names or [])


def do_list_rest(o):
    fd = descriptor(o)
    while (names := libc.getdents(fd, 32768)) is not None:
        listings.setdefault(o["fh"], []).extend(names)
    seen = sorted(name for name in listings.pop(o["fh"], []) if name.startswith(o["prefix"]))
    if len(seen) <= 20:
        return seen
    return {"names": len(set(seen)), "entries": len(seen)}


def do_rewind(o):
    os.lseek(descriptor(o), 0, os.SEEK_SET)
    listings.pop(o["fh"], None)


def do_rename(o):
    source, target = full(o["from"]), full(o["to"])
    flags = {"": 0, "NOREPLACE": 1, "EXCHANGE": 2, "WHITEOUT": 4, "UNKNOWN": 64}[o["flags"]]
    if flags == 0:
        os.rename(source, target)
    else:
        libc.renameat2(source, target, flags)


def do_utimens(o):
    libc.utimensat(full(o["path"]), set_time(o["atime"]), set_time(o["mtime"]), o["follow"])


def do_mknod(o):
    os.mknod(full(o["path"]), {"file": stat.S_IFREG, "fifo": stat.S_IFIFO}[o["kind"]] | 0o644)


def owner(name, own):
    return {"self": own, "none": -1, "other": own + 1}[name]


def do_chown(o):
    user, group = owner(o["uid"], os.getuid()), owner(o["gid"], os.getgid())
    os.chown(full(o["path"]), user, group, follow_symlinks=o["follow"])


def do_setxattr(o):
    flags = number(o["flags"])
    os.setxattr(full(o["path"]), os.fsencode(o["name"]), content(o["data"]), flags, follow_symlinks=o["follow"])


def do_fallocate(o):
    mode = {"": 0, "KEEP_SIZE": 1, "PUNCH_HOLE": 3, "PUNCH_HOLE_ALONE": 2, "COLLAPSE_RANGE": 8, "ZERO_RANGE": 16}[o["mode"]]
    libc.fallocate(descriptor(o), mode, o["offset"], o["length"])


def do_mmap(o):
    protection = libc.PROT_READ | (libc.PROT_WRITE if "w" in o["access"] else 0)
    flags = libc.MAP_PRIVATE if "p" in o["access"] else libc.MAP_SHARED
    if o["map"] in maps:
        libc.munmap(*maps.pop(o["map"]))
    address = libc.mmap(o["length"], protection, flags, descriptor(o), o["offset"])
    maps[o["map"]] = (address, o["length"])


def do_map_read(o):
    address, length = mapping(o)
    return describe(view(address, length).raw[o["at"] : o["at"] + o["length"]])


def do_map_write(o):
    address, length = mapping(o)
    data = content(o["data"])
    view(address, length)[o["at"] : o["at"] + len(data)] = data


def do_munmap(o):
    place = mapping(o)
    del maps[o["map"]]
    libc.munmap(*place)


def do_store(o):
    """Shared map of the whole file, one store, msync, munmap. Nothing to map is EINVAL."""
    fd, data = descriptor(o), content(o["data"])
    info = os.fstat(fd)
    if stat.S_ISDIR(info.st_mode):
        raise OSError(errno.EISDIR, "a folder")
    size = info.st_size
    address = libc.mmap(size, libc.PROT_READ | libc.PROT_WRITE, libc.MAP_SHARED, fd, 0)
    try:
        place = o["at"] % size
        data = data[: size - place]
        view(address, size)[place : place + len(data)] = data
        libc.msync(address, size)
        return len(data)
    finally:
        libc.munmap(address, size)


def do_lock(o):
    kind = {"read": fcntl.F_RDLCK, "write": fcntl.F_WRLCK, "unlock": fcntl.F_UNLCK}[o["kind"]]
    fcntl.fcntl(descriptor(o), fcntl.F_SETLK, struct.pack("hhqqi4x", kind, 0, o["start"], o["length"], 0))


def do_flock(o):
    kind = {"shared": fcntl.LOCK_SH, "exclusive": fcntl.LOCK_EX, "unlock": fcntl.LOCK_UN}[o["kind"]]
    fcntl.flock(descriptor(o), kind | fcntl.LOCK_NB)


def do_access(o):
    mode = sum({"r": os.R_OK, "w": os.W_OK, "x": os.X_OK, "f": 0}[letter] for letter in o["mode"])
    return os.access(full(o["path"]), mode)


def do_statfs(o):
    info = os.statvfs(full(o["path"]))
    answer = {"namemax": info.f_namemax, "blocks": info.f_blocks > 0, "free": 0 < info.f_bavail <= info.f_blocks}
    return {field: answer[field] for field in o["fields"]}


def do_exec(o):
    run = subprocess.run([full(o["path"])], capture_output=True, check=False)
    return {"code": run.returncode, "out": run.stdout.decode()}


def do_since(o):
    before, now = remembered[o["as"]], moment(os.lstat(full(o["path"])))
    compared = {key: "same" if now[key] == before[key] else "later" if now[key] > before[key] else "earlier"
                for key in ("mtime", "ctime")}
    compared["ino"] = "same" if now["ino"] == before["ino"] else "other"
    return {field: compared[field] for field in o["fields"]}


def do_tick(_):
    """Returns when a time taken now is later than every time taken before, on a file system of coarse clock too."""
    coarse = 5
    end = time.clock_gettime_ns(coarse) + 10_000_000
    while time.clock_gettime_ns(coarse) < end:
        time.sleep(0.002)


def do_seek(o):
    return os.lseek(descriptor(o), o["offset"], number(o["whence"]))


def do_copy_range(o):
    source, target = descriptor(o, "from"), descriptor(o, "to")
    return os.copy_file_range(source, target, o["length"], o["fromAt"], o["toAt"])


def do_readlink(o):
    return readable(os.readlink(full(o["path"])))


def do_close_all(_):
    for fd in handles.values():
        os.close(fd)
    for place in maps.values():
        libc.munmap(*place)
    for state in (handles, maps, listings):
        state.clear()


def do_getxattr(o):
    return describe(os.getxattr(full(o["path"]), os.fsencode(o["name"]), follow_symlinks=o["follow"]))


def do_make_folder(o):
    remembered.clear()
    os.umask(0o022)
    os.mkdir(full(o["path"]))



DO = {
    "open": do_open,
    "close": do_close,
    "dup": do_dup,
    "read": do_read,
    "write": do_write,
    "save": do_save,
    "load": do_load,
    "seek": do_seek,
    "truncate": lambda o: os.truncate(full(o["path"]), o["size"]),
    "ftruncate": lambda o: os.ftruncate(descriptor(o), o["size"]),
    "fsync": lambda o: os.fsync(descriptor(o)),
    "fdatasync": lambda o: os.fdatasync(descriptor(o)),
    "stat": lambda o: report(os.stat(full(o["path"])), o["fields"]),
    "lstat": lambda o: report(os.lstat(full(o["path"])), o["fields"]),
    "fstat": lambda o: report(os.fstat(descriptor(o)), o["fields"]),
    "remember": lambda o: remembered.update({o["as"]: moment(os.lstat(full(o["path"])))}),
    "since": do_since,
    "tick": do_tick,
    "list": do_list,
    "listSome": do_list_some,
    "listRest": do_list_rest,
    "rewind": do_rewind,
    "mkdir": lambda o: os.mkdir(full(o["path"]), o["mode"]),
    "rmdir": lambda o: os.rmdir(full(o["path"])),
    "unlink": lambda o: os.unlink(full(o["path"])),
    "rename": do_rename,
    "link": lambda o: os.link(full(o["from"]), full(o["to"])),
    "symlink": lambda o: os.symlink(targeted(o["target"]), full(o["path"])),
    "readlink": do_readlink,
    "mknod": do_mknod,
    "utimens": do_utimens,
    "futimens": lambda o: libc.futimens(descriptor(o), set_time(o["atime"]), set_time(o["mtime"])),
    "chmod": lambda o: os.chmod(full(o["path"]), o["mode"]),
    "fchmod": lambda o: os.fchmod(descriptor(o), o["mode"]),
    "chown": do_chown,
    "umask": lambda o: os.umask(o["mode"]),
    "getxattr": do_getxattr,
    "setxattr": do_setxattr,
    "listxattr": lambda o: sorted(os.listxattr(full(o["path"]), follow_symlinks=o["follow"])),
    "removexattr": lambda o: os.removexattr(full(o["path"]), os.fsencode(o["name"]), follow_symlinks=o["follow"]),
    "fallocate": do_fallocate,
    "posixFallocate": lambda o: os.posix_fallocate(descriptor(o), o["offset"], o["length"]),
    "copyRange": do_copy_range,
    "mmap": do_mmap,
    "mapRead": do_map_read,
    "mapWrite": do_map_write,
    "msync": lambda o: libc.msync(*mapping(o)),
    "munmap": do_munmap,
    "store": do_store,
    "flock": do_flock,
    "lock": do_lock,
    "access": do_access,
    "statfs": do_statfs,
    "sync": lambda o: libc.syncfs(descriptor(o)),
    "exec": do_exec,
    "tree": lambda o: tree(full(o["path"]), "", []),
    "digests": lambda o: sorted(digests(full(o["path"]), "", [])),
    "closeAll": do_close_all,
    "makeFolder": do_make_folder,
}


# Of numbers with two names, the one that is used here.
NAMES = {errno.EOPNOTSUPP: "EOPNOTSUPP", errno.EAGAIN: "EAGAIN"}


def answer(operation):
    try:
        value = DO[operation["op"]](operation)
        return {"value": value}
    except OSError as error:
        return {"error": NAMES.get(error.errno) or errno.errorcode[error.errno]}


def main():
    global root
    libc.drop_capabilities()
    os.umask(0o022)
    for line in sys.stdin:
        request = json.loads(line)
        root = os.fsencode(request["root"])
        print(json.dumps([answer(operation) for operation in request["operations"]]), flush=True)


main()
