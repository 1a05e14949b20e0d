"""Work orders, rosters, settings and loads: what the HTTP lists read, and the roll-up."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast

from pymongo import UpdateOne

from services.dispatch.domain.model import Loads, PropertyCopy, WorkOrder
from services.dispatch.domain.roster import DEPARTMENTS_MAX, Roster
from services.dispatch.handlers.people import LOADS_ID
from services.dispatch.repository.names import (
    CODEC,
    LOADS,
    NUMBERS,
    PROPERTIES,
    ROSTERS,
    WORK_ORDERS,
    Database,
)
from shared.audit import in_batches
from shared.kernel.kinds import document_id

LOADED_PEOPLE_MAX = 10_000
PROPERTIES_MAX = 5_000
Place = tuple[datetime, str]


async def work_order(db: Database, property_id: str, work_order_id: str) -> WorkOrder | None:
    """One work order."""
    query = {"_id": document_id(property_id, work_order_id), "property_id": property_id}
    return _order(await db[WORK_ORDERS].find_one(query))


@dataclass(frozen=True, slots=True)
class Search:
    """What a list is filtered by. `open_only` with `by_deadline` reads the deadlines, most pressing first."""

    filters: Mapping[str, str]
    reported_from: datetime | None = None
    reported_until: datetime | None = None
    due_before: datetime | None = None
    open_only: bool = False
    by_deadline: bool = False


async def work_orders(
    db: Database, property_id: str, search: Search, after: Place | None, limit: int
) -> list[WorkOrder]:
    """A page of work orders, newest first or by deadline."""
    key, direction = ("due_at", 1) if search.by_deadline else ("reported_at", -1)
    query: dict[str, Any] = {"property_id": property_id, **{k: v for k, v in search.filters.items() if v}}
    if search.open_only or search.by_deadline:
        query["open"] = True
    ranges: dict[str, dict[str, Any]] = {"reported_at": {}, "due_at": {}}
    if search.reported_from is not None:
        ranges["reported_at"]["$gte"] = search.reported_from
    if search.reported_until is not None:
        ranges["reported_at"]["$lt"] = search.reported_until
    if search.due_before is not None:
        ranges["due_at"]["$lt"] = search.due_before
    clauses: list[dict[str, Any]] = [{name: wanted} for name, wanted in ranges.items() if wanted]
    if after is not None:
        moment, last = after
        beyond, edge = ("$gt", "$gte") if direction == 1 else ("$lt", "$lte")
        clauses += [{key: {edge: moment}}, {"$or": [{key: {beyond: moment}}, {"id": {beyond: last}}]}]
    if clauses:
        query["$and"] = clauses
    cursor = db[WORK_ORDERS].find(query).sort([(key, direction), ("id", direction)]).limit(limit)
    return [cast("WorkOrder", CODEC.aggregate(WorkOrder, row)) for row in await cursor.to_list(limit)]


async def roster(db: Database, property_id: str, department: str) -> Roster | None:
    """One department."""
    query = {"_id": document_id(property_id, department), "property_id": property_id}
    row = await db[ROSTERS].find_one(query)
    return None if row is None else cast("Roster", CODEC.aggregate(Roster, row))


async def rosters(db: Database, property_id: str) -> list[Roster]:
    """All departments of a property."""
    rows = await db[ROSTERS].find({"property_id": property_id}).to_list(DEPARTMENTS_MAX)
    return [cast("Roster", CODEC.aggregate(Roster, row)) for row in rows]


async def settings_of(db: Database, property_id: str) -> PropertyCopy | None:
    """The copy of a property's settings."""
    query = {"_id": document_id(property_id, property_id), "property_id": property_id}
    row = await db[PROPERTIES].find_one(query)
    return None if row is None else cast("PropertyCopy", CODEC.aggregate(PropertyCopy, row))


async def all_settings(db: Database, properties: Sequence[str]) -> dict[str, PropertyCopy]:
    """The copies of many properties' settings, by property. Only for loops and the auditor."""
    found: dict[str, PropertyCopy] = {}
    for some in in_batches(properties):
        ids = [document_id(property_id, property_id) for property_id in some]
        query = {"_id": {"$in": ids}, "property_id": {"$in": list(some)}}
        async for row in db[PROPERTIES].find(query):
            found[row["property_id"]] = cast("PropertyCopy", CODEC.aggregate(PropertyCopy, row))
    return found


async def loads(db: Database, property_id: str) -> Loads | None:
    """The loads as last rolled up."""
    row = await db[LOADS].find_one({"_id": document_id(property_id, LOADS_ID), "property_id": property_id})
    return None if row is None else cast("Loads", CODEC.aggregate(Loads, row))


async def properties_with_work(db: Database) -> list[str]:
    """The ids of all properties that took a number, from the index: also where every slip is lost (P033).

    Only for the loops and the auditor, which look after all properties.
    """
    found: list[str] = await db[NUMBERS].distinct("property_id")
    return sorted(found)[:PROPERTIES_MAX]


async def roll_up_loads(db: Database, property_id: str, now: datetime) -> None:
    """Count the open work orders of everybody and keep the sums in one document that no commit writes."""
    pipeline: list[dict[str, Any]] = [
        {"$match": {"property_id": property_id, "open": True, "assignee_id": {"$gt": ""}}},
        {"$group": {"_id": "$assignee_id", "count": {"$sum": 1}}},
        {"$limit": LOADED_PEOPLE_MAX},
    ]
    cursor = await db[WORK_ORDERS].aggregate(pipeline)
    counts = {row["_id"]: row["count"] async for row in cursor}
    document = CODEC.document(Loads(property_id, LOADS_ID, 1, counts, now))
    change = UpdateOne({"_id": document.pop("_id")}, {"$set": document}, upsert=True)
    await db[LOADS].bulk_write([change])


def _order(row: Mapping[str, Any] | None) -> WorkOrder | None:
    return None if row is None else cast("WorkOrder", CODEC.aggregate(WorkOrder, row))
