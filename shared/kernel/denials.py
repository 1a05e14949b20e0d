"""What was refused: calls for a property outside the token's grants, wrong roles, steps out of order.

A foreign property is answered like nonsense, but remembered (design §1, Tenancy). A refused command changes
nothing; that it was tried, by whom and why not, is kept here for some time.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pymongo.asynchronous.database import AsyncDatabase
from pymongo.errors import BulkWriteError

from shared.clock import Clock
from shared.ids import new_id
from shared.kernel.unit import Index

COLLECTION = "denials"
PENDING_MAX = 1_000
TEXT_CHARS_MAX = 200
DUPLICATE = 11000
QUERY_MS_MAX = 5_000

NEWEST = (("at", -1), ("_id", -1))
FILTERS = ("kind", "sub")
"""What the list may be narrowed by, each along an index."""


def indexes(kept_days: int) -> tuple[Index, ...]:
    """The indexes of refusals, which are forgotten after so many days."""
    return (
        Index(
            COLLECTION, (("property_id", 1), *NEWEST), serves="what was refused in a property, newest first"
        ),
        *(
            Index(COLLECTION, (("property_id", 1), (name, 1), *NEWEST), serves=f"refusals by {name}")
            for name in FILTERS
        ),
        Index(COLLECTION, (("at", 1),), serves="expiry", expire_after_seconds=kept_days * 86_400),
    )


@dataclass(frozen=True, slots=True)
class Refusal:
    """One refusal: who asked for what, and the kind of the problem. No body, no names, no telephones."""

    id: str
    at: datetime
    sub: str
    method: str
    path: str
    kind: str


async def refusals(
    db: AsyncDatabase[dict[str, Any]],
    property_id: str,
    filters: Mapping[str, str],
    *,
    since: datetime | None,
    until: datetime | None,
    after: tuple[datetime, str] | None,
    limit: int,
) -> list[Refusal]:
    """A page of what was refused in a property, newest first. Filters: one of `FILTERS`, or none."""
    query: dict[str, Any] = {"property_id": property_id, **{k: v for k, v in filters.items() if v}}
    bounds = {"$gte": since, "$lt": until, "$lte": after[0] if after is not None else None}
    at = {name: moment for name, moment in bounds.items() if moment is not None}
    if at:
        query["at"] = at
    if after is not None:
        query["$or"] = [{"at": {"$lt": after[0]}}, {"_id": {"$lt": after[1]}}]
    cursor = db[COLLECTION].find(query, max_time_ms=QUERY_MS_MAX).sort(list(NEWEST)).limit(limit)
    return [
        Refusal(str(row["_id"]), row["at"], row["sub"], row["method"], row["path"], row["kind"])
        for row in await cursor.to_list(limit)
    ]


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
                "_id": new_id(),
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
        except BaseException as error:  # also when told to end: who stops the process writes once more
            if not _all_there(error):
                self._pending = deque([*rows, *self._pending], maxlen=PENDING_MAX)
                raise

    async def run(self) -> None:
        """Write once a second."""
        while True:
            await asyncio.sleep(1)
            await self.flush()


def _all_there(error: BaseException) -> bool:
    """Whether each row that was refused had been written by an earlier try."""
    details = error.details if isinstance(error, BulkWriteError) else None
    failed = (details or {}).get("writeErrors", ())
    return bool(failed) and all(one["code"] == DUPLICATE for one in failed)
