"""Runs a program on a terminal as a person would: arguments are the command, then pairs of a text to wait for on the screen
and the keys to press when it is there. Exits with the program's exit code; kills it and fails after 30 s."""

import os, pty, select, signal, sys, time

command, *rest = sys.argv[1:]
pid, terminal = pty.fork()
if pid == 0:
    os.execvp("sh", ["sh", "-c", command])

deadline = time.monotonic() + 30


def read_screen():
    """What the program wrote meanwhile; None when it has ended."""
    ready, _, _ = select.select([terminal], [], [], max(0, deadline - time.monotonic()))
    if not ready:
        os.kill(pid, signal.SIGKILL)
        sys.exit("the program waits for something else")
    try:
        return os.read(terminal, 65536) or None
    except OSError:
        return None


for expected, keys in zip(rest[::2], rest[1::2]):
    screen = b""
    while expected.encode() not in screen:
        output = read_screen()
        if output is None:
            sys.exit(f"the program ended before it showed {expected!r}: {screen!r}")
        screen += output
    os.write(terminal, keys.encode().decode("unicode_escape").encode())
while read_screen() is not None:
    pass
sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
