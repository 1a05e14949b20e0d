"""The auditor's process.

A round every few seconds, alarms not more often than stated, readiness only while rounds complete.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import signal
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import orjson
from prometheus_client import Counter, Gauge
from pymongo.errors import PyMongoError

from services.auditor.health import HealthServer
from services.auditor.rounds import AUDITS, beat, fresh, look, note_raised
from services.auditor.ways_out import as_json, tell
from shared.audit import Audit, Finding, Look
from shared.catalogue.load import Catalogue
from shared.clock import Clock, SystemClock
from shared.mongo.client import Client, Database, connect
from shared.observability.logging import configure
from shared.settings import Settings
from shared.settings import settings as read_settings

log = logging.getLogger(__name__)
CLEAN, FOUND, UNREADABLE = 0, 1, 3
UNREAD = ("store_away", "audit_failed")
SILENT_ROUNDS = 3  # so many rounds without success: not ready, and the store's absence is an alarm of its own

ROUNDS = Counter("guanjia_auditor_rounds", "Rounds of the auditor", ("result",))
OVERDUE = Gauge("guanjia_auditor_overdue", "What is overdue and was not told", ("kind",))


@dataclass(slots=True)
class Watched:
    """One service: what is looked at, and when that last succeeded."""

    audit: Audit
    db: Database
    read_at: datetime
    started: bool = False
    failure: str = ""  # "": the last look went to its end


class Auditor:
    """Looks at the data of every service, each apart from the others, and raises its own alarms."""

    def __init__(
        self,
        client: Client,
        settings: Settings,
        clock: Clock,
        catalogue: Catalogue,
        audits: Sequence[Audit] = AUDITS,
    ) -> None:
        self._settings = settings
        self._clock = clock
        self._catalogue = catalogue
        self._grace = timedelta(seconds=settings.auditor_grace_seconds)
        self._repeat = timedelta(minutes=settings.auditor_repeat_minutes)
        self._told: dict[str, datetime] = {}  # what the store could not be told
        self._services = [Watched(a, client[settings.database(a.service)], clock.now()) for a in audits]

    def ready(self) -> bool:
        """Whether every service was looked at lately."""
        oldest = self._clock.now() - self._patience
        return all(one.started and one.read_at >= oldest for one in self._services)

    def unreadable(self) -> list[str]:
        """The services that the last round could not look at."""
        return [one.audit.service for one in self._services if one.failure]

    @property
    def _patience(self) -> timedelta:
        return timedelta(seconds=SILENT_ROUNDS * self._settings.auditor_every_seconds + 5)

    async def round(self) -> list[Finding]:
        """Look at every service once and raise what has to be raised; all that is overdue."""
        now = self._clock.now()
        looks = [await self._look(one, now) for one in self._services]
        OVERDUE.clear()
        for finding in (f for found, _ in looks for f in found):
            OVERDUE.labels(finding.kind).inc()
        new = [finding for _, unsaid in looks for finding in unsaid] + self._unread(now)
        if new and await tell(self._settings, new, now):
            for one, (_, unsaid) in zip(self._services, looks, strict=True):
                await self._remember(one, unsaid, now)
            self._told |= {f.key: now for f in new if f.kind in UNREAD}
        return [finding for found, _ in looks for finding in found]

    async def _look(self, one: Watched, now: datetime) -> tuple[list[Finding], list[Finding]]:
        """All that is overdue in a service, and what of it was not told lately."""
        found: list[Finding] = []
        unsaid: list[Finding] = []
        one.failure = ""
        at = Look(one.db, now, self._grace, self._settings.auditor_orders_max, self._catalogue)
        try:
            async with asyncio.timeout(max(60.0, self._settings.auditor_every_seconds)):
                try:
                    await look(one.audit, at, found)
                finally:  # what was found before a failure is told all the same
                    unsaid = list(found)
                unsaid = await fresh(one.db, found, now, self._repeat)
                await beat(one.db, self._settings.replica, now, len(found))
        except (PyMongoError, TimeoutError) as error:
            self._failed(one, "store_away", error)
        except Exception as error:
            log.exception("a look at %s failed", one.audit.service)
            self._failed(one, "audit_failed", error)
        else:
            one.read_at, one.started = self._clock.now(), True
            ROUNDS.labels("done").inc()
        return found, unsaid

    def _failed(self, one: Watched, kind: str, error: Exception) -> None:
        ROUNDS.labels("failed").inc()
        log.error("the data of %s cannot be read: %s", one.audit.service, type(error).__name__)
        one.failure = kind

    def _unread(self, now: datetime) -> list[Finding]:
        """The services that could not be looked at for long, an alarm each, not more often than stated."""
        found = []
        for one in self._services:
            if not one.failure or now - one.read_at <= self._patience:
                continue
            late = int((now - one.read_at).total_seconds())
            finding = Finding(one.failure, "", one.audit.service, "", one.read_at, late)
            told = self._told.get(finding.key)
            if told is None or now - told > self._repeat:
                found.append(finding)
        return found

    async def _remember(self, one: Watched, told: Sequence[Finding], now: datetime) -> None:
        try:
            await note_raised(one.db, told, now)
        except PyMongoError as error:
            self._failed(one, "store_away", error)

    async def run(self, stop: asyncio.Event) -> None:
        """A round every few seconds until told to stop."""
        while not stop.is_set():
            try:
                await self.round()
            except Exception:
                ROUNDS.labels("failed").inc()
                log.exception("a round failed")
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), self._settings.auditor_every_seconds)


def main(arguments: Sequence[str] = ()) -> int:
    """Run until told to stop, or once with `--once`; the exit code."""
    settings = read_settings()
    configure(settings.log_level, "auditor", "once" if "--once" in arguments else "loop")
    return asyncio.run(_once(settings) if "--once" in arguments else _loop(settings))


async def _once(settings: Settings) -> int:
    client = connect(settings.mongodb_url, "guanjia-auditor", pool_max=2)
    try:
        auditor = Auditor(client, settings, SystemClock(), Catalogue.shipped())
        found = await auditor.round()
    finally:
        await client.close()
    for finding in found:
        sys.stdout.write(orjson.dumps(as_json(finding)).decode() + "\n")
    if auditor.unreadable():
        return UNREADABLE
    return FOUND if found else CLEAN


async def _loop(settings: Settings) -> int:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    client = connect(settings.mongodb_url, "guanjia-auditor", pool_max=4)
    auditor = Auditor(client, settings, SystemClock(), Catalogue.shipped())
    health = HealthServer(auditor.ready)
    await health.start(settings.host, settings.port_of("auditor"))
    try:
        await auditor.run(stop)
    finally:
        await health.stop()
        await client.close()
    return CLEAN
