"""Every night the slip numbers of every property are checked: missing, twice, altered, lost on paper (P033).

A scan of the year beside the day's work; what it finds becomes one command, so that a night is recorded once.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from services.dispatch import repository
from services.dispatch.domain.issue import SERIES
from services.dispatch.domain.model import PropertyCopy
from services.dispatch.domain.slip_commands import RecordSlipCheck
from services.dispatch.handlers.rules import settings_with, zone_of
from services.dispatch.once import Once
from shared.catalogue.model import DispatchRules
from shared.deadlines import slip_period
from shared.deadlines import zone_of as time_zone
from shared.ids import derived_id
from shared.kernel.unit import Cause

PENDING_FOR = timedelta(minutes=15)  # how long a number may be taken before its slip is there
TOLD_MAX = 100  # numbers named in an event; the rest is on the page of the gaps
LATE_DAYS = DispatchRules.model_fields["slip_late_days"].default


class SlipWatch(Once):
    """The nightly loop of the front process."""

    def due(self, settings: PropertyCopy | None) -> str:
        """The date of the night."""
        wall = self._runtime.clock.now().astimezone(time_zone(zone_of(settings)))
        at = str(settings_with(self._runtime.catalogue, settings)["slip.check_at"])
        return wall.date().isoformat() if wall.strftime("%H:%M") >= at else ""

    async def do(self, property_id: str, settings: PropertyCopy | None, name: str) -> Cause | None:
        """The year of the day before, so that New Year's Eve is not left out."""
        if await repository.checked(self._runtime.db, property_id, name):
            return None
        year = (datetime.fromisoformat(name) - timedelta(days=1)).year
        return Cause(
            id=derived_id("slip-check", property_id, name),
            kind="command",
            property_id=property_id,
            stream=f"slips:{year}",
            lane="urgent",
            payload=await self._findings(property_id, settings, name, year, self._runtime.clock.now()),
        )

    async def _findings(
        self, property_id: str, settings: PropertyCopy | None, date: str, year: int, now: datetime
    ) -> RecordSlipCheck:
        db, zone = self._runtime.db, zone_of(settings)
        days = int(settings_with(self._runtime.catalogue, settings)["slip.paper_days"])
        found = await repository.slips(db, property_id, SERIES, year, now - PENDING_FOR)
        overdue = [
            one.number
            async for block in repository.paper_blocks(db, property_id, year)
            if block.issued_at is not None and block.issued_at + timedelta(days=days) <= now
            for one in block.numbers
            if one.state == "open"
        ]
        period = slip_period(now, zone, LATE_DAYS)
        return RecordSlipCheck(
            date=date,
            year=year,
            last=found.last,
            used=found.used,
            void=len(found.void),
            missing=found.missing[:TOLD_MAX],
            twins=found.twins[:TOLD_MAX],
            altered=tuple(await repository.altered(db, property_id, SERIES, year, TOLD_MAX)),
            paper_open=len(found.paper),
            paper_overdue=tuple(sorted(overdue)[:TOLD_MAX]),
            not_handed_in=await repository.not_handed_in(db, property_id, period, now),
        )
