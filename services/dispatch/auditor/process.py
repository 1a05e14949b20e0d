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
from datetime import datetime, timedelta

import orjson
from prometheus_client import Counter, Gauge
from pymongo.errors import PyMongoError

from services.dispatch import repository
from services.dispatch.auditor.health import HealthServer
from services.dispatch.auditor.rounds import fresh, look
from services.dispatch.auditor.ways_out import as_json, tell
from services.dispatch.domain.audit import Finding
from shared.clock import Clock, SystemClock
from shared.mongo.client import connect
from shared.observability.logging import configure
from shared.settings import Settings
from shared.settings import settings as read_settings

log = logging.getLogger(__name__)
CLEAN, FOUND, UNREADABLE = 0, 1, 3
SILENT_ROUNDS = 3  # so many rounds without success: not ready, and the store's absence is an alarm of its own

ROUNDS = Counter("guanjia_auditor_rounds", "Rounds of the auditor", ("result",))
OVERDUE = Gauge("guanjia_auditor_overdue", "What is overdue and was not told", ("kind",))


class Auditor:
    """Looks, and raises its own alarms."""

    def __init__(self, db: repository.Database, settings: Settings, clock: Clock) -> None:
        self._db = db
        self._settings = settings
        self._clock = clock
        self._grace = timedelta(seconds=settings.auditor_grace_seconds)
        self._repeat = timedelta(minutes=settings.auditor_repeat_minutes)
        self._told: dict[str, datetime] = {}  # what the store could not be told
        self._read_at = clock.now()
        self._started = False

    def ready(self) -> bool:
        """Whether a round was completed lately."""
        return self._started and self._clock.now() - self._read_at <= self._patience

    @property
    def _patience(self) -> timedelta:
        return timedelta(seconds=SILENT_ROUNDS * self._settings.auditor_every_seconds + 5)

    async def round(self) -> list[Finding]:
        """Look once and raise what has to be raised; all that is overdue. Raises what the store raises."""
        now = self._clock.now()
        found = await look(self._db, now, self._grace, self._settings.auditor_orders_max)
        OVERDUE.clear()
        for finding in found:
            OVERDUE.labels(finding.kind).inc()
        new = await fresh(self._db, found, now, self._repeat)
        if new and await tell(self._settings, new, now):
            await repository.note_raised(self._db, [f.key for f in new], now)
        await repository.beat(self._db, self._settings.replica, now, len(found))
        self._read_at, self._started = self._clock.now(), True
        ROUNDS.labels("done").inc()
        return found

    async def run(self, stop: asyncio.Event) -> None:
        """A round every few seconds until told to stop.

        A store that cannot be read for long is an alarm too.
        """
        while not stop.is_set():
            try:
                async with asyncio.timeout(max(60.0, self._settings.auditor_every_seconds)):
                    await self.round()
            except (PyMongoError, TimeoutError) as error:
                ROUNDS.labels("failed").inc()
                log.error("the store cannot be read: %s", type(error).__name__)
                await self._store_away()
            except Exception:
                ROUNDS.labels("failed").inc()
                log.exception("a round failed")
                await self._store_away()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), self._settings.auditor_every_seconds)

    async def _store_away(self) -> None:
        now = self._clock.now()
        if now - self._read_at <= self._patience:
            return
        late = int((now - self._read_at).total_seconds())
        finding = Finding("store_away", "", "dispatch", "", self._read_at, late)
        told = self._told.get(finding.key)
        if (told is None or now - told > self._repeat) and await tell(self._settings, [finding], now):
            self._told[finding.key] = now


def main(arguments: Sequence[str] = ()) -> int:
    """Run until told to stop, or once with `--once`; the exit code."""
    settings = read_settings()
    configure(settings.log_level, "auditor", "once" if "--once" in arguments else "loop")
    return asyncio.run(_once(settings) if "--once" in arguments else _loop(settings))


async def _once(settings: Settings) -> int:
    client = connect(settings.mongodb_url, "guanjia-auditor", pool_max=2)
    try:
        found = await Auditor(client[settings.database("dispatch")], settings, SystemClock()).round()
    except PyMongoError as error:
        log.error("the store cannot be read: %s", type(error).__name__)
        return UNREADABLE
    finally:
        await client.close()
    for finding in found:
        sys.stdout.write(orjson.dumps(as_json(finding)).decode() + "\n")
    return FOUND if found else CLEAN


async def _loop(settings: Settings) -> int:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    client = connect(settings.mongodb_url, "guanjia-auditor", pool_max=4)
    auditor = Auditor(client[settings.database("dispatch")], settings, SystemClock())
    health = HealthServer(auditor.ready)
    await health.start(settings.host, settings.port_of("auditor"))
    try:
        await auditor.run(stop)
    finally:
        await health.stop()
        await client.close()
    return CLEAN
