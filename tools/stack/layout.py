"""The data folder of one machine: data, logs, pids, secrets, caches, and who may use it at a time."""

from __future__ import annotations

import fcntl
import json
import os
import shutil
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TextIO

from tools.exits import Exit, Stop

DATA_VARIABLE = "GUANJIA_DATA"
CACHE_VARIABLE = "GUANJIA_CACHE"
STACK_FILE = "stack.json"


def default_data_folder() -> Path:
    """`GUANJIA_DATA`, or `var` beside the project's packages."""
    given = os.environ.get(DATA_VARIABLE, "")
    return Path(given) if given else Path(__file__).resolve().parents[2] / "var"


@dataclass(slots=True)
class Layout:
    """Paths below one data folder. `lock` makes sure that one supervisor at a time uses it."""

    root: Path
    _lock: TextIO | None = field(default=None, repr=False)

    @property
    def data(self) -> Path:
        """What must be kept: back this up."""
        return self.root / "data"

    @property
    def log(self) -> Path:
        """Output of the child processes, bounded."""
        return self.root / "log"

    @property
    def run(self) -> Path:
        """Pids and ports of what runs now."""
        return self.root / "run"

    @property
    def secrets(self) -> Path:
        """Keys made at the first start: back this up apart from the data."""
        return self.root / "secrets"

    @property
    def cache(self) -> Path:
        """Can be deleted at any time; is fetched or made again. One for all data folders of a project."""
        given = os.environ.get(CACHE_VARIABLE, "")
        return Path(given) if given else default_data_folder() / "cache"

    def create(self) -> None:
        """Make the folders. Raises Stop (data folder) with one line when that is not possible."""
        try:
            for folder in (self.data, self.log, self.run, self.secrets, self.cache):
                folder.mkdir(parents=True, exist_ok=True)
            self.secrets.chmod(0o700)
            probe = self.run / ".writable"
            probe.write_text("")
            probe.unlink()
        except OSError as error:
            raise Stop(
                Exit.DATA_FOLDER, f"the data folder {self.root} cannot be used: {error.strerror}"
            ) from error

    def lock(self) -> None:
        """Take the folder for this process. Raises Stop (data folder) if another one has it."""
        handle = (self.run / "lock").open("a+")
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            handle.seek(0)
            holder = handle.read().strip()
            handle.close()
            who = f"process {holder}" if holder else "another process"
            raise Stop(Exit.DATA_FOLDER, f"the data folder {self.root} is in use by {who}") from None
        handle.truncate(0)
        handle.write(str(os.getpid()))
        handle.flush()
        self._lock = handle

    def unlock(self) -> None:
        """Give the folder back."""
        if self._lock is not None:
            self._lock.close()
            self._lock = None

    def write_run(self, name: str, content: dict[str, Any]) -> None:
        """Replace a file of the run folder in one step."""
        path = self.run / name
        part = path.with_suffix(".part")
        part.touch(mode=0o600)  # a given address may hold a password
        part.write_text(json.dumps(content, indent=2) + "\n")
        part.replace(path)

    def read_run(self, name: str) -> dict[str, Any] | None:
        """A file of the run folder; None if it is not there or half written."""
        try:
            content = json.loads((self.run / name).read_text())
        except (OSError, ValueError):
            return None
        return content if isinstance(content, dict) else None

    def forget_run(self, name: str) -> None:
        """Remove a file of the run folder."""
        (self.run / name).unlink(missing_ok=True)


def make_empty(folder: Path, mark: str) -> None:
    """Delete an earlier run, known by the file `mark` in it; nothing else is ever deleted."""
    if folder.exists() and any(folder.iterdir()):
        if not (folder / mark).exists():
            raise Stop(Exit.DATA_FOLDER, f"{folder} is not the folder of an earlier run: it is left as it is")
        shutil.rmtree(folder)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / mark).touch()
