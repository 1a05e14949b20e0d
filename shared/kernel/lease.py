"""A lease: one process of several does a thing (sweep timers).

The same replica takes its own lease back at once after a crash.
"""

from __future__ import annotations

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

    async def hold(self) -> bool:
        """Take or renew it; False while another process holds it."""
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
        return row is not None and row["owner"] == self._owner
