"""The fuse of a consumer: too many events parked in a row are no accident (guarantee 8, ruling J19).

A routine consumer stops, across restarts, until a parked event succeeds when a person has it tried again, or
until nothing is parked any more. The urgent lane alarms and never stops.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from pymongo.asynchronous.database import AsyncDatabase

from shared.clock import Clock
from shared.events.envelope import Lane
from shared.kernel.commit import PARKED
from shared.kernel.journal import FUSES
from shared.kernel.unit import Applied, Outcome, Parked
from shared.observability.metrics import CONSUMER_STOPPED

ALWAYS_ON: tuple[Lane, ...] = ("urgent",)


class Fuse:
    """Counts parked events in a row; one that succeeds begins the count again.

    One that waits, or was seen before, says nothing: what follows a parked event on its stream only waits.
    """

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
        self._row = 0  # parked one after another until now
        self._worst = 0  # the longest row since the last look
        self._blown = False

    async def load(self) -> None:
        """A fuse that was blown before a restart is still blown."""
        self._blown = await self._fuses.find_one({"_id": self._lane}) is not None

    def note(self, outcome: Outcome) -> None:
        """What came of one event."""
        if not isinstance(outcome, Parked | Applied):
            return
        self._row = self._row + 1 if isinstance(outcome, Parked) else 0
        self._worst = max(self._worst, self._row)

    async def blow_if_due(self) -> bool:
        """Alarm if the limit is reached; True if this lane must stop, which only a routine one must."""
        worst, self._worst = self._worst, self._row
        if worst < self._max:
            return False
        self._alarm(f"{self._name}: {worst} events in a row were parked")
        self._row = self._worst = 0
        if self._lane in ALWAYS_ON:
            return False
        row = {"_id": self._lane, "parked": worst, "blown_at": self._clock.now()}
        await self._fuses.replace_one({"_id": self._lane}, row, upsert=True)
        self._blown = True
        return True

    async def stopped(self) -> bool:
        """Whether the consumer must rest; asks the store only while it does."""
        if self._blown and await self._fuses.find_one({"_id": self._lane}) is None:
            self._blown = False
        CONSUMER_STOPPED.labels(*self._labels).set(self._blown)
        return self._blown


async def mended(db: AsyncDatabase[dict[str, Any]], lane: Lane, retried: Sequence[str]) -> None:
    """Reset it if one of these rows succeeded when tried again, or if nothing is parked any more."""
    parked = db[PARKED]
    succeeded = await parked.find_one({"_id": {"$in": list(retried)}, "state": {"$ne": "parked"}}, ["_id"])
    if succeeded is not None or await parked.find_one({"state": "parked", "lane": lane}, ["_id"]) is None:
        await reset(db, lane)


async def reset(db: AsyncDatabase[dict[str, Any]], lane: Lane) -> bool:
    """Let the consumer go on; False if its fuse was not blown."""
    result = await db[FUSES].delete_one({"_id": lane})
    return result.deleted_count == 1
