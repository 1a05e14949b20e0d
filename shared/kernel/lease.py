"""A lease: one process of several does a thing (sweep timers, relay a lane).

The same replica takes its own lease back at once after a crash. Of two processes with one name, which is a
mistake, the one that was started last has it.
"""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import Any

from pymongo import ReturnDocument
from pymongo.asynchronous.database import AsyncDatabase

from shared.ids import new_id

COLLECTION = "leases"
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Lease:
    """Held while renewed; compared with the database's clock, not the host's."""

    def __init__(self, db: AsyncDatabase[dict[str, Any]], name: str, owner: str, seconds: float) -> None:
        self._db = db
        self._name = name
        self._owner = owner
        self._seconds = seconds
        self._instance = new_id()
        self._had = False
        self._renew_at = 0.0
        self.replaced = False  # a process that was started later has our name: it goes on, we do not

    async def hold(self, *, ask: bool = False) -> bool:
        """Take it, or renew it in its last two thirds; False while another process holds it.

        `ask`: look now, also if it need not be renewed yet.
        """
        if not ask and time.monotonic() < self._renew_at:
            return True
        row = await self._db[COLLECTION].find_one_and_update(
            {"_id": self._name},
            [{"$set": self._taken()}],
            upsert=True,
            return_document=ReturnDocument.AFTER,
        )
        held = row is not None and row.get("instance") == self._instance
        self.replaced = row is not None and not held and row["owner"] == self._owner
        self._had = self._had or held
        self._renew_at = time.monotonic() + self._seconds / 3 if held else 0.0
        return held

    def _taken(self) -> dict[str, Any]:
        """The row as ours if it was ours (before we first had it: our name's), or if it has lapsed."""
        mine = {"$eq": ["$instance", self._instance] if self._had else ["$owner", self._owner]}
        lapsed = {"$lt": [{"$ifNull": ["$until", EPOCH]}, "$$NOW"]}
        take = {"$or": [mine, lapsed]}
        until = {"$add": ["$$NOW", int(self._seconds * 1000)]}
        return {
            "until": {"$cond": [take, until, "$until"]},
            "owner": {"$cond": [take, self._owner, "$owner"]},
            "instance": {"$cond": [take, self._instance, "$instance"]},
        }
