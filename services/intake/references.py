"""Draws references for new requests: short numbers, never the same twice in a property.

A process takes a block of serial numbers at a time, so that accepting a request writes nothing for its
number. What a process had left when it stopped is lost: references may have gaps, slips may not.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Iterator

from services.intake.domain.reference import reference_of
from services.intake.repository import Database, take_serials

BLOCK = 200


class References:
    """The references this process may give out."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._left: dict[str, Iterator[int]] = {}
        self._locks: dict[str, asyncio.Lock] = defaultdict(asyncio.Lock)

    async def draw(self, property_id: str) -> str:
        """The next reference of the property."""
        serial = next(self._left.get(property_id, iter(())), None)
        if serial is None:
            serial = await self._refilled(property_id)
        return reference_of(serial)

    async def _refilled(self, property_id: str) -> int:
        async with self._locks[property_id]:
            serial = next(self._left.get(property_id, iter(())), None)
            if serial is None:
                first = await take_serials(self._db, property_id, BLOCK)
                self._left[property_id] = iter(range(first, first + BLOCK))
                serial = next(self._left[property_id])
            return serial
