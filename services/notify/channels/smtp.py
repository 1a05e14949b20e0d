"""Mail over SMTP. The Message-ID is made from the key: a mail sent once more is recognised as the same.

SMTP knows no idempotency: if the connection breaks after the content went out and before the answer came, the
result is `unknown` (kernel T10).
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from email.message import EmailMessage
from email.policy import SMTP as SMTP_POLICY
from email.utils import format_datetime

from aiosmtplib import SMTP
from aiosmtplib.errors import (
    SMTPDataError,
    SMTPException,
    SMTPReadTimeoutError,
    SMTPRecipientRefused,
    SMTPResponseException,
    SMTPServerDisconnected,
)

from services.notify.channels.base import Outgoing, marked
from services.notify.domain.delivery import Result
from services.notify.domain.message import ChannelName, Outcome
from shared.clock import Clock

REPEATED_HEADER = "X-Guanjia-Repeated"


@dataclass(frozen=True, slots=True)
class MailServer:
    """Where mail goes and who it is from."""

    host: str
    port: int
    sender: str
    username: str = ""
    password: str = ""
    starttls: bool = False
    timeout_seconds: float = 10.0


class SmtpChannel:
    """One mail server; connections are kept for the next mail, at most `calls_max` at once."""

    name: ChannelName = "email"

    def __init__(self, server: MailServer, clock: Clock, *, batch_max: int = 5, calls_max: int = 8) -> None:
        self.batch_max = batch_max
        self.calls_max = calls_max
        self._server = server
        self._clock = clock
        self._idle: list[SMTP] = []
        self._slots = asyncio.Semaphore(calls_max)

    async def deliver(self, messages: Sequence[Outgoing]) -> Sequence[Result]:
        """See `Channel.deliver`."""
        async with self._slots:
            return [await self._one(message) for message in messages]

    async def close(self) -> None:
        """Close the kept connections without waiting for a goodbye."""
        while self._idle:
            self._idle.pop().close()

    async def _one(self, message: Outgoing) -> Result:
        try:
            content = self._content(message)
        except ValueError:
            return Result("rejected", "bad_address")
        client: SMTP | None = None
        try:
            client = await self._envelope(message.address)
            result = await self._send(client, content)
        except SMTPRecipientRefused as error:
            result = _refusal(error)
        except SMTPResponseException as error:  # greeting, login or sender: not this message's fault
            result = Result("failed", f"smtp_{error.code}")
        except (SMTPException, OSError, TimeoutError):
            result = Result("failed", "connection")
        except ValueError:
            result = Result("rejected", "bad_address")
        if client is not None:
            await self._keep(client, clean=result.outcome == "accepted")
        return result

    async def _envelope(self, address: str) -> SMTP:
        """A connection that took sender and recipient. One that went stale while idle is replaced once."""
        fresh = not self._idle
        client = await self._connected() if fresh else self._idle.pop()
        try:
            await self._mail_rcpt(client, address)
        except (SMTPServerDisconnected, SMTPReadTimeoutError):
            client.close()
            if fresh:
                raise
            client = await self._connected()
            await self._mail_rcpt(client, address)
        return client

    async def _mail_rcpt(self, client: SMTP, address: str) -> None:
        try:
            await client.mail(self._server.sender)
            await client.rcpt(address)
        except SMTPResponseException:
            await self._keep(client, clean=False)
            raise
        except BaseException:
            client.close()
            raise

    async def _send(self, client: SMTP, content: bytes) -> Result:
        try:
            await client.data(content)
        except SMTPDataError as error:
            return _refusal(error)
        except (SMTPException, OSError, TimeoutError):
            client.close()
            return Result("unknown", "answer_lost")
        except BaseException:
            client.close()
            raise
        return Result("accepted")

    async def _connected(self) -> SMTP:
        server = self._server
        client = SMTP(
            hostname=server.host,
            port=server.port,
            timeout=server.timeout_seconds,
            username=server.username or None,
            password=server.password or None,
            start_tls=server.starttls,
        )
        await client.connect()
        return client

    async def _keep(self, client: SMTP, *, clean: bool) -> None:
        """Put a connection back; after a refusal only once the server has forgotten the half-told mail."""
        try:
            if client.is_connected and not clean:
                await client.rset()
        except (SMTPException, OSError, TimeoutError):
            client.close()
        if client.is_connected and len(self._idle) < self.calls_max:
            self._idle.append(client)
        else:
            client.close()

    def _content(self, message: Outgoing) -> bytes:
        mail = EmailMessage(policy=SMTP_POLICY)
        mail["From"] = self._server.sender
        mail["To"] = message.address
        mail["Subject"] = marked(message, message.subject or message.text.partition("\n")[0][:60])
        mail["Date"] = format_datetime(self._clock.now())
        mail["Message-ID"] = f"<{message.key}@{self._server.sender.partition('@')[2] or 'localhost'}>"
        mail["Auto-Submitted"] = "auto-generated"
        mail["Content-Language"] = message.language
        if message.repeated:
            mail[REPEATED_HEADER] = "yes"
        if message.traceparent:
            mail["traceparent"] = message.traceparent
        mail.set_content(marked(message, message.text))
        return mail.as_bytes()


def _refusal(error: SMTPResponseException) -> Result:
    outcome: Outcome = "rejected" if 500 <= error.code < 600 else "failed"
    return Result(outcome, f"smtp_{error.code}")
