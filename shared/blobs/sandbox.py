"""Files are looked into by a process of their own, a few at a time.

A decoder is the part of us that strangers can make work hardest. In a process it takes neither the event loop
nor our memory, yields to everything else (an emergency is never delayed by a photograph), sees no secret, and
can be ended.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import orjson

from shared.blobs.content import Cleaned, Rules, Unfit, accepted_types
from shared.errors import Busy
from shared.texts.packed import unpacked
from shared.texts.say import say

log = logging.getLogger(__name__)
_ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True, slots=True)
class Bounds:
    """How much one look may cost, how many run at once, and how many may wait for their turn."""

    seconds: int
    memory_mib: int
    at_once_max: int
    waiting_max: int


class Sandbox:
    """One per process."""

    def __init__(self, bounds: Bounds) -> None:
        self._bounds = bounds
        self._turns = asyncio.Semaphore(bounds.at_once_max)
        self._waiting = 0

    @contextlib.asynccontextmanager
    async def turn(self) -> AsyncIterator[None]:
        """One's turn to hold a file in memory and have it looked into. Raises Busy when too many wait."""
        if self._waiting >= self._bounds.waiting_max:
            raise Busy(self._bounds.seconds)
        self._waiting += 1
        try:
            await self._turns.acquire()
        finally:
            self._waiting -= 1
        try:
            yield
        finally:
            self._turns.release()

    async def clean(self, data: bytes, rules: Rules) -> Cleaned:
        """The file without metadata; within a `turn`. Raises Unfit."""
        bounds = self._bounds
        asked = {
            "media_types": rules.media_types,
            "pixels_max": rules.pixels_max,
            "pages_max": rules.pages_max,
            "memory_mib": bounds.memory_mib,
            "seconds": bounds.seconds,
        }
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "shared.blobs.child",
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
            env={"PYTHONPATH": str(_ROOT), "PATH": os.environ.get("PATH", ""), "LC_ALL": "C.UTF-8"},
        )
        try:
            async with asyncio.timeout(bounds.seconds):
                out, _ = await process.communicate(orjson.dumps(asked) + b"\n" + data)
        except TimeoutError:
            out = b""
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()
        return _answer(out, process.returncode, rules)


def _answer(out: bytes, code: int | None, rules: Rules) -> Cleaned:
    line, _, data = out.partition(b"\n")
    if code != 0 or not line:
        log.warning("a file could not be looked into within its bounds", extra={"exit_code": code})
        accepted = say("a smaller file: {types}", types=accepted_types(rules.media_types))
        raise Unfit("file-too-costly", "The file is too large or too tangled to be opened.", accepted)
    told = orjson.loads(line)
    if "refused" in told:
        raise Unfit(**{name: unpacked(text) for name, text in told["refused"].items()})
    return Cleaned(data=data, **told["found"])
