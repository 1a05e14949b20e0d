"""Real servers on free ports for the channels."""

from __future__ import annotations

import socket
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from services.notify.channels.gateway import GatewayChannel
from services.notify.channels.smtp import MailServer, SmtpChannel
from shared.clock import SystemClock
from tests.waiting import PATIENCE_SECONDS
from tools.gateway.faults import Fault
from tools.gateway.server import Running, gateway

HURRIED_SECONDS = 5.0
"""How long the channel of a test waits that wants an answer to come too late."""
LATE = Fault("delay", delay_ms=6_000)
SECRET = "whsec_" + "c2VjcmV0LW9mLXRoZS1nYXRld2F5LWZvci10ZXN0cw=="


@pytest.fixture
async def servers(tmp_path: Path) -> AsyncIterator[Running]:
    """A mailbox and a text-message gateway, faults allowed."""
    async with gateway(SECRET, tmp_path, faults_allowed=True) as running:
        yield running


@pytest.fixture
def waits_seconds(request: pytest.FixtureRequest) -> float:
    """How long a channel waits for its answer: hurried only where the answer comes too late."""
    callspec = getattr(request.node, "callspec", None)
    late = callspec is not None and callspec.params.get("fault") is LATE
    return HURRIED_SECONDS if late else PATIENCE_SECONDS


@pytest.fixture
async def sms(servers: Running, waits_seconds: float) -> AsyncIterator[GatewayChannel]:
    """The channel to the gateway."""
    channel = GatewayChannel(servers.url, SECRET, waits_seconds, SystemClock())
    yield channel
    await channel.close()


@pytest.fixture
async def mail(servers: Running, waits_seconds: float) -> AsyncIterator[SmtpChannel]:
    """The channel to the mailbox."""
    server = MailServer("127.0.0.1", servers.smtp_port, "guanjia@example.org", timeout_seconds=waits_seconds)
    channel = SmtpChannel(server, SystemClock())
    yield channel
    await channel.close()


@pytest.fixture
def unused_port() -> Iterator[int]:
    """A port on which nobody listens, nor can begin to."""
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        yield int(silent.getsockname()[1])
