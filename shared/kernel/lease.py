"""A lease: one process of several does a thing (sweep timers).

The same replica takes its own lease back at once after a crash.
"""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import Any

from pymongo import ReturnDocument
from pymongo.asynchronous.database import AsyncDatabase

COLLECTION = "leases"
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Lease:
    """Held while renewed; compared with the database's clock, not the host's."""

    def __init__(self, db: AsyncDatabase[dict[str, Any]], name: str, owner: str, seconds: float) -> None:
        self._db = db
        self._name = name
        self._owner = owner
        self._seconds = seconds
        self._renew_at = 0.0

    async def hold(self) -> bool:
        """Take it, or renew it in its last two thirds; False while another process holds it."""
        if time.monotonic() < self._renew_at:
            return True
        mine = {"$eq": ["$owner", self._owner]}
        lapsed = {"$lt": [{"$ifNull": ["$until", EPOCH]}, "$$NOW"]}
        until = {"$add": ["$$NOW", int(self._seconds * 1000)]}
        take = {"$or": [mine, lapsed]}
        row = await self._db[COLLECTION].find_one_and_update(
            {"_id": self._name},
            [
                {
                    "$set": {
                        "until": {"$cond": [take, until, "$until"]},
                        "owner": {"$cond": [take, self._owner, "$owner"]},
                    }
                }
            ],
            upsert=True,
            return_document=ReturnDocument.AFTER,
        )
        held = row is not None and row["owner"] == self._owner
        self._renew_at = time.monotonic() + self._seconds / 3 if held else 0.0
        return held
