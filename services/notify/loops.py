"""The background work of a notify process: its senders, and the end of retention."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import timedelta
from typing import Protocol

from services.notify import repository
from services.notify.breaker import Breaker
from services.notify.channels.base import Channel
from services.notify.channels.gateway import GatewayChannel
from services.notify.channels.smtp import MailServer, SmtpChannel
from services.notify.channels.training import TrainingChannel
from services.notify.directory import Directory
from services.notify.domain.message import ChannelName, Queue
from services.notify.domain.retry import RetryRule
from services.notify.handlers import Rules
from services.notify.sender import Pace, Sender
from shared.catalogue.load import Catalogue
from shared.clock import Clock
from shared.kernel.committer import Committer
from shared.settings import Role, Settings
from shared.tasks import told_to_end

QUEUES: Mapping[Role, tuple[Queue, ...]] = {"front": ("emergency", "urgent"), "bulk": ("routine",)}
_ORDER: tuple[Queue, ...] = ("emergency", "urgent", "routine")
WIPE_EVERY_SECONDS = 600.0
WIPED_AT_ONCE_MAX = 200


class Process(Protocol):
    """What these loops need of the runtime."""

    settings: Settings
    clock: Clock
    role: Role
    db: repository.Database
    committer: Committer
    catalogue: Catalogue

    def beat(self, name: str) -> None:
        """A loop progresses."""
        ...

    def wake(self, collection: str) -> asyncio.Event:
        """Set after a commit of this process wrote the collection."""
        ...


def rules(settings: Settings) -> Rules:
    """What the settings decide about retries and retention."""
    retry = {
        queue: RetryRule(
            base_seconds=settings.message_retry_base_seconds,
            cap_seconds=settings.message_retry_cap_seconds[n],
            next_channel_seconds=settings.message_next_channel_seconds[n],
            give_up_seconds=settings.message_give_up_seconds[n],
        )
        for n, queue in enumerate(_ORDER)
    }
    return Rules(retry, timedelta(days=settings.message_retention_days))


def channels(settings: Settings, clock: Clock) -> dict[ChannelName, Channel]:
    """The channels that are set up, with connections of their own."""
    server = MailServer(
        host=settings.smtp_host,
        port=settings.smtp_port,
        sender=settings.smtp_from,
        username=settings.smtp_username,
        password=settings.smtp_password.get_secret_value(),
        starttls=settings.smtp_starttls,
        timeout_seconds=settings.smtp_timeout_seconds,
    )
    found: dict[ChannelName, Channel] = {
        "training": TrainingChannel(),
        "email": SmtpChannel(
            server, clock, batch_max=settings.smtp_batch_max, calls_max=settings.smtp_calls_max
        ),
    }
    if settings.gateway_url:
        found["sms"] = GatewayChannel(
            settings.gateway_url,
            settings.gateway_secret.get_secret_value(),
            settings.gateway_timeout_seconds,
            clock,
            batch_max=settings.gateway_batch_max,
            calls_max=settings.gateway_calls_max,
        )
    return found


class Senders:
    """All senders of a process; a commit that wrote messages wakes them at once."""

    def __init__(self, process: Process) -> None:
        self._process = process

    async def run(self) -> None:
        """Send until cancelled."""
        process = self._process
        directory = Directory(process.db, process.catalogue)
        senders = [self._sender(queue, directory) for queue in QUEUES[process.role]]
        async with asyncio.TaskGroup() as group:
            for sender in senders:
                name = f"sender-{sender.queue}"
                group.create_task(sender.run(lambda name=name: process.beat(name)), name=name)  # type: ignore[misc]
            group.create_task(self._wake(senders))
            group.create_task(self._forget_properties(directory))

    def _sender(self, queue: Queue, directory: Directory) -> Sender:
        process, settings = self._process, self._process.settings
        ways = channels(settings, process.clock)
        breakers = {c: Breaker(settings.breaker_failures_max, settings.breaker_open_seconds) for c in ways}
        pace = Pace(
            retry=rules(settings).retry[queue],
            poll=timedelta(milliseconds=settings.message_poll_ms),
            lease=timedelta(seconds=settings.message_lease_seconds),
            key_memory=timedelta(hours=settings.gateway_key_hours),
        )
        return Sender(queue, process.db, process.committer, process.clock, directory, ways, breakers, pace)

    async def _wake(self, senders: list[Sender]) -> None:
        written = self._process.wake(repository.MESSAGES)
        while True:
            await written.wait()
            written.clear()
            for sender in senders:
                sender.wake.set()

    async def _forget_properties(self, directory: Directory) -> None:
        written = self._process.wake(repository.PROPERTIES)
        while True:
            await written.wait()
            written.clear()
            directory.stale()


class Retention:
    """Takes names, addresses and texts out of what has been kept long enough."""

    def __init__(self, process: Process) -> None:
        self._process = process

    async def run(self) -> None:
        """Look again and again; only the bulk process does."""
        while self._process.role == "bulk" and not told_to_end():
            await self.look()
            await asyncio.sleep(WIPE_EVERY_SECONDS)

    async def look(self) -> int:
        """Wipe what is due now; how many documents were changed."""
        process, changed = self._process, 0
        for property_id in await repository.properties(process.db):
            more = WIPED_AT_ONCE_MAX
            while more >= WIPED_AT_ONCE_MAX:
                more = await repository.wipe(process.db, property_id, process.clock.now(), WIPED_AT_ONCE_MAX)
                changed += more
        return changed
