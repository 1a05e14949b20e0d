"""What a server has received: an append-only file of JSON lines, on disk before the sender gets its answer.

A checker may read the files by itself. They hold keys, never addresses or texts. At most `files_max` files of
`bytes_max` each are kept; the newest is `<name>.jsonl`, older ones are `<name>.jsonl.1` and so on.
"""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

BYTES_MAX = 64 * 1024 * 1024
FILES_MAX = 4
Row = dict[str, Any]


class Receipts:
    """One file. While one fsync is running the next lines gather, so many senders share one."""

    def __init__(self, path: Path, bytes_max: int = BYTES_MAX, files_max: int = FILES_MAX) -> None:
        self.path = path
        self._bytes_max = bytes_max
        self._files_max = files_max
        self._file: BinaryIO | None = None
        self._lines: list[bytes] = []
        self._waiting: list[asyncio.Future[None]] = []
        self._writer: asyncio.Task[None] | None = None

    def rows(self) -> Iterator[Row]:
        """All kept rows, oldest first; a line that was torn by a crash was never answered and is left out."""
        for number in range(self._files_max - 1, -1, -1):
            path = self._numbered(number)
            if path.exists():
                with path.open("rb") as lines:
                    for line in lines:
                        if line.endswith(b"\n"):
                            yield json.loads(line)

    async def append(self, rows: list[Row]) -> None:
        """Returns when the rows are on disk."""
        loop = asyncio.get_running_loop()
        done: asyncio.Future[None] = loop.create_future()
        self._lines += [json.dumps(row, ensure_ascii=False).encode() + b"\n" for row in rows]
        self._waiting.append(done)
        if self._writer is None or self._writer.done():
            self._writer = asyncio.create_task(self._write())
        await done

    async def close(self) -> None:
        """Finish what is being written."""
        if self._writer is not None:
            await asyncio.gather(self._writer, return_exceptions=True)
        if self._file is not None:
            self._file.close()
            self._file = None

    async def _write(self) -> None:
        while self._waiting:
            lines, self._lines = self._lines, []
            waiting, self._waiting = self._waiting, []
            try:
                await asyncio.to_thread(self._store, b"".join(lines))
            except OSError as error:
                for future in waiting:
                    if not future.done():
                        future.set_exception(error)
                continue
            for future in waiting:
                if not future.done():
                    future.set_result(None)

    def _store(self, content: bytes) -> None:
        if self._file is None:
            self._file = self._open()
        if self._file.tell() > self._bytes_max:
            self._rotate()
        self._file.write(content)
        self._file.flush()
        os.fsync(self._file.fileno())

    def _open(self) -> BinaryIO:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self._heal()
        return self.path.open("ab")

    def _heal(self) -> None:
        """Cut off a last line that a crash has torn."""
        if not self.path.exists():
            return
        with self.path.open("r+b") as file:
            content = file.read()
            if content and not content.endswith(b"\n"):
                file.truncate(content.rfind(b"\n") + 1)

    def _rotate(self) -> None:
        if self._file is not None:
            self._file.close()
        for number in range(self._files_max - 1, 0, -1):
            younger = self._numbered(number - 1)
            if younger.exists():
                younger.replace(self._numbered(number))
        self._file = self.path.open("ab")

    def _numbered(self, number: int) -> Path:
        return self.path if number == 0 else self.path.with_name(f"{self.path.name}.{number}")
