"""Where an import stands, so that it goes on after an interruption.

One small JSON file per file, mapping, property and mode.

It is replaced (never appended to) after the service has acknowledged a block of records, so it never claims
more than is durable; a block sent again after a crash meets the same ids and changes nothing.
"""

from __future__ import annotations

import hashlib
import json
import os
from dataclasses import dataclass, field
from pathlib import Path

from tools.importing.account import Account


@dataclass(slots=True)
class Progress:
    """How many records are dealt with, what became of them, and the shift of the clock."""

    path: Path | None
    records_done: int = 0
    account: Account = field(default_factory=Account)
    shift: dict[str, str] = field(default_factory=dict)
    finished: bool = False

    def save(self) -> None:
        """Replace the file; a crash leaves the old one. Without a path (a dry run) nothing is kept."""
        if self.path is None:
            return
        self.path.parent.mkdir(parents=True, exist_ok=True)
        document = {
            "records_done": self.records_done,
            "finished": self.finished,
            "shift": self.shift,
            "account": self.account.document(),
        }
        written = self.path.with_suffix(".new")
        with written.open("w", encoding="utf-8") as stream:
            json.dump(document, stream, ensure_ascii=False)
            stream.flush()
            os.fsync(stream.fileno())
        written.replace(self.path)


def open_progress(folder: Path, *parts: str) -> Progress:
    """The progress of the import that these parts identify.

    A fresh one if there is none or it cannot be read.
    """
    name = hashlib.sha256("\x1f".join(parts).encode()).hexdigest()[:24]
    path = folder / f"{name}.json"
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
        return Progress(
            path,
            records_done=document["records_done"],
            account=Account.restore(document["account"]),
            shift=document["shift"],
            finished=document["finished"],
        )
    except (OSError, ValueError, KeyError, AssertionError):
        return Progress(path)
