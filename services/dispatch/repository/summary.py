"""The figures of a property at a glance: what is open, what is late, how many slips went out this year."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from services.dispatch.repository.names import COUNTERS, WORK_ORDERS, Database

QUERY_MS_MAX = 5_000


@dataclass(frozen=True, slots=True)
class OpenWork:
    """Open work orders of one urgency, and how many of them are past their deadline."""

    urgency: str
    open: int
    late: int


async def open_work(db: Database, property_id: str, now: datetime) -> list[OpenWork]:
    """Open work orders by urgency, counted along the index of open ones."""
    late = {"$and": [{"$lt": ["$due_at", now]}, {"$eq": ["$done_at", None]}]}
    pipeline: list[dict[str, Any]] = [
        {"$match": {"property_id": property_id, "open": True}},
        {
            "$group": {
                "_id": "$urgency",
                "open": {"$sum": 1},
                "late": {"$sum": {"$cond": [late, 1, 0]}},
            }
        },
        {"$sort": {"_id": 1}},
    ]
    cursor = await db[WORK_ORDERS].aggregate(pipeline, maxTimeMS=QUERY_MS_MAX)
    return [OpenWork(row["_id"], row["open"], row["late"]) async for row in cursor]


async def last_number(db: Database, property_id: str, series: str, year: int) -> int:
    """The highest number taken of a series and year; 0 if none was."""
    row = await db[COUNTERS].find_one({"_id": f"{property_id}:{series}:{year}"})
    return 0 if row is None else int(row["last"])
