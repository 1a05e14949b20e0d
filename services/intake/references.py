"""Draws references for new requests: short numbers, never the same twice in a property.

A process takes a block of serial numbers at a time, so that accepting a request writes nothing for its
number. What a process had left when it stopped is lost: references may have gaps, slips may not.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Iterator

from services.intake.domain.reference import reference_of
from services.intake.repository import Database, take_serials

BLOCK = 200
PROPERTIES_KEPT_MAX = 1_000  # beyond, the rest of the oldest block is lost too


class References:
    """The references this process may give out."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._left: OrderedDict[str, Iterator[int]] = OrderedDict()
        self._lock = asyncio.Lock()  # a block lasts for 200 requests: one refill at a time is enough

    async def draw(self, property_id: str) -> str:
        """The next reference of the property."""
        serial = self._next(property_id)
        if serial is None:
            async with self._lock:
                serial = self._next(property_id)
                if serial is None:
                    serial = await self._refilled(property_id)
        return reference_of(serial)

    def _next(self, property_id: str) -> int | None:
        return next(self._left.get(property_id, iter(())), None)

    async def _refilled(self, property_id: str) -> int:
        first = await take_serials(self._db, property_id, BLOCK)
        block = self._left[property_id] = iter(range(first, first + BLOCK))
        self._left.move_to_end(property_id)
        while len(self._left) > PROPERTIES_KEPT_MAX:
            self._left.popitem(last=False)
        return next(block)
