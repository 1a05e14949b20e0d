"""Starts again what has ended, each process on its own time, so that a slow one holds up no other."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping

from tools.exits import Exit, Stop
from tools.stack.backoff import Backoff
from tools.stack.server import Server
from tools.stack.stack import Report

EVERY_SECONDS = 0.1


class Restarts:
    """Watches the processes that were started through it. `failure` is set when the platform cannot go on."""

    def __init__(self, processes: Mapping[str, Server], report: Report, changed: Callable[[], None]) -> None:
        self._processes = processes
        self._report = report
        self._changed = changed
        self._backoff = {name: Backoff() for name in processes}
        self._watched: set[str] = set()
        self._reviving: dict[str, asyncio.Task[None]] = {}
        self.failure: Stop | None = None
        self.failed = asyncio.Event()

    def counts(self) -> dict[str, int]:
        """How often each process has ended unexpectedly."""
        return {name: backoff.ends for name, backoff in self._backoff.items()}

    def watch(self, name: str) -> None:
        """It runs already; start it again from now on when it ends."""
        self._backoff[name].started(time.monotonic())
        self._watched.add(name)

    async def start(self, name: str) -> None:
        """Start it now, and again whenever it ends, also if this start fails, which raises Stop."""
        self._backoff[name].started(time.monotonic())
        try:
            await self._processes[name].start()
        finally:
            self._watched.add(name)
        self._changed()

    async def release(self, name: str) -> None:
        """It may end: it is not started again until `start`."""
        self._watched.discard(name)
        reviving = self._reviving.pop(name, None)
        if reviving is not None:
            reviving.cancel()
            await asyncio.gather(reviving, return_exceptions=True)

    async def run(self) -> None:
        """Look for what has ended, until cancelled."""
        try:
            while True:
                for name in sorted(self._watched):
                    ended = self._processes[name].child.exit_code is not None
                    if ended and name not in self._reviving:
                        self._reviving[name] = asyncio.create_task(self._revive(name), name=f"revive {name}")
                await asyncio.sleep(EVERY_SECONDS)
        finally:
            for name in list(self._reviving):
                await self.release(name)

    async def _revive(self, name: str) -> None:
        process = self._processes[name]
        how = _how(process.child.exit_code)
        while True:
            wait = self._backoff[name].ended(time.monotonic())
            self._report(f"{name} {how}; starts again in {wait:.1f} s")
            await asyncio.sleep(wait)
            self._backoff[name].started(time.monotonic())
            try:
                await process.start()
            except Stop as stop:
                self._report(stop.line)
                if stop.code == Exit.DATA_FOLDER:
                    self.failure = stop
                    self.failed.set()
                    return
                how = "did not start"
            except OSError as error:  # no memory, no place on the disk: it may pass
                how = f"could not be started ({error.strerror or type(error).__name__})"
            else:
                break
        del self._reviving[name]
        self._changed()


def _how(exit_code: int | None) -> str:
    if exit_code is None:
        return "runs"
    return f"was ended by signal {-exit_code}" if exit_code < 0 else f"ended with code {exit_code}"
