"""What ended is started again, also where starting it fails for a while."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import AsyncIterator

import pytest

from shared.tasks import end
from tests.waiting import until
from tools.exits import Exit, Stop
from tools.stack.child import Child
from tools.stack.layout import Layout
from tools.stack.restarts import Restarts
from tools.stack.server import Server


class Sleeper(Server):
    """A process that does nothing; its next starts may be told to fail."""

    def __init__(self, layout: Layout) -> None:
        super().__init__(Child("sleeper", layout))
        self.failures: list[Exception] = []

    async def start(self) -> None:
        """Start it, or fail."""
        if self.failures:
            raise self.failures.pop(0)
        self.child.spawn([sys.executable, "-c", "import time; time.sleep(600)"], os.environ)


@pytest.fixture
async def sleeper(layout: Layout) -> AsyncIterator[Sleeper]:
    """It is stopped at the end."""
    made = Sleeper(layout)
    yield made
    await made.child.stop(5)


@pytest.fixture
async def lines() -> list[str]:
    """What was reported."""
    return []


@pytest.fixture
async def restarts(sleeper: Sleeper, lines: list[str]) -> AsyncIterator[Restarts]:
    """Watching, in a task of its own."""
    made = Restarts({"sleeper": sleeper}, lines.append, lambda: None)
    task = asyncio.create_task(made.run())
    yield made
    await end([task])


async def test_a_machine_without_memory_or_place_for_a_moment_keeps_nothing_down(
    sleeper: Sleeper, restarts: Restarts, lines: list[str]
) -> None:
    await restarts.start("sleeper")
    sleeper.failures = [BlockingIOError(11, "Resource temporarily unavailable"), OSError(28, "No space left")]
    sleeper.kill()
    await until(lambda: not sleeper.failures and sleeper.running)
    assert any("could not be started (No space left)" in line for line in lines)
    assert restarts.failure is None


async def test_what_does_not_come_back_when_it_is_recycled_is_tried_again(
    sleeper: Sleeper, restarts: Restarts
) -> None:
    await restarts.start("sleeper")
    await restarts.release("sleeper")
    await sleeper.stop()
    sleeper.failures = [Stop(Exit.FAILED, "did not become ready")]
    with pytest.raises(Stop):
        await restarts.start("sleeper")
    await until(lambda: sleeper.running)
