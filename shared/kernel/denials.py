"""What was refused: calls for a property outside the token's grants, wrong roles, steps out of order.

A foreign property is answered like nonsense, but remembered (design §1, Tenancy). A refused command changes
nothing; that it was tried, by whom and why not, is kept here for some time.
"""

from __future__ import annotations

import asyncio
from collections import deque
from typing import Any

from pymongo.asynchronous.database import AsyncDatabase
from pymongo.errors import BulkWriteError, PyMongoError

from shared.clock import Clock
from shared.kernel.unit import Index

COLLECTION = "denials"
KEPT_DAYS = 90
PENDING_MAX = 1_000
TEXT_CHARS_MAX = 200
DUPLICATE = 11000

INDEXES = (
    Index(COLLECTION, (("property_id", 1), ("at", -1)), serves="who tried to look into this property"),
    Index(COLLECTION, (("at", 1),), serves="expiry", expire_after_seconds=KEPT_DAYS * 86_400),
)


class Denials:
    """Collects denials (bounded: the oldest of a flood go first) and writes them once a second."""

    def __init__(self, db: AsyncDatabase[dict[str, Any]], clock: Clock) -> None:
        self._db = db
        self._clock = clock
        self._pending: deque[dict[str, Any]] = deque(maxlen=PENDING_MAX)

    def record(
        self, sub: str, property_id: str, method: str, path: str, kind: str = "no-such-property"
    ) -> None:
        """Remember one; `kind` is the problem's, such as `not-allowed` or `already-signed`."""
        self._pending.append(
            {
                "at": self._clock.now(),
                "sub": sub[:TEXT_CHARS_MAX],
                "property_id": property_id[:TEXT_CHARS_MAX],
                "method": method,
                "path": path[:TEXT_CHARS_MAX],
                "kind": kind[:TEXT_CHARS_MAX],
            }
        )

    async def flush(self) -> None:
        """Write what is pending; while the store is away it stays pending."""
        rows = [self._pending.popleft() for _ in range(len(self._pending))]
        if not rows:
            return
        try:
            await self._db[COLLECTION].insert_many(rows, ordered=False)
        except PyMongoError as error:
            if not _all_there(error):
                self._pending = deque([*rows, *self._pending], maxlen=PENDING_MAX)
                raise

    async def run(self) -> None:
        """Write once a second."""
        while True:
            await asyncio.sleep(1)
            await self.flush()


def _all_there(error: PyMongoError) -> bool:
    """Whether each row that was refused had been written by an earlier try."""
    details = error.details if isinstance(error, BulkWriteError) else None
    failed = (details or {}).get("writeErrors", ())
    return bool(failed) and all(one["code"] == DUPLICATE for one in failed)
