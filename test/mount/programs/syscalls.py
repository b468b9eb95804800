"""Replays system calls: reads [[operation, argument...], ...] as JSON from stdin, in the current folder, and prints one
result for each as JSON: what the call answers, or the name of its errno. Handles are named by the caller and stay open
from `open` to `close`."""

import ctypes, errno, fcntl, json, mmap, os, sys

libc = ctypes.CDLL(None, use_errno=True)
AT_FDCWD, RENAME_NOREPLACE, RENAME_EXCHANGE = -100, 1, 2
handles = {}


def renameat2(source, target, flags):
    if libc.renameat2(AT_FDCWD, os.fsencode(source), AT_FDCWD, os.fsencode(target), flags) != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))


def open_(handle, path, flags, mode=0o644):
    handles[handle] = os.open(path, sum(getattr(os, name) for name in flags.split("|")), mode)


def write_all(path, text, flags):
    fd = os.open(path, flags, 0o644)
    try:
        data = text.encode()
        # Several writes, as through a small buffer.
        for start in range(0, max(1, len(data)), 4096):
            os.write(fd, data[start : start + 4096])
        os.fsync(fd)
    finally:
        os.close(fd)


def read_all(path):
    with open(path, "rb") as file:
        return file.read().decode()


def map_write(path, offset, text):
    fd = os.open(path, os.O_RDWR)
    with mmap.mmap(fd, 0) as mapped:
        os.close(fd)  # the mapping outlives its descriptor
        mapped[offset : offset + len(text)] = text.encode()
        mapped.flush()


operations = {
    # whole files
    "create": lambda path, text: write_all(path, text, os.O_WRONLY | os.O_CREAT | os.O_EXCL),
    "rewrite": lambda path, text: write_all(path, text, os.O_WRONLY | os.O_CREAT | os.O_TRUNC),
    "overwrite": lambda path, text: write_all(path, text, os.O_WRONLY),
    "read": read_all,
    "map": map_write,
    # handles
    "open": open_,
    "write": lambda handle, text: os.write(handles[handle], text.encode()),
    "ftruncate": lambda handle, size: os.ftruncate(handles[handle], size),
    "fdatasync": lambda handle: os.fdatasync(handles[handle]),
    "fsync": lambda handle: os.fsync(handles[handle]),
    "fchmod": lambda handle, mode: os.fchmod(handles[handle], mode),
    "lock": lambda handle: fcntl.lockf(handles[handle], fcntl.LOCK_EX | fcntl.LOCK_NB),
    "close": lambda handle: os.close(handles.pop(handle)),
    # names
    "rename": os.rename,
    "noreplace": lambda source, target: renameat2(source, target, RENAME_NOREPLACE),
    "exchange": lambda source, target: renameat2(source, target, RENAME_EXCHANGE),
    "link": os.link,
    "symlink": os.symlink,
    "readlink": os.readlink,
    "unlink": os.unlink,
    "mkdir": os.mkdir,
    "rmdir": os.rmdir,
    "list": lambda path: sorted(os.listdir(path)),
    # attributes
    "exists": os.path.lexists,
    "access": lambda path: os.access(path, os.R_OK | os.W_OK),
    "size": lambda path: os.stat(path).st_size,
    "mode": lambda path: oct(os.stat(path).st_mode & 0o7777),
    "chmod": os.chmod,
    "utime": lambda path, ns: os.utime(path, ns=(ns, ns)),
    "free": lambda path: os.statvfs(path).f_bavail > 0,
    "setxattr": lambda path, name, hex_value: os.setxattr(path, name, bytes.fromhex(hex_value)),
    "getxattr": lambda path, name: os.getxattr(path, name).hex(),
    "listxattr": lambda path: sorted(os.listxattr(path)),
    "removexattr": os.removexattr,
}


def run(step):
    name, *arguments = step
    try:
        return operations[name](*arguments)
    except OSError as error:
        return errno.errorcode.get(error.errno, str(error))


print(json.dumps([run(step) for step in json.load(sys.stdin)]))
