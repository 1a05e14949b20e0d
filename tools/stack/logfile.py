"""A log file that children append to and that never grows beyond a limit.

The child writes into the file itself (append mode), so a supervisor that is slow or dead never blocks it.
When the file is too large it is copied to `.1` and cut to nothing; lines written in that instant may be
lost.
"""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import BinaryIO

BYTES_MAX = 8 * 1024 * 1024
KEEP = 2


class LogFile:
    """`path`, `path.1` (older), `path.2` (oldest)."""

    def __init__(self, path: Path, bytes_max: int = BYTES_MAX, keep: int = KEEP) -> None:
        self.path = path
        self._bytes_max = bytes_max
        self._keep = keep

    def open(self) -> BinaryIO:
        """A handle for a child to append to."""
        return self.path.open("ab")

    def rotate_if_large(self) -> bool:
        """Move old lines away; True if it was necessary."""
        if not self.path.exists() or self.path.stat().st_size <= self._bytes_max:
            return False
        for number in range(self._keep, 1, -1):
            older = self._numbered(number - 1)
            if older.exists():
                older.replace(self._numbered(number))
        shutil.copyfile(self.path, self._numbered(1))
        with self.path.open("r+b") as handle:
            handle.truncate(0)
        return True

    def tail(self, lines: int = 20) -> list[str]:
        """The last lines, for a message about a failure."""
        try:
            with self.path.open("rb") as handle:
                handle.seek(0, 2)
                handle.seek(max(0, handle.tell() - 32 * 1024))
                return handle.read().decode("utf-8", "replace").splitlines()[-lines:]
        except OSError:
            return []

    def _numbered(self, number: int) -> Path:
        return self.path.with_name(f"{self.path.name}.{number}")
