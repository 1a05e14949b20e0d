"""What the tests of attachments share: an intake of small limits, and people at its desk."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from shared.settings import Settings
from tests.connected.attachment_kit import DESK, SUPERVISOR, Sender
from tests.connected.intake_kit import Estate
from tests.connected.intake_process import Ahead


@pytest.fixture(scope="session")
def intake_settings(intake_settings: Settings) -> Settings:
    """The same databases; small limits."""
    return intake_settings.model_copy(update={"uploads_open_max": 4, "upload_pieces_max": 64})


@pytest.fixture(scope="module")
def clock() -> Ahead:
    """The machine's clock, which tests move on."""
    return Ahead()


@pytest_asyncio.fixture(loop_scope="module")
async def desk(estate: Estate) -> AsyncIterator[Sender]:
    """Somebody at the desk."""
    async with estate.client(*DESK) as client:
        yield Sender(estate, client)


@pytest_asyncio.fixture(loop_scope="module")
async def supervisor(estate: Estate) -> AsyncIterator[Sender]:
    """A supervisor."""
    async with estate.client(*SUPERVISOR, sub="chen") as client:
        yield Sender(estate, client)
