"""The system calls that Python does not offer, or not as they are: every failure is an OSError with its errno."""

import ctypes
import os
import sys

_libc = ctypes.CDLL(None, use_errno=True)
_long = ctypes.c_long
_offset = ctypes.c_int64

PROT_READ, PROT_WRITE = 1, 2
MAP_SHARED, MAP_PRIVATE = 1, 2
# What macOS has no call for is not asked of it (macGaps.ts).
ON_MAC = sys.platform == "darwin"
UTIME_NOW, UTIME_OMIT = (-1, -2) if ON_MAC else (0x3FFFFFFF, 0x3FFFFFFE)
AT_FDCWD, AT_SYMLINK_NOFOLLOW = (-2, 0x20) if ON_MAC else (-100, 0x100)
MS_SYNC = 0x10 if ON_MAC else 4


class _Timespec(ctypes.Structure):
    _fields_ = [("sec", ctypes.c_long), ("nsec", ctypes.c_long)]


def _checked(result):
    if result == -1:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
    return result


_libc.mmap.restype = ctypes.c_void_p
_libc.mmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int, ctypes.c_int, ctypes.c_int, _offset]
_libc.munmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t]
_libc.msync.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int]
if not ON_MAC:
    _libc.fallocate.argtypes = [ctypes.c_int, ctypes.c_int, _offset, _offset]
_libc.utimensat.argtypes = [ctypes.c_int, ctypes.c_char_p, ctypes.POINTER(_Timespec), ctypes.c_int]
_libc.futimens.argtypes = [ctypes.c_int, ctypes.POINTER(_Timespec)]
_libc.syscall.restype = _long

_numbers = {} if ON_MAC else {
    "x86_64": {"renameat2": 316, "getdents64": 217, "capset": 126},
    "aarch64": {"renameat2": 276, "getdents64": 61, "capset": 91},
}[os.uname().machine]


def mmap(length, protection, flags, fd, offset):
    """Address. Unlike Python's own, it keeps no duplicate of the descriptor."""
    address = _libc.mmap(None, length, protection, flags, fd, offset)
    _checked(-1 if address == ctypes.c_void_p(-1).value else 0)
    return address


def munmap(address, length):
    _checked(_libc.munmap(address, length))


def msync(address, length):
    _checked(_libc.msync(address, length, MS_SYNC))


def fallocate(fd, mode, offset, length):
    _checked(_libc.fallocate(fd, mode, offset, length))


def syncfs(fd):
    _checked(_libc.syncfs(fd))


def _times(atime, mtime):
    return (_Timespec * 2)(_Timespec(*atime), _Timespec(*mtime))


def utimensat(path, atime, mtime, follow):
    flags = 0 if follow else AT_SYMLINK_NOFOLLOW
    _checked(_libc.utimensat(AT_FDCWD, path, _times(atime, mtime), flags))


def futimens(fd, atime, mtime):
    _checked(_libc.futimens(fd, _times(atime, mtime)))


def renameat2(source, target, flags):
    at = _long(AT_FDCWD)
    arguments = (at, ctypes.c_char_p(source), at, ctypes.c_char_p(target), ctypes.c_uint(flags))
    _checked(_libc.syscall(_long(_numbers["renameat2"]), *arguments))


def getdents(fd, size):
    """Names of the next entries of an open folder, `.` and `..` left out; None at its end."""
    buffer = ctypes.create_string_buffer(size)
    filled = _checked(_libc.syscall(_long(_numbers["getdents64"]), _long(fd), buffer, _long(size)))
    if filled == 0:
        return None
    names, at = [], 0
    while at < filled:
        length = int.from_bytes(buffer.raw[at + 16 : at + 18], "little")
        name = buffer.raw[at + 19 : at + length].split(b"\0", 1)[0]
        if name not in (b".", b".."):
            names.append(os.fsdecode(name))
        at += length
    return names


def drop_capabilities():
    """A superuser is checked like anyone else afterwards: modes and ownership mean something. On macOS, run it as nobody else."""
    if ON_MAC:
        return
    header = (ctypes.c_uint32 * 2)(0x20080522, 0)
    nothing = (ctypes.c_uint32 * 6)()
    _checked(_libc.syscall(_long(_numbers["capset"]), header, nothing))
