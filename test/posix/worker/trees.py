"""Everything below a folder, as lines."""

import contextlib
import hashlib
import os
import stat

import libc
import state


def tree(path, relative, lines):
    for name in sorted(os.listdir(path)):
        place, shown = path + b"/" + name, f"{relative}{os.fsdecode(name)}"
        info = os.lstat(place)
        if stat.S_ISLNK(info.st_mode):
            lines.append(f"{shown} -> {state.readable(os.readlink(place))}")
            continue
        start = f"{oct(stat.S_IMODE(info.st_mode))} {state.clock_text(info.st_mtime_ns)}"
        with made_readable(place, info):
            names = [] if libc.ON_MAC else sorted(os.listxattr(place))
            attributes = "".join(f" {name}={state.describe(os.getxattr(place, name))}" for name in names)
            content = "" if stat.S_ISDIR(info.st_mode) else f" {info.st_size} {md5_of(place)}"
        if stat.S_ISDIR(info.st_mode):
            lines.append(f"{shown}/ {start}{attributes}")
            tree(place, f"{shown}/", lines)
        else:
            lines.append(f"{shown} {start}{content}{attributes}")
    return lines


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
            with made_readable(place, info):
                lines.append(f"{md5_of(place)}  {shown}")
    return lines


def md5_of(place):
    with open(place, "rb") as file:
        return hashlib.md5(file.read()).hexdigest()


@contextlib.contextmanager
def made_readable(place, info):
    """Lets the owner read what its mode keeps from everyone."""
    mode = stat.S_IMODE(info.st_mode)
    locked = not mode & stat.S_IRUSR
    if locked:
        os.chmod(place, mode | stat.S_IRUSR)
    try:
        yield
    finally:
        if locked:
            os.chmod(place, mode)
