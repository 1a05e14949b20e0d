"""Every night the slip numbers of every property are checked: missing, twice, altered, lost on paper (P033).

A scan of the year beside the day's work; what it finds becomes one command, so that a night is recorded once.
"""

from __future__ import annotations

import asyncio
import logging
from datetime import datetime, timedelta

from services.dispatch import repository
from services.dispatch.domain.issue import SERIES
from services.dispatch.domain.model import PropertyCopy
from services.dispatch.domain.slip_commands import RecordSlipCheck
from services.dispatch.handlers.rules import settings_with, zone_of
from shared.catalogue.model import DispatchRules
from shared.deadlines import slip_period
from shared.deadlines import zone_of as time_zone
from shared.ids import derived_id
from shared.kernel.runtime import Runtime
from shared.kernel.unit import Applied, Cause, Duplicate

log = logging.getLogger(__name__)
EVERY_SECONDS = 5.0  # more often than a silent loop makes its process unready
PENDING_FOR = timedelta(minutes=15)  # how long a number may be taken before its slip is there
TOLD_MAX = 100  # numbers named in an event; the rest is on the page of the gaps
LATE_DAYS = DispatchRules.model_fields["slip_late_days"].default


class SlipWatch:
    """The nightly loop of the front process."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self._done: dict[str, str] = {}  # property -> the last night known to be recorded

    async def run(self) -> None:
        """Look for ever; the bulk process leaves it to the front."""
        if self._runtime.role != "front":
            return
        while True:
            await self.look()
            self._runtime.beat("slipwatch")
            await asyncio.sleep(EVERY_SECONDS)

    async def look(self) -> None:
        """Check every property whose night has come and was not recorded yet."""
        db = self._runtime.db
        properties = await repository.properties_with_work(db)
        known = await repository.all_settings(db, properties)
        for property_id in properties:
            date = self._night(known.get(property_id))
            if not date or self._done.get(property_id) == date:
                continue
            if not await repository.checked(db, property_id, date):
                await self._check(property_id, known.get(property_id), date)
            self._done[property_id] = date

    def _night(self, settings: PropertyCopy | None) -> str:
        """The date of the night whose hour has come there; empty before it has."""
        wall = self._runtime.clock.now().astimezone(time_zone(zone_of(settings)))
        at = str(settings_with(self._runtime.catalogue, settings)["slip.check_at"])
        return wall.date().isoformat() if wall.strftime("%H:%M") >= at else ""

    async def _check(self, property_id: str, settings: PropertyCopy | None, date: str) -> None:
        """The year of the day before, so that New Year's Eve is not left out."""
        now = self._runtime.clock.now()
        year = (datetime.fromisoformat(date) - timedelta(days=1)).year
        command = await self._findings(property_id, settings, date, year, now)
        cause = Cause(
            id=derived_id("slip-check", property_id, date),
            kind="command",
            property_id=property_id,
            stream=f"slips:{year}",
            lane="urgent",
            payload=command,
        )
        [outcome] = await self._runtime.committer.submit([cause])
        if not isinstance(outcome, Applied | Duplicate):
            log.error("the nightly check of slips was not recorded: %s", type(outcome).__name__)

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
