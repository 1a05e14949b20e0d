"""How a command ends: the exit codes of `guanjia`, and the error that ends a command with one line.

| code | meaning |
|---|---|
| 0 | it worked |
| 1 | it ran and found problems: a demo case went wrong, a seal does not verify |
| 2 | the command line or a file given on it is wrong |
| 3 | the platform is not running, or not reachable |
| 4 | a port that is needed is in use |
| 5 | the data folder cannot be used |
| 6 | this platform cannot run the embedded parts |
| 7 | a part of the platform stopped or did not become ready |
| 130 | interrupted by Ctrl-C |
"""

from __future__ import annotations

from enum import IntEnum


class Exit(IntEnum):
    """Exit codes; every command uses these and no others."""

    OK = 0
    PROBLEMS = 1
    USAGE = 2
    NOT_RUNNING = 3
    PORT_IN_USE = 4
    DATA_FOLDER = 5
    PLATFORM = 6
    FAILED = 7
    INTERRUPTED = 130


class Stop(Exception):
    """Ends the command: one line on stderr, then the code. Never a stack trace."""

    def __init__(self, code: Exit, line: str) -> None:
        super().__init__(line)
        self.code = code
        self.line = line
