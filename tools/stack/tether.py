"""Runs a command that does not outlive its parent: `python tether.py SIGNAL NICE PARENT COMMAND...`.

Between fork and exec this asks the kernel to send SIGNAL when the parent dies (Linux only), so that a
killed supervisor leaves no mongod behind. A script of its own, on the standard library alone: it starts in
milliseconds and needs no code to run in a forked copy of a threaded process. The pid stays the same.
"""

import ctypes
import os
import resource
import sys

PR_SET_PDEATHSIG = 1
FILES = 64_000  # what MongoDB asks for; many systems begin with 1,024


def main() -> None:
    """Tether, be nice, have room for files, become the command."""
    signal, niceness, parent = (int(text) for text in sys.argv[1:4])
    command = sys.argv[4:]
    if niceness:
        os.nice(niceness)
    _room_for_files()
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal, 0, 0, 0)
        if os.getppid() != parent:
            sys.exit("the parent is gone")
    os.execvp(command[0], command)  # noqa: S606 - replacing itself is the purpose


def _room_for_files() -> None:
    """As many open files as this user may have, up to FILES."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = FILES if hard == resource.RLIM_INFINITY else min(FILES, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


if __name__ == "__main__":
    main()
