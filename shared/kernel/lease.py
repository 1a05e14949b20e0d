"""A lease: one process of several does a thing (sweep timers). The same replica takes its own lease back at once after a crash."""

from __future__ import annotations

from typing import Any

from pymongo import ReturnDocument
from pymongo.asynchronous.database import AsyncDatabase
from pymongo.errors import DuplicateKeyError

COLLECTION = "leases"


class Lease:
    """Held while renewed; compared with the database's clock, not the host's."""

    def __init__(self, db: AsyncDatabase[dict[str, Any]], name: str, owner: str, seconds: float) -> None:
        self._db = db
        self._name = name
        self._owner = owner
        self._seconds = seconds

    async def hold(self) -> bool:
        """Take or renew it; False while another process holds it."""
        free = {"$or": [{"owner": self._owner}, {"$expr": {"$lt": ["$until", "$$NOW"]}}]}
        until = {"$add": ["$$NOW", int(self._seconds * 1000)]}
        try:
            row = await self._db[COLLECTION].find_one_and_update(
                {"_id": self._name, **free},
                [{"$set": {"owner": self._owner, "until": until}}],
                upsert=True,
                return_document=ReturnDocument.AFTER,
            )
        except DuplicateKeyError:
            return False
        return row is not None and row["owner"] == self._owner
