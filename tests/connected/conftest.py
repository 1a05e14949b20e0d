"""What the connected tests share: databases that are made once a session, and services running on them.

A file overrides a fixture by defining its name again: most often `clock`, for a time of its own.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import pytest_asyncio

from shared.clock import Clock, ManualClock, SystemClock
from shared.kernel.runtime import Runtime
from shared.settings import Settings
from tests.connected.absences import HARMLESS, watch_absences
from tests.connected.billing_kit import Billing, billing
from tests.connected.dispatch_desk import Desk, open_desk
from tests.connected.intake_kit import Estate, new_property, own_settings, running
from tests.connected.kernel_kit import Kit, open_kit
from tests.connected.notify_kit import Notify, notify
from tests.stack import SessionStack
from tests.waiting import PATIENCE_SECONDS
from tools.gateway.server import Running, gateway


@pytest.fixture
def absences(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[tuple[str, str]]]:
    """No handler that a test comes to may rest on an absence that nothing checks at commit."""
    found = watch_absences(monkeypatch)
    yield found
    assert set(found) <= HARMLESS


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
async def estate(intake: tuple[Runtime, str], request: pytest.FixtureRequest) -> Estate:
    """An open property nobody else uses.

    The EMPLOYED of the file (roles by the ids of people) work there; it begins at ten, when they are there.
    """
    estate = Estate(*intake, new_property())
    employed: dict[str, str] = getattr(request.module, "EMPLOYED", {})
    if employed:
        estate.next_day()
    await estate.open()
    await estate.employ(**employed)
    return estate


@pytest.fixture(scope="module")
def desk_settings(stack: SessionStack) -> Iterator[Settings]:
    """Databases of one file, for a dispatch that its tests share."""
    with own_settings(stack) as settings:
        yield settings


@pytest.fixture
async def servers(settings: Settings, tmp_path: Path) -> AsyncIterator[Running]:
    """A text-message gateway and a mail server that keep what they take."""
    async with gateway(settings.gateway_secret.get_secret_value(), tmp_path) as running:
        yield running


@pytest.fixture
def sending_settings(settings: Settings, servers: Running) -> Settings:
    """Settings of a notify process that sends there, impatient."""
    return settings.model_copy(
        update={
            "gateway_url": servers.url,
            "smtp_port": servers.smtp_port,
            "gateway_timeout_seconds": PATIENCE_SECONDS,
            "smtp_timeout_seconds": PATIENCE_SECONDS,
            "message_retry_base_seconds": 0.1,
            "message_poll_ms": 50,
        }
    )


@pytest.fixture
async def front(sending_settings: Settings) -> AsyncIterator[Notify]:
    """The process of the urgent lane, its property open."""
    async with notify(sending_settings) as process:
        await process.configure()
        yield process


@pytest.fixture
async def desk(settings: Settings) -> AsyncIterator[Desk]:
    """A villa estate with two technicians, their supervisor, and somebody to call last."""
    async with open_desk(settings) as made:
        people = [("tech-1", "technician"), ("tech-2", "technician"), ("boss-1", "repair_supervisor")]
        await made.staff("engineering", *people)
        await made.staff("management", ("duty-1", "duty_officer"), ("director-1", "director"))
        yield made


@pytest.fixture
async def till(settings: Settings) -> AsyncIterator[Billing]:
    """A billing process with an open property."""
    async with billing(settings) as process:
        yield process


@pytest.fixture
async def kit(stack: SessionStack) -> AsyncIterator[Kit]:
    """A committer over an empty database."""
    async with open_kit(stack.mongodb_url) as made:
        yield made
