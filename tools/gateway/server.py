"""Both servers in one event loop: started on given or free ports, stopped in order."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import uvicorn

from shared.clock import SystemClock
from tools.gateway.faults import Faults
from tools.gateway.mailbox import Mailbox
from tools.gateway.receipts import Receipts
from tools.gateway.sms import SmsGateway
from tools.gateway.smtp import MailHandler, protocol

KEEP_ALIVE_SECONDS = 75
CONNECTIONS_MAX = 500


@dataclass(frozen=True, slots=True)
class Running:
    """Where the servers listen, and what tests may turn."""

    smtp_port: int
    http_port: int
    mailbox: Mailbox
    sms_receipts: Receipts
    mail_receipts: Receipts
    sms_faults: Faults
    mail_faults: Faults

    @property
    def url(self) -> str:
        """Of the gateway."""
        return f"http://127.0.0.1:{self.http_port}"


@asynccontextmanager
async def gateway(
    secret: str,
    data: Path,
    *,
    smtp_port: int = 0,
    http_port: int = 0,
    host: str = "127.0.0.1",
    faults_allowed: bool = False,
) -> AsyncIterator[Running]:
    """Mailbox and text-message gateway; port 0 takes a free one. Raises OSError when a port is in use."""
    clock = SystemClock()
    mailbox = Mailbox(data / "mailbox.jsonl")
    running = Running(
        smtp_port=0,
        http_port=0,
        mailbox=mailbox,
        sms_receipts=Receipts(data / "sms.jsonl"),
        mail_receipts=Receipts(data / "smtp.jsonl"),
        sms_faults=Faults(),
        mail_faults=Faults(),
    )
    sms = SmsGateway(
        secret, running.sms_receipts, mailbox, clock, running.sms_faults, faults_allowed=faults_allowed
    )
    sms.add_faults("smtp", running.mail_faults)
    handler = MailHandler(running.mail_receipts, mailbox, clock, running.mail_faults)
    loop = asyncio.get_running_loop()
    http_socket = _listen(host, http_port)
    mail_server = await loop.create_server(lambda: protocol(handler, loop), host, smtp_port)
    http_server = uvicorn.Server(_config(sms))
    serving = asyncio.create_task(http_server._serve([http_socket]))
    try:
        yield Running(
            smtp_port=mail_server.sockets[0].getsockname()[1],
            http_port=http_socket.getsockname()[1],
            mailbox=mailbox,
            sms_receipts=running.sms_receipts,
            mail_receipts=running.mail_receipts,
            sms_faults=running.sms_faults,
            mail_faults=running.mail_faults,
        )
    finally:
        mail_server.close()
        http_server.should_exit = True
        with contextlib.suppress(asyncio.CancelledError):
            await serving
        await running.sms_receipts.close()
        await running.mail_receipts.close()


def _listen(host: str, port: int) -> socket.socket:
    listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((host, port))
    except OSError:
        listening.close()
        raise
    listening.set_inheritable(True)
    return listening


def _config(sms: SmsGateway) -> uvicorn.Config:
    logging.getLogger("uvicorn.error").setLevel(logging.CRITICAL)  # planned faults are no news
    return uvicorn.Config(
        sms.app,
        log_config=None,
        access_log=False,
        lifespan="off",
        http="httptools",
        timeout_keep_alive=KEEP_ALIVE_SECONDS,
        limit_concurrency=CONNECTIONS_MAX,
        timeout_graceful_shutdown=2,
        server_header=False,
    )
