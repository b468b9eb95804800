"""Calls by path."""

import os
import stat
import subprocess
import time

import libc
import state


def save(o):
    fd = os.open(state.full(o["path"]), os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644)
    try:
        data = state.content(o["data"])
        return os.write(fd, data) if data else 0
    finally:
        os.close(fd)


def load(o):
    with open(state.full(o["path"]), "rb", buffering=0) as file:
        return state.describe(file.read())


def list_(o):
    kinds = {}
    for entry in os.scandir(state.full(o["path"])):
        shown = state.KINDS.get(stat.S_IFMT(entry.stat(follow_symlinks=False).st_mode), "other")
        kinds[os.fsdecode(entry.name)] = shown
    return [f"{name} {kinds[name]}" for name in sorted(kinds)]


def rename(o):
    source, target = state.full(o["from"]), state.full(o["to"])
    flags = {"": 0, "NOREPLACE": 1, "EXCHANGE": 2, "WHITEOUT": 4, "UNKNOWN": 64}[o["flags"]]
    if flags == 0:
        os.rename(source, target)
    else:
        libc.renameat2(source, target, flags)


def readlink(o):
    return state.readable(os.readlink(state.full(o["path"])))


def utimens(o):
    libc.utimensat(state.full(o["path"]), state.set_time(o["atime"]), state.set_time(o["mtime"]), o["follow"])


def mknod(o):
    if libc.ON_MAC and o["kind"] == "file":  # mknod(2) is the superuser's there
        os.close(os.open(state.full(o["path"]), os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o644))
        return
    os.mknod(state.full(o["path"]), {"file": stat.S_IFREG, "fifo": stat.S_IFIFO}[o["kind"]] | 0o644)


def owner(name, own):
    return {"self": own, "none": -1, "other": own + 1}[name]


def chown(o):
    user, group = owner(o["uid"], os.getuid()), owner(o["gid"], os.getgid())
    os.chown(state.full(o["path"]), user, group, follow_symlinks=o["follow"])


def getxattr(o):
    return state.describe(os.getxattr(state.full(o["path"]), os.fsencode(o["name"]), follow_symlinks=o["follow"]))


def setxattr(o):
    flags = state.number(o["flags"])
    os.setxattr(state.full(o["path"]), os.fsencode(o["name"]), state.content(o["data"]), flags, follow_symlinks=o["follow"])


def access(o):
    mode = sum({"r": os.R_OK, "w": os.W_OK, "x": os.X_OK, "f": 0}[letter] for letter in o["mode"])
    return os.access(state.full(o["path"]), mode)


def statfs(o):
    info = os.statvfs(state.full(o["path"]))
    answer = {"namemax": info.f_namemax, "blocks": info.f_blocks > 0, "free": 0 < info.f_bavail <= info.f_blocks}
    return {field: answer[field] for field in o["fields"]}


def exec_(o):
    run = subprocess.run([state.full(o["path"])], capture_output=True, check=False)
    return {"code": run.returncode, "out": run.stdout.decode()}


def since(o):
    before, now = state.remembered[o["as"]], state.moment(os.lstat(state.full(o["path"])))
    compared = {key: "same" if now[key] == before[key] else "later" if now[key] > before[key] else "earlier"
                for key in ("mtime", "ctime")}
    compared["ino"] = "same" if now["ino"] == before["ino"] else "other"
    return {field: compared[field] for field in o["fields"]}


def tick(_):
    """Returns when a time taken now is later than every time taken before, on a file system of coarse clock too."""
    coarse = 5
    end = time.clock_gettime_ns(coarse) + 10_000_000
    while time.clock_gettime_ns(coarse) < end:
        time.sleep(0.002)


def make_folder(o):
    state.remembered.clear()
    os.umask(0o022)
    os.mkdir(state.full(o["path"]))
