"""Every week the reports of every property are made at its day and hour, and told by role (P032, P033).

The figures are read beside the day's work; what they say becomes one command, so that a week is told once.
"""

from __future__ import annotations

import asyncio
import logging

from services.dispatch import repository
from services.dispatch.domain.model import PropertyCopy
from services.dispatch.domain.reports.made import Seen
from services.dispatch.domain.week import RecordWeek, rates_of
from services.dispatch.handlers.rules import due_week, zone_of
from shared.ids import derived_id
from shared.kernel.runtime import Runtime
from shared.kernel.unit import Applied, Cause, Duplicate
from shared.reports.weekly import Week

log = logging.getLogger(__name__)
EVERY_SECONDS = 5.0  # more often than a silent loop makes its process unready


class WeeklyReports:
    """The weekly loop of the front process."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self._done: dict[str, str] = {}  # property -> the last week known to be recorded

    async def run(self) -> None:
        """Look for ever; the bulk process leaves it to the front."""
        if self._runtime.role != "front":
            return
        while True:
            await self.look()
            self._runtime.beat("weeklyreports")
            await asyncio.sleep(EVERY_SECONDS)

    async def look(self) -> None:
        """Report every property whose moment has come; before its first work there is nothing to report."""
        db = self._runtime.db
        properties = await repository.properties_with_work(db)
        known = await repository.all_settings(db, properties)
        for property_id in properties:
            settings = known.get(property_id)
            week = due_week(self._runtime.catalogue, settings, self._runtime.clock.now())
            if self._done.get(property_id) == week.name:
                continue
            worked = await repository.worked_before(db, property_id, week.until)
            if worked and not await repository.week_reported(db, property_id, week.name):
                await self._report(property_id, settings, week)
            self._done[property_id] = week.name

    async def _report(self, property_id: str, settings: PropertyCopy | None, week: Week) -> None:
        db, now = self._runtime.db, self._runtime.clock.now()
        slips = await repository.slip_rows(db, property_id, week.since, week.until)
        callbacks = await repository.callback_rows(db, property_id, week.since, week.until)
        zone = zone_of(settings)
        seen = Seen(property_id, zone, week.since, week.until, now, slips=slips, callbacks=callbacks)
        cause = Cause(
            id=derived_id("week", property_id, week.name),
            kind="command",
            property_id=property_id,
            stream=f"week:{week.name}",
            lane="urgent",
            payload=RecordWeek(
                week=week.name, since=week.since, until=week.until, slips=len(slips), rates=rates_of(seen)
            ),
        )
        [outcome] = await self._runtime.committer.submit([cause])
        if not isinstance(outcome, Applied | Duplicate):
            log.error("a week's reports were not recorded: %s", type(outcome).__name__)
