"""Senders that are killed again and again: no text message twice or missing, no mail twice unmarked (T10)."""

from __future__ import annotations

import asyncio
import os
import random
import sys
from collections import defaultdict
from pathlib import Path

import pytest

from services.notify.domain.message import Message
from shared.settings import Settings
from tests.connected.notify_kit import MAIL_ONLY, WANG, Notify, accepted, notify
from tests.waiting import until
from tools.gateway.faults import Fault
from tools.gateway.server import Running, gateway

pytestmark = pytest.mark.connected
REQUESTS = 160
KILLS = 4


def environment(settings: Settings) -> dict[str, str]:
    """The settings as a process reads them."""
    names = ("mongodb_url", "database_prefix", "gateway_url", "smtp_port", "message_lease_seconds")
    names += ("gateway_timeout_seconds", "smtp_timeout_seconds", "message_poll_ms", "smtp_batch_max")
    names += ("smtp_calls_max", "gateway_batch_max")
    values = {name.upper(): str(getattr(settings, name)) for name in names}
    for name in ("gateway_secret", "vault_master_key", "jwt_secret", "seal_hmac_key"):
        values[name.upper()] = getattr(settings, name).get_secret_value()
    return {**os.environ, **values}


async def kill_one(settings: Settings, process: Notify, servers: Running, seconds: float) -> None:
    """Start a sender, wait until it works, let it go on for a moment, and kill it."""
    role = process.runtime.role
    victim = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.connected.notify_process", role, env=environment(settings)
    )
    try:
        await something_more(process, servers)
        await asyncio.sleep(seconds)
    finally:
        victim.kill()
        await victim.wait()


def check(messages: list[Message], servers: Running) -> None:
    """What T10 promises, from the servers' own receipts."""
    texts = [row["key"] for row in servers.sms_receipts.rows() if row["outcome"] == "accepted"]
    mails: dict[str, list[bool]] = defaultdict(list)
    for row in servers.mail_receipts.rows():
        mails[row["key"]].append(row["repeated"])
    assert len(texts) == len(set(texts)), "a text message twice"
    for key, repeated in mails.items():
        assert repeated.count(False) <= 1, f"mail {key} twice without the mark"
    for message in messages:
        taken = set(texts) | set(mails)
        if message.state == "sent":
            assert message.current.key in taken, "sent but not taken"
        else:
            assert message.state == "unknown"
            assert message.channel == "email"
            assert message.queue == "routine"
    known = {hop.key for message in messages for hop in message.plan}
    assert set(texts) | set(mails) <= known, "a key nobody planned"


@pytest.mark.parametrize("role", ["front", "bulk"])
async def test_killed_senders_keep_their_promises(
    settings: Settings, tmp_path: Path, role: str, seed: int
) -> None:
    chance = random.Random(seed)
    secret = settings.gateway_secret.get_secret_value()
    async with gateway(secret, tmp_path) as servers:
        impatient = settings.model_copy(
            update={
                "gateway_url": servers.url,
                "smtp_port": servers.smtp_port,
                "gateway_batch_max": 5,
                "smtp_batch_max": 2,
                "smtp_calls_max": 2,
                "message_lease_seconds": 3.0,
                "message_poll_ms": 50,
            }
        )
        async with notify(impatient, "front" if role == "front" else "bulk") as process:
            await process.configure()
            await feed(process, "urgent" if role == "front" else "general")
            for _ in range(KILLS):
                servers.sms_faults.plan(Fault("delay", delay_ms=20), 20)
                servers.mail_faults.plan(Fault("delay", delay_ms=20), 20)
                await kill_one(impatient, process, servers, chance.uniform(0.0, 0.15))
            async with process.sending():

                async def settled() -> bool:
                    return set(await process.states()) <= {"sent", "unknown"}

                await until(settled)
            messages = await process.messages()
    states = [m.state for m in messages]
    repeats = sum(m.repeats for m in messages)
    print(f"{role}: {states.count('sent')} sent, {states.count('unknown')} unknown, {repeats} repeated")
    assert len(messages) == REQUESTS
    check(messages, servers)


async def feed(process: Notify, urgency: str) -> None:
    """Requests by people with a telephone and by people with mail only."""
    for n in range(REQUESTS):
        event = accepted(f"r{n}", urgency=urgency, personal=MAIL_ONLY if n % 2 else WANG)
        await process.feed(event, f"r{n}")


async def something_more(process: Notify, servers: Running) -> None:
    """Returns once the servers have taken something more, or nothing is left to send."""
    before = sum(servers.mailbox.counts.values())

    async def more() -> bool:
        taken = sum(servers.mailbox.counts.values())
        return taken > before or set(await process.states()) <= {"sent", "unknown"}

    await until(more)
