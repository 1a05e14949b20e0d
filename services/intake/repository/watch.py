"""What the watch reads: emergencies that dispatch has not answered, slips that are not out (J30).

Of all properties, along one index of what is waited for; only the loop of the watch asks.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast

from services.intake.domain.watch import Overdue
from services.intake.repository.names import PROPERTIES, QUERY_MS_MAX, REQUESTS, Database
from shared.events.envelope import Lane
from shared.kernel.commit import TIMERS
from shared.kernel.plan import timer_id

LOOKED_AT_MAX = 5_000
IS_WATCHED = {"$type": "date"}  # as the index says; without it the planner does not take it
PROPERTIES_MAX = 500


@dataclass(frozen=True, slots=True)
class Unanswered:
    """An emergency whose answer is overdue; `lane` is that of its stream."""

    property_id: str
    id: str
    lane: Lane
    watch_at: datetime


async def unanswered(db: Database, now: datetime, limit: int) -> list[Unanswered]:
    """Emergencies that should have been answered by now, the oldest first."""
    query = {"watch_for": "answer", "watch_at": {**IS_WATCHED, "$lte": now}}
    shown = {"_id": 0, "property_id": 1, "id": 1, "lane": 1, "watch_at": 1}
    cursor = db[REQUESTS].find(query, shown, max_time_ms=QUERY_MS_MAX).sort("watch_at", 1).limit(limit)
    return [
        Unanswered(row["property_id"], row["id"], cast("Lane", row["lane"]), row["watch_at"])
        for row in await cursor.to_list(limit)
    ]


async def without_timer(db: Database, key: str) -> AsyncIterator[list[str]]:
    """The properties whose own stream has no timer of that key, some hundreds at a time."""
    after = ""
    while True:
        found = db[PROPERTIES].find({"_id": {"$gt": after}}, {"id": 1}).sort("_id", 1)
        rows = await found.limit(PROPERTIES_MAX).to_list(PROPERTIES_MAX)
        timers = {timer_id(row["id"], f"property:{row['id']}", key): row["id"] for row in rows}
        there = db[TIMERS].find({"_id": {"$in": list(timers)}}, {"_id": 1})
        have = {timers[row["_id"]] async for row in there}
        yield sorted(set(timers.values()) - have)
        if len(rows) < PROPERTIES_MAX:
            return
        after = rows[-1]["_id"]


async def late_slips(db: Database, now: datetime) -> list[Overdue]:
    """The slips that should be out by now, by property; of very many the oldest `LOOKED_AT_MAX`."""
    pipeline: list[dict[str, Any]] = [
        {"$match": {"watch_for": "slip", "watch_at": {**IS_WATCHED, "$lte": now}}},
        {"$sort": {"watch_at": 1}},
        {"$limit": LOOKED_AT_MAX},
        {
            "$group": {
                "_id": "$property_id",
                "count": {"$sum": 1},
                "urgent": {"$sum": {"$cond": [{"$eq": ["$urgency", "urgent"]}, 1, 0]}},
                "oldest_at": {"$first": "$watch_at"},
                "references": {"$push": "$reference"},
            }
        },
        {"$set": {"references": {"$slice": ["$references", 3]}}},
        {"$limit": PROPERTIES_MAX},
    ]
    cursor = await db[REQUESTS].aggregate(pipeline, maxTimeMS=QUERY_MS_MAX)
    return [
        Overdue(row["_id"], row["count"], row["urgent"], row["oldest_at"], tuple(row["references"]))
        async for row in cursor
    ]
