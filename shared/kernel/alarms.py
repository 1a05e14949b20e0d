"""What the kernel raises alarm about: events that wait too long, parked rows, a journal that grows
unpublished.

An alarm is a metric and a log line at level ERROR, repeated while it lasts; counts are by lane and carry no
personal data.
"""

from __future__ import annotations

import asyncio
import logging
from datetime import timedelta
from typing import TYPE_CHECKING

from prometheus_client import Gauge

from shared.kernel.commit import OUTBOX, PARKED, WAITING
from shared.kernel.journal import OUTBOX_PARKED, SEALS

if TYPE_CHECKING:
    from shared.kernel.runtime import Runtime

log = logging.getLogger(__name__)
EVERY_SECONDS = 5.0
COUNTED_MAX = 10_000

WAITING_LONG = Gauge(
    "guanjia_waiting_too_long", "Early events that have waited too long for their cause", ("lane",)
)
UNPUBLISHED = Gauge("guanjia_unpublished_events", "Events newer than the newest seal", ("lane",))
PARKED_NOW = Gauge("guanjia_parked_rows", "Parked rows that need a person", ("lane",))


class Alarms:
    """Looks every few seconds, for its own lane."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime

    async def run(self) -> None:
        """Look for ever."""
        while True:
            await self.look()
            await asyncio.sleep(EVERY_SECONDS)

    async def look(self) -> tuple[int, int]:
        """How many wait too long, how many are parked; each with an alarm if there are any."""
        lane, db = self._runtime.lane, self._runtime.db
        limit = timedelta(seconds=self._runtime.settings.waiting_alarm_seconds(lane))
        since = {"$lt": self._runtime.clock.now() - limit}
        waiting = await db[WAITING].count_documents({"lane": lane, "since": since}, limit=COUNTED_MAX)
        parked = await db[PARKED].count_documents({"state": "parked"}, limit=COUNTED_MAX)
        parked += await db[OUTBOX_PARKED].count_documents({"state": "parked"}, limit=COUNTED_MAX)
        unpublished = await self._unpublished()
        UNPUBLISHED.labels(lane=lane).set(unpublished)
        if unpublished >= self._runtime.settings.outbox_alarm_records:
            log.error("ALARM: %d events of the %s lane are not published", unpublished, lane)
        WAITING_LONG.labels(lane=lane).set(waiting)
        PARKED_NOW.labels(lane=lane).set(parked)
        if waiting:
            log.error("ALARM: %d events on the %s lane have waited longer than %s", waiting, lane, limit)
        if parked:
            log.error("ALARM: %d rows are parked", parked)
        return waiting, parked

    async def _unpublished(self) -> int:
        """Events that came after the newest seal of this lane, counted up to the alarm."""
        lane, db = self._runtime.lane, self._runtime.db
        seal = await db[SEALS].find_one({"lane": lane}, {"sealed_at": 1}, sort=[("n", -1)])
        query: dict[str, object] = {"lane": lane}
        if seal is not None:
            query["time"] = {"$gt": seal["sealed_at"]}
        return await db[OUTBOX].count_documents(query, limit=self._runtime.settings.outbox_alarm_records)
