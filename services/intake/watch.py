"""Watches that dispatch answers (J30), without asking it: one look at an index every second or two.

It needs intake's store alone. What is due becomes a command on the request's own stream, so that a slip that
comes at the same moment is seen; the fact goes out on an urgent stream of its own.
"""

from __future__ import annotations

import asyncio
import logging

from services.intake.domain.commands import RaiseSlips, RaiseWatch
from services.intake.repository.watch import late_slips, unanswered
from shared.ids import derived_id
from shared.kernel.runtime import Runtime
from shared.kernel.unit import Applied, Cause, Duplicate

log = logging.getLogger(__name__)
AT_ONCE_MAX = 200
SLIPS_EVERY_SECONDS = 10.0
STREAM = "watch"


class Watch:
    """The loop of the front process."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self._slips_at = 0.0

    async def run(self) -> None:
        """Look for ever; the bulk process leaves it to the front."""
        if self._runtime.role != "front":
            return
        loop = asyncio.get_running_loop()
        while True:
            await self.emergencies()
            self._runtime.beat("watch")
            if loop.time() >= self._slips_at:
                await self.slips()
                self._slips_at = loop.time() + SLIPS_EVERY_SECONDS
            self._runtime.beat("watch")
            await asyncio.sleep(self._runtime.settings.intake_watch_seconds)

    async def emergencies(self) -> int:
        """Every emergency that dispatch has not answered in time; how many."""
        now = self._runtime.clock.now()
        found = await unanswered(self._runtime.db, now, AT_ONCE_MAX)
        causes = [
            Cause(
                id=derived_id("watch", one.property_id, one.id, one.watch_at.isoformat()),
                kind="command",
                property_id=one.property_id,
                stream=one.id,
                lane=one.lane,
                payload=RaiseWatch(request_id=one.id, due_at=one.watch_at),
                emergency=True,
            )
            for one in found
        ]
        return await self._submit(causes)

    async def slips(self) -> int:
        """Every property whose slips are not out in time; how many."""
        now = self._runtime.clock.now()
        found = await late_slips(self._runtime.db, now)
        causes = [
            Cause(
                id=derived_id("watch", one.property_id, "slips", now.isoformat()),
                kind="command",
                property_id=one.property_id,
                stream=STREAM,
                lane="routine",
                payload=RaiseSlips(
                    count=one.count, urgent=one.urgent, oldest_at=one.oldest_at, references=one.references
                ),
                emergency=True,
            )
            for one in found
        ]
        return await self._submit(causes)

    async def _submit(self, causes: list[Cause]) -> int:
        for outcome in await self._runtime.committer.submit(causes) if causes else ():
            if not isinstance(outcome, Applied | Duplicate):
                log.error("silence was not told: %s", type(outcome).__name__)
        return len(causes)
