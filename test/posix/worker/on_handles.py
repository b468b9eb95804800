"""Calls on open files, and on maps of them."""

import ctypes
import errno
import fcntl
import os
import stat
import struct

import libc
import state


def open_(o):
    if o["fh"] in state.handles:
        os.close(state.handles.pop(o["fh"]))
        state.listings.pop(o["fh"], None)
    state.handles[o["fh"]] = os.open(state.full(o["path"]), state.number(o["flags"]), o["mode"])


def close(o):
    fd = state.descriptor(o)
    del state.handles[o["fh"]]
    state.listings.pop(o["fh"], None)
    os.close(fd)


def dup(o):
    fd = state.descriptor(o)
    if o["to"] in state.handles:
        os.close(state.handles.pop(o["to"]))
    state.handles[o["to"]] = os.dup(fd)


def read(o):
    fd = state.descriptor(o)
    if o["at"] is None:
        return state.describe(os.read(fd, o["length"]))
    return state.describe(os.pread(fd, o["length"], o["at"]))


def write(o):
    fd, data = state.descriptor(o), state.content(o["data"])
    return os.write(fd, data) if o["at"] is None else os.pwrite(fd, data, o["at"])


def seek(o):
    return os.lseek(state.descriptor(o), o["offset"], state.number(o["whence"]))


def list_some(o):
    fd = state.descriptor(o)
    names = libc.getdents(fd, o["bytes"])
    state.listings.setdefault(o["fh"], []).extend(names or [])


def list_rest(o):
    fd = state.descriptor(o)
    while (names := libc.getdents(fd, 32768)) is not None:
        state.listings.setdefault(o["fh"], []).extend(names)
    seen = sorted(name for name in state.listings.pop(o["fh"], []) if name.startswith(o["prefix"]))
    if len(seen) <= 20:
        return seen
    return {"names": len(set(seen)), "entries": len(seen)}


def rewind(o):
    os.lseek(state.descriptor(o), 0, os.SEEK_SET)
    state.listings.pop(o["fh"], None)


def fallocate(o):
    mode = {"": 0, "KEEP_SIZE": 1, "PUNCH_HOLE": 3, "PUNCH_HOLE_ALONE": 2, "COLLAPSE_RANGE": 8, "ZERO_RANGE": 16}[o["mode"]]
    libc.fallocate(state.descriptor(o), mode, o["offset"], o["length"])


def copy_range(o):
    source, target = state.descriptor(o, "from"), state.descriptor(o, "to")
    return os.copy_file_range(source, target, o["length"], o["fromAt"], o["toAt"])


def view(address, length):
    return (ctypes.c_char * length).from_address(address)


def mapping(operation):
    if operation["map"] not in state.maps:
        raise OSError(errno.EINVAL, "no such map")
    return state.maps[operation["map"]]


def mmap(o):
    protection = libc.PROT_READ | (libc.PROT_WRITE if "w" in o["access"] else 0)
    flags = libc.MAP_PRIVATE if "p" in o["access"] else libc.MAP_SHARED
    if o["map"] in state.maps:
        libc.munmap(*state.maps.pop(o["map"]))
    address = libc.mmap(o["length"], protection, flags, state.descriptor(o), o["offset"])
    state.maps[o["map"]] = (address, o["length"])


def map_read(o):
    address, length = mapping(o)
    return state.describe(view(address, length).raw[o["at"] : o["at"] + o["length"]])


def map_write(o):
    address, length = mapping(o)
    data = state.content(o["data"])
    view(address, length)[o["at"] : o["at"] + len(data)] = data


def munmap(o):
    place = mapping(o)
    del state.maps[o["map"]]
    libc.munmap(*place)


def store(o):
    """Shared map of the whole file, one store, msync, munmap. Nothing to map is EINVAL."""
    fd, data = state.descriptor(o), state.content(o["data"])
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


def lock(o):
    kind = {"read": fcntl.F_RDLCK, "write": fcntl.F_WRLCK, "unlock": fcntl.F_UNLCK}[o["kind"]]
    fcntl.fcntl(state.descriptor(o), fcntl.F_SETLK, flock_of(kind, o["start"], o["length"]))


def flock_of(kind, start, length):
    """struct flock, counted from the beginning of the file."""
    if libc.ON_MAC:
        return struct.pack("qqihh", start, length, 0, kind, 0)
    return struct.pack("hhqqi4x", kind, 0, start, length, 0)


def flock(o):
    kind = {"shared": fcntl.LOCK_SH, "exclusive": fcntl.LOCK_EX, "unlock": fcntl.LOCK_UN}[o["kind"]]
    fcntl.flock(state.descriptor(o), kind | fcntl.LOCK_NB)


def close_all(_):
    for fd in state.handles.values():
        os.close(fd)
    for place in state.maps.values():
        libc.munmap(*place)
    for kept in (state.handles, state.maps, state.listings):
        kept.clear()
