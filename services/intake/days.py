"""The daily look at what was signed runs for every property, also one opened before there was any (P003).

A property sets its own next look when it is opened and after every look; one that has none gets it here.
"""

from __future__ import annotations

import asyncio
import logging

from services.intake.domain.case_commands import StartDays
from services.intake.handlers.signing import DAY_CHECK
from services.intake.repository.watch import without_timer
from shared.ids import derived_id
from shared.kernel.runtime import Runtime
from shared.kernel.unit import Applied, Cause, Duplicate

log = logging.getLogger(__name__)
EVERY_SECONDS = 5.0  # more often than a silent loop makes its process unready


class DayChecks:
    """The loop of the front process."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime

    async def run(self) -> None:
        """Look for ever; the bulk process leaves it to the front."""
        if self._runtime.role != "front":
            return
        while True:
            await self.look()
            self._runtime.beat("daychecks")
            await asyncio.sleep(EVERY_SECONDS)

    async def look(self) -> int:
        """Begin the looks of every property that has none; how many."""
        now = self._runtime.clock.now()
        found = await without_timer(self._runtime.db, DAY_CHECK)
        causes = [
            Cause(
                id=derived_id("day-checks", property_id, now.isoformat()),
                kind="command",
                property_id=property_id,
                stream=f"property:{property_id}",
                lane="routine",
                payload=StartDays(),
            )
            for property_id in found
        ]
        for outcome in await self._runtime.committer.submit(causes) if causes else ():
            if not isinstance(outcome, Applied | Duplicate):
                log.error("the daily look was not begun: %s", type(outcome).__name__)
        return len(found)
