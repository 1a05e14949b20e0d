"""The collections of dispatch, their indexes and their queries; the only place that knows them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast

from pymongo import UpdateOne
from pymongo.asynchronous.database import AsyncDatabase

from services.dispatch.domain.model import Loads, PropertyCopy, WorkOrder
from services.dispatch.domain.roster import DEPARTMENTS_MAX, Roster
from services.dispatch.handlers.people import LOADS_ID
from shared.events.envelope import LANES
from shared.kernel.kinds import Kinds, document_id
from shared.kernel.unit import Index

WORK_ORDERS, ROSTERS, PROPERTIES, LOADS = "work_orders", "rosters", "properties", "loads"
NUMBERS, COUNTERS = "numbers", "counters"  # the kernel's: which slip numbers were taken, and for what
WAITING, PARKED = "waiting", "parked"  # the kernel's: reports that have no slip yet

KINDS: Mapping[type, str] = {WorkOrder: WORK_ORDERS, Roster: ROSTERS, PropertyCopy: PROPERTIES, Loads: LOADS}

LOADED_PEOPLE_MAX = 10_000
PROPERTIES_MAX = 5_000
GAPS_SHOWN_MAX = 1_000

OPEN = {"open": True}
NEWEST = (("reported_at", -1), ("id", -1))
# A list is served by the first of these that it filters by; what is left is looked at along that index.
FILTERS = ("request_id", "unit_id", "assignee_id", "status", "department", "urgency", "procedure")
INDEXES: tuple[Index, ...] = (
    Index(WORK_ORDERS, (("property_id", 1), *NEWEST), serves="work orders by time of report, newest first"),
    *(
        Index(
            WORK_ORDERS,
            (("property_id", 1), (name, 1), *NEWEST),
            serves=f"work orders by {name}, newest first",
        )
        for name in FILTERS
    ),
    Index(
        WORK_ORDERS,
        (("property_id", 1), ("due_at", 1), ("id", 1)),
        serves="open work orders by deadline; the auditor's reading",
        partial=OPEN,
    ),
    Index(
        WORK_ORDERS,
        (("property_id", 1), ("open", 1), ("assignee_id", 1)),
        serves="the roll-up of loads, from the index alone",
        partial=OPEN,
    ),
    Index(
        WORK_ORDERS,
        (("property_id", 1), ("slip_year", 1), ("slip_number", 1)),
        serves="the gap check of slips, from the index alone",
    ),
    Index(ROSTERS, (("property_id", 1),), serves="all departments of a property"),
)

_KINDS = Kinds(KINDS)
Database = AsyncDatabase[dict[str, Any]]
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
    return [cast("WorkOrder", _KINDS.aggregate(WorkOrder, row)) for row in await cursor.to_list(limit)]


async def roster(db: Database, property_id: str, department: str) -> Roster | None:
    """One department."""
    query = {"_id": document_id(property_id, department), "property_id": property_id}
    row = await db[ROSTERS].find_one(query)
    return None if row is None else cast("Roster", _KINDS.aggregate(Roster, row))


async def rosters(db: Database, property_id: str) -> list[Roster]:
    """All departments of a property."""
    rows = await db[ROSTERS].find({"property_id": property_id}).to_list(DEPARTMENTS_MAX)
    return [cast("Roster", _KINDS.aggregate(Roster, row)) for row in rows]


async def settings_of(db: Database, property_id: str) -> PropertyCopy | None:
    """The copy of a property's settings."""
    query = {"_id": document_id(property_id, property_id), "property_id": property_id}
    row = await db[PROPERTIES].find_one(query)
    return None if row is None else cast("PropertyCopy", _KINDS.aggregate(PropertyCopy, row))


async def loads(db: Database, property_id: str) -> Loads | None:
    """The loads as last rolled up."""
    row = await db[LOADS].find_one({"_id": document_id(property_id, LOADS_ID), "property_id": property_id})
    return None if row is None else cast("Loads", _KINDS.aggregate(Loads, row))


# --- The roll-up ----------------------------------------------------------------------------------------


async def properties_with_work(db: Database) -> list[str]:
    """The ids of all properties that have work orders, from the index.

    Only for the roll-up and the auditor.
    """
    found: list[str] = await db[WORK_ORDERS].distinct("property_id")
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
    document = _KINDS.document(Loads(property_id, LOADS_ID, 1, counts, now))
    change = UpdateOne({"_id": document.pop("_id")}, {"$set": document}, upsert=True)
    await db[LOADS].bulk_write([change])


# --- The gap check (P033) -------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class VoidSlip:
    """A number that found no use, with its reason."""

    year: int
    number: int
    reason: str
    taken_at: datetime


