"""What the connected tests share: databases that are made once a session, and services running on them.

A file overrides a fixture by defining its name again: most often `clock`, for a time of its own.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import pytest
import pytest_asyncio

from shared.clock import Clock, ManualClock, SystemClock
from shared.kernel.runtime import Runtime
from shared.settings import Settings
from tests.connected.intake_kit import Estate, new_property, own_settings, running
from tests.stack import SessionStack


@pytest.fixture(scope="session")
def intake_settings(stack: SessionStack) -> Iterator[Settings]:
    """Databases of intake for the whole session: making them takes ten times as long as starting on them."""
    with own_settings(stack) as settings:
        yield settings


@pytest.fixture(scope="module")
def clock() -> Clock:
    """A clock that is moved by hand, for the tests of one file."""
    return ManualClock(SystemClock().now())


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def intake(intake_settings: Settings, clock: Clock) -> AsyncIterator[tuple[Runtime, str]]:
    """A running intake and its address, for the tests of one file."""
    async with running(intake_settings, clock) as served:
        yield served


@pytest_asyncio.fixture(loop_scope="module")
async def estate(intake: tuple[Runtime, str]) -> Estate:
    """An open property nobody else uses."""
    estate = Estate(*intake, new_property())
    await estate.open()
    return estate


@pytest.fixture(scope="module")
def desk_settings(stack: SessionStack) -> Iterator[Settings]:
    """Databases of one file, for a dispatch that its tests share."""
    with own_settings(stack) as settings:
        yield settings
