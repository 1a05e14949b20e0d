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

SECRET = "whsec_" + "c2VjcmV0LW9mLXRoZS1nYXRld2F5LWZvci10ZXN0cw=="


@pytest.fixture
async def servers(tmp_path: Path) -> AsyncIterator[Running]:
    """A mailbox and a text-message gateway, faults allowed."""
    async with gateway(SECRET, tmp_path, faults_allowed=True) as running:
        yield running


@pytest.fixture
async def sms(servers: Running) -> AsyncIterator[GatewayChannel]:
    """The channel to the gateway, with a short patience."""
    channel = GatewayChannel(servers.url, SECRET, 0.5, SystemClock())
    yield channel
    await channel.close()


@pytest.fixture
async def mail(servers: Running) -> AsyncIterator[SmtpChannel]:
    """The channel to the mailbox, with a short patience."""
    server = MailServer("127.0.0.1", servers.smtp_port, "guanjia@example.org", timeout_seconds=0.5)
    channel = SmtpChannel(server, SystemClock())
    yield channel
    await channel.close()


@pytest.fixture
def unused_port() -> int:
    """A port on which nobody listens."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        return int(listening.getsockname()[1])