@dataclass(frozen=True, slots=True)
class Slips:
    """The slip numbers of a year: `last` is the highest taken.

    What is neither written, void nor pending is missing.
    """

    last: int
    used: int
    void: tuple[VoidSlip, ...]
    pending: tuple[int, ...]
    missing: tuple[int, ...]
    twins: tuple[int, ...]


async def slips(db: Database, property_id: str, series: str, year: int, pending_since: datetime) -> Slips:
    """Compare the numbers taken with the slips written; of very many gaps the first `GAPS_SHOWN_MAX`."""
    counter = await db[COUNTERS].find_one({"_id": f"{property_id}:{series}:{year}"})
    query = {"property_id": property_id, "slip_year": year}
    shown = {"_id": 0, "slip_number": 1}
    written: set[int] = set()
    twins: set[int] = set()
    async for row in db[WORK_ORDERS].find(query, shown).sort("slip_number", 1):
        (twins if row["slip_number"] in written else written).add(row["slip_number"])
    last = max([*written, 0 if counter is None else int(counter["last"])], default=0)
    absent = [n for n in range(1, last + 1) if n not in written][:GAPS_SHOWN_MAX]
    rows = await _taken(db, property_id, series, year, absent)
    void = tuple(_void(rows[n]) for n in absent if n in rows and rows[n]["state"] == "void")
    pending = tuple(
        n for n in absent if n in rows and rows[n]["state"] == "taken" and rows[n]["taken_at"] > pending_since
    )
    known = {*pending, *(v.number for v in void)}
    missing = tuple(n for n in absent if n not in known)
    return Slips(last, len(written), void, pending, missing, tuple(sorted(twins)))


async def void_slips(
    db: Database, property_id: str, series: str, year: int, after: int, limit: int
) -> list[VoidSlip]:
    """A page of the void numbers of a year, in their order."""
    query = {
        "property_id": property_id,
        "series": series,
        "year": year,
        "number": {"$gt": after},
        "state": "void",
    }
    rows = await db[NUMBERS].find(query).sort("number", 1).limit(limit).to_list(limit)
    return [_void(row) for row in rows]


async def _taken(
    db: Database, property_id: str, series: str, year: int, numbers: Sequence[int]
) -> dict[int, dict[str, Any]]:
    if not numbers:
        return {}
    query = {"property_id": property_id, "series": series, "year": year, "number": {"$in": list(numbers)}}
    return {row["number"]: row async for row in db[NUMBERS].find(query).limit(len(numbers))}


def _void(row: Mapping[str, Any]) -> VoidSlip:
    return VoidSlip(row["year"], row["number"], row["reason"], row["taken_at"])


# --- The auditor ----------------------------------------------------------------------------------------


async def open_by_deadline(
    db: Database, property_id: str, due_before: datetime, limit: int
) -> AsyncIterator[WorkOrder]:
    """Open work orders whose deadline lies before a moment, most pressing first, at most `limit`."""
    query = {"property_id": property_id, "open": True, "due_at": {"$lt": due_before}}
    async for row in db[WORK_ORDERS].find(query).sort([("due_at", 1), ("id", 1)]).limit(limit):
        yield cast("WorkOrder", _KINDS.aggregate(WorkOrder, row))


@dataclass(frozen=True, slots=True)
class Held:
    """An event of a stream that dispatch has received and not applied."""

    property_id: str
    stream: str
    since: datetime
    parked: bool


async def held_reports(db: Database, types: Sequence[str], before: datetime, limit: int) -> list[Held]:
    """Reports that are parked, and streams on which something of intake waits, since before a moment.

    All properties.
    """
    parked = {"state": "parked", "parked_at": {"$lt": before}, "type": {"$in": list(types)}}
    rows = await db[PARKED].find(parked).sort("parked_at", 1).limit(limit).to_list(limit)
    held = [Held(r["property_id"], r["stream"], r["parked_at"], True) for r in rows]
    waiting = {"lane": {"$in": list(LANES)}, "since": {"$lt": before}, "source": "intake"}
    rows = await db[WAITING].find(waiting).sort("since", 1).limit(limit).to_list(limit)
    return held + [Held(r["property_id"], r["stream"], r["since"], False) for r in rows]


async def have_slips(db: Database, ids: Sequence[tuple[str, str]]) -> set[tuple[str, str]]:
    """Which of these work orders (property and id) exist."""
    wanted = {document_id(*pair): pair for pair in ids}
    rows = await db[WORK_ORDERS].find({"_id": {"$in": list(wanted)}}, {"_id": 1}).to_list(len(wanted) or 1)
    return {wanted[row["_id"]] for row in rows}


def _order(row: Mapping[str, Any] | None) -> WorkOrder | None:
    return None if row is None else cast("WorkOrder", _KINDS.aggregate(WorkOrder, row))
