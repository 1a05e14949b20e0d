"""The mailbox: a real SMTP server that takes every mail, keeps its receipt, and shows the newest."""

from __future__ import annotations

import asyncio
from email import message_from_bytes, policy
from email.message import EmailMessage

from aiosmtpd.smtp import SMTP, Envelope, Session

from services.notify.channels.smtp import REPEATED_HEADER
from shared.clock import Clock
from tools.gateway.faults import Faults
from tools.gateway.mailbox import Mailbox
from tools.gateway.receipts import Receipts

MAIL_BYTES_MAX = 1024 * 1024
RECIPIENTS_MAX = 20


class MailHandler:
    """What happens to a mail."""

    def __init__(self, receipts: Receipts, mailbox: Mailbox, clock: Clock, faults: Faults) -> None:
        self._receipts = receipts
        self._mailbox = mailbox
        self._clock = clock
        self._faults = faults

    async def handle_RCPT(  # noqa: N802 - aiosmtpd finds it by this name
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        """Take the recipient, unless it is one too many or none."""
        if len(envelope.rcpt_tos) >= RECIPIENTS_MAX:
            return "452 too many recipients"
        if "@" not in address:
            return "550 no such mailbox"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        """Keep the mail, then say so; with faults, not always both."""
        fault = self._faults.next()
        kind = fault.kind if fault is not None else ""
        if fault is not None and kind == "delay":
            await asyncio.sleep(fault.delay_ms / 1000)
        if kind == "error":
            return "451 come again"
        if kind == "reject":
            return "550 refused"
        if kind != "drop":
            await self._keep(envelope)
        if kind in ("drop", "answer_lost"):
            _cut(server)
        return "250 OK"

    async def _keep(self, envelope: Envelope) -> None:
        content = envelope.content if isinstance(envelope.content, bytes) else b""
        mail = message_from_bytes(content, policy=policy.default)
        message_id = str(mail.get("Message-ID", "")).strip()
        key = message_id.strip("<>").partition("@")[0]
        repeated = REPEATED_HEADER in mail
        at = self._clock.now().isoformat()
        row = {
            "at": at,
            "channel": "email",
            "key": key,
            "message_id": message_id,
            "outcome": "accepted",
            "repeated": repeated,
        }
        await self._receipts.append([row])
        self._mailbox.counts["email"] += 1
        shown = {"channel": "email", "at": at, "key": key, "repeated": repeated}
        shown["traceparent"] = str(mail.get("traceparent", ""))
        for address in envelope.rcpt_tos:
            text = _text(mail) if isinstance(mail, EmailMessage) else ""
            self._mailbox.add({**shown, "to": address, "subject": str(mail.get("Subject", "")), "text": text})


def _cut(server: SMTP) -> None:
    if isinstance(server.transport, asyncio.WriteTransport):
        server.transport.abort()


def _text(mail: EmailMessage) -> str:
    body = mail.get_body(("plain", "html"))
    return "" if body is None else str(body.get_content()).replace("\r\n", "\n").strip()


def protocol(handler: MailHandler, loop: asyncio.AbstractEventLoop) -> SMTP:
    """The protocol of one connection."""
    return SMTP(
        handler,
        data_size_limit=MAIL_BYTES_MAX,
        enable_SMTPUTF8=True,
        hostname="guanjia.localhost",
        ident="Guanjia mailbox",
        loop=loop,
        timeout=300,
    )
