"""Every week the reports of every property are made at its day and hour, and told by role (P032, P033).

The figures are read beside the day's work; what they say becomes one command, so that a week is told once.
"""

from __future__ import annotations

from services.dispatch import repository
from services.dispatch.domain.model import PropertyCopy
from services.dispatch.domain.reports.made import Seen
from services.dispatch.domain.week import RecordWeek, rates_of
from services.dispatch.handlers.rules import due_week, zone_of
from services.dispatch.once import Once
from shared.ids import derived_id
from shared.kernel.unit import Cause
from shared.reports.weekly import Week


class WeeklyReports(Once):
    """The weekly loop of the front process."""

    def due(self, settings: PropertyCopy | None) -> str:
        """The week that has to be reported by now."""
        return self._week(settings).name

    async def do(self, property_id: str, settings: PropertyCopy | None, name: str) -> Cause | None:
        """Before the first work there is nothing to report."""
        db, week = self._runtime.db, self._week(settings)
        worked = await repository.worked_before(db, property_id, week.until)
        if not worked or await repository.week_reported(db, property_id, name):
            return None
        slips = await repository.slip_rows(db, property_id, week.since, week.until)
        callbacks = await repository.callback_rows(db, property_id, week.since, week.until)
        zone, now = zone_of(settings), self._runtime.clock.now()
        seen = Seen(property_id, zone, week.since, week.until, now, slips=slips, callbacks=callbacks)
        return Cause(
            id=derived_id("week", property_id, name),
            kind="command",
            property_id=property_id,
            stream=f"week:{name}",
            lane="urgent",
            payload=RecordWeek(
                week=name, since=week.since, until=week.until, slips=len(slips), rates=rates_of(seen)
            ),
        )

    def _week(self, settings: PropertyCopy | None) -> Week:
        return due_week(self._runtime.catalogue, settings, self._runtime.clock.now())
