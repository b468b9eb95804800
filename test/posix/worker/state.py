"""What the calls share: open handles and maps, paths, and how results are told (operations.ts)."""

import errno
import hashlib
import os
import stat

import libc

root = b""
handles = {}
maps = {}
listings = {}
remembered = {}

# Times outside of this are what a test has set; the others are the clock's.
OLD, FAR = 1_577_836_800, 2_051_222_400
KINDS = {stat.S_IFREG: "file", stat.S_IFDIR: "folder", stat.S_IFLNK: "link", stat.S_IFIFO: "fifo"}


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


def clock_text(ns):
    return f"{ns // 10**9}.{ns % 10**9:09}" if not OLD < ns // 10**9 < FAR else "now"


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


def readable(target):
    return os.fsdecode(target.replace(root, b"{root}"))


def targeted(target):
    return os.fsencode(target).replace(b"{root}", root)
