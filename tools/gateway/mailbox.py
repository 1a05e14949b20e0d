"""The newest messages that were taken, for people to look at: in memory, and in one file for the next start.

Unlike the receipts it holds addresses and texts; it stays in the data folder of this machine.
"""

from __future__ import annotations

import json
from collections import Counter, deque
from collections.abc import Mapping
from pathlib import Path
from typing import Any

KEPT_MAX = 1_000
FILE_LINES_MAX = 5 * KEPT_MAX


class Mailbox:
    """A bounded list, newest last."""

    def __init__(self, path: Path, kept_max: int = KEPT_MAX) -> None:
        self.counts: Counter[str] = Counter()
        self._path = path
        self._kept: deque[dict[str, Any]] = deque(maxlen=kept_max)
        self._lines = 0
        self._load()

    def add(self, message: Mapping[str, Any]) -> None:
        """Show this one from now on."""
        row = dict(message)
        self._kept.append(row)
        if self._lines >= FILE_LINES_MAX:
            self._rewrite()
        else:
            with self._path.open("a", encoding="utf-8") as file:
                file.write(json.dumps(row, ensure_ascii=False) + "\n")
            self._lines += 1

    def newest(self, limit: int, channel: str = "", to: str = "") -> list[dict[str, Any]]:
        """Newest first, of one channel or to one address, if asked."""
        found = []
        for row in reversed(self._kept):
            if channel in ("", row["channel"]) and to in ("", row["to"]):
                found.append(row)
                if len(found) >= limit:
                    break
        return found

    def _load(self) -> None:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        if self._path.exists():
            for line in self._path.read_text(encoding="utf-8").splitlines():
                try:
                    self._kept.append(json.loads(line))
                except ValueError:
                    continue  # torn by a crash
            self._rewrite()

    def _rewrite(self) -> None:
        part = self._path.with_suffix(".part")
        lines = [json.dumps(row, ensure_ascii=False) + "\n" for row in self._kept]
        part.write_text("".join(lines), encoding="utf-8")
        part.replace(self._path)
        self._lines = len(lines)
