"""Rolls up who has how many open work orders, every few seconds and only where something changed.

No commit writes these sums (guarantee 6); routing looks at them and spreads by a draw, so their age does no
harm.
"""

from __future__ import annotations

import asyncio
import contextlib

from services.dispatch import repository
from shared.kernel.runtime import Runtime

EVERY_SECONDS = 2.0
IDLE_SECONDS = 5.0  # another process may have written: look again even if this one wrote nothing


class LoadRollUp:
    """The roll-up loop of the front process."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime

    async def run(self) -> None:
        """Roll up for ever; the bulk process leaves it to the front."""
        if self._runtime.role != "front":
            return
        woken = self._runtime.wake(repository.WORK_ORDERS)
        while True:
            woken.clear()
            await self.roll_up()
            self._runtime.beat("loadrollup")
            await asyncio.sleep(EVERY_SECONDS)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(woken.wait(), IDLE_SECONDS - EVERY_SECONDS)

    async def roll_up(self) -> None:
        """Every property once."""
        now = self._runtime.clock.now()
        for property_id in await repository.properties_with_work(self._runtime.db):
            await repository.roll_up_loads(self._runtime.db, property_id, now)
