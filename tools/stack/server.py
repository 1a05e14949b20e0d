"""What every part of the stack can do: start until it answers, stop, be killed, tell how it is."""

from __future__ import annotations

import abc
import asyncio
import os
import time
from collections.abc import Awaitable, Callable

from tools.exits import Exit, Stop
from tools.stack.child import Child

READY_POLL_SECONDS = 0.03


class Server(abc.ABC):
    """A part with one process. `start` may be called again when it has ended; the port stays the same."""

    stop_seconds: float = 20.0

    def __init__(self, child: Child) -> None:
        self.child = child

    @property
    def name(self) -> str:
        """Under which it appears in logs, pid files and messages."""
        return self.child.name

    @property
    def running(self) -> bool:
        """Whether the process lives; not whether it answers."""
        return self.child.running

    @property
    def pid(self) -> int:
        """Of the process started last."""
        return self.child.pid

    @abc.abstractmethod
    async def start(self) -> None:
        """Start the process. Raises Stop with one line when it cannot be."""

    async def stop(self) -> None:
        """End it cleanly, by force after `stop_seconds`."""
        await self.child.stop(self.stop_seconds)

    def kill(self) -> None:
        """SIGKILL."""
        self.child.kill()


async def until_ready(
    server: Server, ready: Callable[[], Awaitable[bool]], seconds: float, diagnose: Callable[[], Stop]
) -> None:
    """Ask until the answer is yes. Raises what `diagnose` says if the process ends or time runs out."""
    until = time.monotonic() + seconds
    while True:
        if await ready():
            return
        if not server.running or time.monotonic() > until:
            server.kill()
            raise diagnose()
        await asyncio.sleep(READY_POLL_SECONDS)


def failed(server: Server, why: str) -> Stop:
    """The line for a part that did not start, naming its log."""
    return Stop(Exit.FAILED, f"{server.name} {why}; its log is {server.child.log.path}")


def clean_environment() -> dict[str, str]:
    """The environment for foreign programs: nothing that is meant for Guanjia or Python."""
    keep = ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "TZ", "JAVA_HOME")
    return {name: os.environ[name] for name in keep if name in os.environ}
