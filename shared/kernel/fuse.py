"""The fuse of a consumer: too many events parked in a row are no accident (guarantee 8, ruling J19).

A routine consumer stops, across restarts, until a person resets it: `reset`. The urgent lane alarms and
never stops.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pymongo.asynchronous.database import AsyncDatabase

from shared.clock import Clock
from shared.events.envelope import Lane
from shared.kernel.journal import FUSES
from shared.observability.metrics import CONSUMER_STOPPED

ALWAYS_ON: tuple[Lane, ...] = ("urgent",)


class Fuse:
    """Counts parked events in a row; one that succeeds begins the count again."""

    def __init__(
        self,
        db: AsyncDatabase[dict[str, Any]],
        service: str,
        lane: Lane,
        parked_max: int,
        clock: Clock,
        alarm: Callable[[str], None],
    ) -> None:
        self._fuses = db[FUSES]
        self._name = f"{service}.{lane}"
        self._labels = (service, lane)
        self._lane = lane
        self._max = parked_max
        self._clock = clock
        self._alarm = alarm
        self._row = 0
        self._blown = False

    async def load(self) -> None:
        """A fuse that was blown before a restart is still blown."""
        self._blown = await self._fuses.find_one({"_id": self._lane}) is not None

    def note(self, *, parked: bool) -> None:
        """What came of one event."""
        self._row = self._row + 1 if parked else 0

    async def blow_if_due(self) -> None:
        """Alarm if the limit is reached, and stop if this is the routine lane."""
        if self._row < self._max:
            return
        self._alarm(f"{self._name}: {self._row} events in a row were parked")
        if self._lane in ALWAYS_ON:
            self._row = 0  # the next alarm after as many again
            return
        row = {"_id": self._lane, "parked": self._row, "blown_at": self._clock.now()}
        await self._fuses.replace_one({"_id": self._lane}, row, upsert=True)
        self._blown = True

    async def stopped(self) -> bool:
        """Whether the consumer must rest; asks the store only while it does."""
        if self._blown and await self._fuses.find_one({"_id": self._lane}) is None:
            self._blown, self._row = False, 0
        CONSUMER_STOPPED.labels(*self._labels).set(self._blown)
        return self._blown


async def reset(db: AsyncDatabase[dict[str, Any]], lane: Lane) -> bool:
    """Let the consumer go on; False if its fuse was not blown."""
    result = await db[FUSES].delete_one({"_id": lane})
    return result.deleted_count == 1
