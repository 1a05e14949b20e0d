"""Real servers on free ports for the channels."""

from __future__ import annotations

import socket
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from services.notify.channels.gateway import GatewayChannel
from services.notify.channels.smtp import MailServer, SmtpChannel
from shared.clock import SystemClock
from tools.gateway.server import Running, gateway

CHANNEL_SECONDS = 3.0
"""How long a channel waits for its answer: a busy machine keeps it, and `Fault("delay")` of 4 s does not."""
SECRET = "whsec_" + "c2VjcmV0LW9mLXRoZS1nYXRld2F5LWZvci10ZXN0cw=="


@pytest.fixture
async def servers(tmp_path: Path) -> AsyncIterator[Running]:
    """A mailbox and a text-message gateway, faults allowed."""
    async with gateway(SECRET, tmp_path, faults_allowed=True) as running:
        yield running


@pytest.fixture
async def sms(servers: Running) -> AsyncIterator[GatewayChannel]:
    """The channel to the gateway, with some patience."""
    channel = GatewayChannel(servers.url, SECRET, CHANNEL_SECONDS, SystemClock())
    yield channel
    await channel.close()


@pytest.fixture
async def mail(servers: Running) -> AsyncIterator[SmtpChannel]:
    """The channel to the mailbox, with some patience."""
    server = MailServer(
        "127.0.0.1", servers.smtp_port, "guanjia@example.org", timeout_seconds=CHANNEL_SECONDS
    )
    channel = SmtpChannel(server, SystemClock())
    yield channel
    await channel.close()


@pytest.fixture
def unused_port() -> int:
    """A port on which nobody listens."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        return int(listening.getsockname()[1])
