"""Figures over requests and contacts: the part of the repository that counts."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from services.intake.repository.names import CONTACTS, QUERY_MS_MAX, REQUESTS, UNITS, Database, Query
from shared.catalogue.channels import channels

VISITS = [name for name, one in channels().items() if one.medium == "visit"]


@dataclass(frozen=True, slots=True)
class Summary:
    """`contacts` and `requests` (by status) since a time; `open` requests by urgency, whenever they came;
    `promises_missed` since a time (P013).
    """

    contacts: int
    requests: dict[str, int]
    open: dict[str, int]
    promises_missed: int


async def summary(db: Database, property_id: str, since: datetime) -> Summary:
    """Counted along the indexes of time and of status."""
    contacts = await db[CONTACTS].count_documents(
        {"property_id": property_id, "started_at": {"$gte": since}}, maxTimeMS=QUERY_MS_MAX
    )
    recent = {"property_id": property_id, "reported_at": {"$gte": since}}
    still_open = {"property_id": property_id, "status": "OPEN"}
    late = {"property_id": property_id, "promise.missed_at": {"$gte": since}}
    return Summary(
        contacts,
        await _counted(db, recent, "$status"),
        await _counted(db, still_open, "$urgency"),
        await db[REQUESTS].count_documents(late, maxTimeMS=QUERY_MS_MAX),
    )


async def answered_calls(
    db: Database, property_id: str, since: datetime, within: timedelta
) -> tuple[int, int]:
    """Calls from outside since a time whose ringing is known: how many were answered in time, of how many."""
    query: Query = {
        "property_id": property_id,
        "started_at": {"$gte": since},
        "medium": "call",
        "direction": "in",
        "answered_at": {"$gte": since},
    }
    rang = {"$subtract": ["$answered_at", "$started_at"]}
    in_time = {"$cond": [{"$lt": [rang, within // timedelta(milliseconds=1)]}, 1, 0]}
    grouped = {"$group": {"_id": None, "in_time": {"$sum": in_time}, "all": {"$sum": 1}}}
    cursor = await db[CONTACTS].aggregate([{"$match": query}, grouped], maxTimeMS=QUERY_MS_MAX)
    rows = await cursor.to_list()
    return (rows[0]["in_time"], rows[0]["all"]) if rows else (0, 0)


async def _counted(db: Database, query: Query, by: str) -> dict[str, int]:
    pipeline = [{"$match": query}, {"$group": {"_id": by, "count": {"$sum": 1}}}, {"$sort": {"_id": 1}}]
    cursor = await db[REQUESTS].aggregate(pipeline, maxTimeMS=QUERY_MS_MAX)
    return {row["_id"]: row["count"] async for row in cursor}


async def by_procedure(db: Database, property_id: str, since: datetime, until: datetime) -> dict[str, int]:
    """How many requests of each procedure were reported in that time, along the index of time."""
    query = {"property_id": property_id, "reported_at": {"$gte": since, "$lt": until}}
    return await _counted(db, query, "$procedure")


async def unsettled_visits(db: Database, property_id: str, since: datetime, until: datetime) -> int:
    """How many requests that came with a visit in that time are still open, along the index of status."""
    query: Query = {
        "property_id": property_id,
        "status": "OPEN",
        "reported_at": {"$gte": since, "$lt": until},
        "channel": {"$in": VISITS},
    }
    return await db[REQUESTS].count_documents(query, maxTimeMS=QUERY_MS_MAX)


async def count_units(db: Database, property_id: str) -> int:
    """How many units the property has: its households (domain §8.3.15)."""
    return await db[UNITS].count_documents({"property_id": property_id}, maxTimeMS=QUERY_MS_MAX)
