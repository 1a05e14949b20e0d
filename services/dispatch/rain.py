"""After rain: starts the callback of every leak that waited for it, a bounded number at a time.

What was recorded is worked off from the store, so a process that is killed on the way goes on where it was.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging

from services.dispatch import repository
from services.dispatch.domain.callback_commands import FinishRain, StartRainRound
from services.dispatch.domain.rain import RainEvent
from shared.ids import derived_id
from shared.kernel.runtime import Runtime
from shared.kernel.unit import Applied, Cause, Duplicate

log = logging.getLogger(__name__)
IDLE_SECONDS = 5.0  # another process may have recorded it: look again even if this one did not
AT_ONCE_MAX = 200
EVENTS_MAX = 50
STREAM = "rain"


class RainRounds:
    """The loop of rain of the front process."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime

    async def run(self) -> None:
        """Work off for ever; the bulk process leaves it to the front."""
        if self._runtime.role != "front":
            return
        woken = self._runtime.wake(repository.RAIN)
        while True:
            woken.clear()
            more = await self.spread()
            self._runtime.beat("rainrounds")
            if not more:
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(woken.wait(), IDLE_SECONDS)

    async def spread(self) -> bool:
        """One step for every rain that is not worked off; whether more is left."""
        events = await repository.rain_to_spread(self._runtime.db, EVENTS_MAX)
        return any([await self._start(rain) for rain in events])

    async def _start(self, rain: RainEvent) -> bool:
        assert rain.rained_at is not None
        db, submit = self._runtime.db, self._runtime.committer.submit
        waiting = await repository.waiting_for_rain(db, rain.property_id, rain.rained_at, AT_ONCE_MAX)
        causes = [
            Cause(
                id=derived_id("rain", rain.property_id, rain.id, callback.id),
                kind="command",
                property_id=rain.property_id,
                stream=callback.stream,
                lane=callback.lane,
                payload=StartRainRound(callback_id=callback.id, rain_id=rain.id, rained_at=rain.rained_at),
            )
            for callback in waiting
        ]
        for outcome in await submit(causes) if causes else ():
            if not isinstance(outcome, Applied | Duplicate):
                log.error("a callback after rain was not started: %s", type(outcome).__name__)
                return False  # looked at again after a while
        if len(waiting) == AT_ONCE_MAX:
            return True
        finish = Cause(
            id=derived_id("rain", rain.property_id, rain.id, "finished"),
            kind="command",
            property_id=rain.property_id,
            stream=STREAM,
            lane="routine",
            payload=FinishRain(rain_id=rain.id),
        )
        await submit([finish])
        return False
