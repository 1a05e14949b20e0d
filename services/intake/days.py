"""The daily look at what was signed (P003) and the weekly telling of the complaints (P036) run for every
property, also one opened before there were any.

A property sets its own next one when it is opened and after every one; whichever it has none of it gets here.
"""

from __future__ import annotations

import asyncio
import logging

from services.intake.domain.case_commands import StartDays, StartWeeks
from services.intake.handlers.signing import DAY_CHECK, WEEK_CHECK
from services.intake.repository.watch import without_timer
from shared.ids import derived_id
from shared.kernel.runtime import Runtime
from shared.kernel.unit import Applied, Cause, Command, Duplicate

log = logging.getLogger(__name__)
EVERY_SECONDS = 5.0  # more often than a silent loop makes its process unready
BEGUN_BY: dict[str, Command] = {DAY_CHECK: StartDays(), WEEK_CHECK: StartWeeks()}


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
        """Begin what any property has none of; how many."""
        begun = 0
        for key, command in BEGUN_BY.items():
            async for found in without_timer(self._runtime.db, key):
                await self._begin(command, found)
                begun += len(found)
        return begun

    async def _begin(self, command: Command, properties: list[str]) -> None:
        now = self._runtime.clock.now()
        causes = [
            Cause(
                id=derived_id(command.NAME, property_id, now.isoformat()),
                kind="command",
                property_id=property_id,
                stream=f"property:{property_id}",
                lane="routine",
                payload=command,
            )
            for property_id in properties
        ]
        for outcome in await self._runtime.committer.submit(causes) if causes else ():
            if not isinstance(outcome, Applied | Duplicate):
                log.error("what begins by itself was not begun: %s", type(outcome).__name__)
