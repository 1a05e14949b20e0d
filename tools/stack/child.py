"""One child process: started with its log and pid file, stopped by its pid, never left behind.

Works without an event loop of its own, so that a stack may be started in one loop and stopped in another.
Start children from the main thread: the tether (tether.py) breaks when the thread that started them ends.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from tools.stack.layout import Layout
from tools.stack.logfile import LogFile

POLL_SECONDS = 0.02
_TETHER = str(Path(__file__).with_name("tether.py"))


class Child:
    """A process that can be started again and again under one name."""

    def __init__(self, name: str, layout: Layout, *, port: int = 0, nice: int = 0) -> None:
        self.name = name
        self.port = port
        self.nice = nice
        self.log = LogFile(layout.log / f"{name}.log")
        self._layout = layout
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def running(self) -> bool:
        """Whether it was started and has not ended."""
        return self._process is not None and self._process.poll() is None

    @property
    def pid(self) -> int:
        """Of the last start; 0 before the first."""
        return 0 if self._process is None else self._process.pid

    @property
    def exit_code(self) -> int | None:
        """Of the last run; negative for a signal; None while it runs."""
        return None if self._process is None else self._process.poll()

    def spawn(
        self, command: Sequence[str], environment: Mapping[str, str], folder: Path | None = None
    ) -> None:
        """Start the command, tethered to this process; its output goes to the log."""
        if self.running:
            raise RuntimeError(f"{self.name} is running already")
        self.log.rotate_if_large()
        tether = [sys.executable, "-S", "-E", _TETHER]
        tether += [str(int(signal.SIGTERM)), str(self.nice), str(os.getpid())]
        with self.log.open() as output:
            self._process = subprocess.Popen(
                [*tether, *command],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                env=dict(environment),
                cwd=folder,
                # Of its own, so that Ctrl-C reaches the supervisor alone, which stops all in order. Not a
                # session: Linux shares the processor between sessions first, whatever their `nice`.
                process_group=0,
            )
        started = start_ticks(self._process.pid)
        content = {"name": self.name, "pid": self._process.pid, "port": self.port, "started_ticks": started}
        self._layout.write_run(f"{self.name}.json", content)

    async def stop(self, timeout_seconds: float) -> None:
        """SIGTERM and wait; SIGKILL when it takes too long."""
        self.terminate()
        if not await self.exited(timeout_seconds):
            self.kill()
            await self.exited(timeout_seconds)
        self._layout.forget_run(f"{self.name}.json")

    def terminate(self) -> None:
        """Ask it to end."""
        if self._process is not None and self.running:
            self._process.terminate()

    def kill(self) -> None:
        """SIGKILL, as a crash would end it."""
        if self._process is not None and self.running:
            self._process.kill()

    async def exited(self, timeout_seconds: float) -> bool:
        """Wait for its end; False when it still runs after the time."""
        until = time.monotonic() + timeout_seconds
        while self.running:
            if time.monotonic() > until:
                return False
            await asyncio.sleep(POLL_SECONDS)
        return True


def start_ticks(pid: int) -> int:
    """When a process began, in ticks since boot; 0 if there is none. With the pid it names one process."""
    try:
        return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[19])
    except (OSError, IndexError, ValueError):
        return 0


async def stop_orphans(layout: Layout, timeout_seconds: float = 10.0) -> list[str]:
    """End what an earlier supervisor left running here (with the folder locked); returns the names."""
    orphans: list[tuple[str, int, int]] = []
    for path in layout.run.glob("*.json"):
        content = layout.read_run(path.name) or {}
        pid, ticks = content.get("pid", 0), content.get("started_ticks", 0)
        if ticks and start_ticks(pid) == ticks:
            _signal(pid, signal.SIGTERM)
            orphans.append((path.stem, pid, ticks))
        layout.forget_run(path.name)
    until = time.monotonic() + timeout_seconds
    for _, pid, ticks in orphans:
        while start_ticks(pid) == ticks:
            if time.monotonic() > until:
                _signal(pid, signal.SIGKILL)
            await asyncio.sleep(POLL_SECONDS)
    return [name for name, _, _ in orphans]


def _signal(pid: int, number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError):  # it has just ended by itself
        os.kill(pid, number)
