"""Runs a command that does not outlive its parent: `python tether.py SIGNAL NICE PARENT COMMAND...`.

Between fork and exec this asks the kernel to send SIGNAL when the parent dies (Linux only), so that a
killed supervisor leaves no mongod behind. A script of its own, on the standard library alone: it starts in
milliseconds and needs no code to run in a forked copy of a threaded process. The pid stays the same.
"""

import ctypes
import os
import sys

PR_SET_PDEATHSIG = 1


def main() -> None:
    """Tether, be nice, become the command."""
    signal, niceness, parent = (int(text) for text in sys.argv[1:4])
    command = sys.argv[4:]
    if niceness:
        os.nice(niceness)
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal, 0, 0, 0)
        if os.getppid() != parent:
            sys.exit("the parent is gone")
    os.execvp(command[0], command)  # noqa: S606 - replacing itself is the purpose


if __name__ == "__main__":
    main()
