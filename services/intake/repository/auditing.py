"""What the deadline auditor reads of intake's data, of many properties at once, along small indexes."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast

from services.intake.domain.complaint import Complaint
from services.intake.domain.day import DayCheck, WeekTold
from services.intake.domain.difficulty import Difficulty
from services.intake.domain.guide import Guide
from services.intake.domain.inquiry import Inquiry
from services.intake.domain.property import Property
from services.intake.domain.relay import Relay
from services.intake.domain.request import Request
from services.intake.domain.watch import SlipWatch
from services.intake.repository.names import KINDS, QUERY_MS_MAX, REQUESTS, A, Database
from shared.audit import in_batches
from shared.kernel.kinds import Kinds, document_id

IS_DATE = {"$type": "date"}  # as the indexes say; without it the planner does not take them
OPEN_STATES = ("RECEIVED", "CONFIRMED", "ASSIGNED", "INVESTIGATED", "VALID", "INVALID", "HANDLED")
PROPERTIES_MAX = 5_000
_KINDS = Kinds(KINDS)


@dataclass(frozen=True, slots=True)
class Due:
    """Something about a request that is overdue, and since when."""

    property_id: str
    request_id: str
    reference: str
    due_at: datetime


async def all_properties(db: Database) -> list[Property]:
    """Every property; only the auditor asks for all."""
    rows = await db[KINDS[Property]].find().sort("_id", 1).limit(PROPERTIES_MAX).to_list(PROPERTIES_MAX)
    return [cast("Property", _KINDS.aggregate(Property, row)) for row in rows]


async def due_requests(
    db: Database, properties: Sequence[str], field: str, before: datetime, limit: int, **more: Any
) -> AsyncIterator[Due]:
    """Open requests of which that moment has passed, the oldest first."""
    query = {**_of(properties), field: {**IS_DATE, "$lt": before}, "status": "OPEN", **more}
    async for row in _due(db, query, field, limit):
        yield row


async def late_talks(
    db: Database, properties: Sequence[str], before: datetime, limit: int
) -> AsyncIterator[Due]:
    """Special clients the director has not talked to in time, and nobody was told."""
    query = {**_of(properties), "talk.waiting": True, "talk.due_at": {"$lt": before}, "talk.late": False}
    async for row in _due(db, query, "talk.due_at", limit):
        yield row


async def joined_requests(
    db: Database, properties: Sequence[str], limit: int
) -> AsyncIterator[tuple[Request, Request | None]]:
    """Open requests that are joined to another, with that one."""
    query = {**_of(properties), "status": "OPEN", "joined_to": {"$gt": ""}}
    joined = [request async for request in _find(db, Request, query, limit)]
    others = await _several(db, Request, {(r.property_id, r.joined_to) for r in joined})
    for request in joined:
        yield request, others.get((request.property_id, request.joined_to))


def open_complaints(db: Database, properties: Sequence[str], limit: int) -> AsyncIterator[Complaint]:
    """Complaints that have not ended, the oldest first."""
    return _find(
        db, Complaint, {**_of(properties), "state": {"$in": list(OPEN_STATES)}}, limit, "received_at"
    )


async def difficulties(
    db: Database, properties: Sequence[str], limit: int
) -> AsyncIterator[Difficulty | None]:
    """What is recorded of each open difficult issue."""
    query = {**_of(properties), "difficult": True, "status": "OPEN"}
    rows = await db[REQUESTS].find(query, {"id": 1, "property_id": 1}).limit(limit).to_list(limit)
    keys = [(row["property_id"], row["id"]) for row in rows]
    found = await _several(db, Difficulty, set(keys))
    for key in keys:
        yield found.get(key)


def late_inquiries(
    db: Database, properties: Sequence[str], before: datetime, limit: int
) -> AsyncIterator[Inquiry]:
    """Deferred inquiries that are not answered in time, and nobody was told."""
    query = _late(properties, "DEFERRED", before) | {"late_told": False}
    return _find(db, Inquiry, query, limit, "due_at")


def late_messages(
    db: Database, properties: Sequence[str], before: datetime, limit: int
) -> AsyncIterator[Relay]:
    """Messages of which nobody was reminded in time."""
    return _find(db, Relay, _late(properties, "TAKEN", before), limit, "due_at")


async def days_checked(db: Database, days: Mapping[str, str]) -> set[str]:
    """Those of the properties of which it was looked at whether that day is signed."""
    return {property_id for property_id, _ in await _several(db, DayCheck, set(days.items()))}


async def weeks_told(db: Database, weeks: Mapping[str, str]) -> set[str]:
    """Those of the properties where it was told that the complaints of that week can be read."""
    return {property_id for property_id, _ in await _several(db, WeekTold, set(weeks.items()))}


def guides_telling(db: Database, properties: Sequence[str], limit: int) -> AsyncIterator[Guide]:
    """Guides of these properties whose newest edition is being told to the households."""
    return _find(db, Guide, {"telling": {"$gt": 0}, **_of(properties)}, limit)


async def slips_told(db: Database, properties: Sequence[str]) -> dict[str, SlipWatch]:
    """How far each property has been told that its slips are not out."""
    found = await _several(db, SlipWatch, {(property_id, property_id) for property_id in properties})
    return {property_id: state for (property_id, _), state in found.items()}


def _of(properties: Sequence[str]) -> dict[str, Any]:
    return {"property_id": {"$in": list(properties)}}


def _late(properties: Sequence[str], state: str, before: datetime) -> dict[str, Any]:
    return {**_of(properties), "state": state, "due_at": {"$lt": before}}


async def _due(db: Database, query: dict[str, Any], field: str, limit: int) -> AsyncIterator[Due]:
    wanted = {"property_id": 1, "id": 1, "reference": 1, field: 1}
    cursor = db[REQUESTS].find(query, wanted, max_time_ms=QUERY_MS_MAX)
    async for row in cursor.sort(field, 1).limit(limit):
        yield Due(row["property_id"], row["id"], row["reference"], _at(row, field))


def _at(row: dict[str, Any], field: str) -> datetime:
    found: Any = row
    for part in field.split("."):
        found = found[part]
    return cast("datetime", found)


async def _several(db: Database, kind: type[A], keys: set[tuple[str, str]]) -> dict[tuple[str, str], A]:
    """Those that are there of these properties' ids."""
    found: dict[tuple[str, str], A] = {}
    for some in in_batches(sorted(keys)):
        ids = [document_id(*key) for key in some]
        query = {"_id": {"$in": ids}, **_of(sorted({property_id for property_id, _ in some}))}
        async for one in _find(db, kind, query, len(ids)):
            found[one.property_id, one.id] = one
    return found


async def _find(
    db: Database, kind: type[A], query: dict[str, Any], limit: int, sort: str = ""
) -> AsyncIterator[A]:
    cursor = db[KINDS[kind]].find(query, max_time_ms=QUERY_MS_MAX)
    if sort:
        cursor = cursor.sort(sort, 1)
    async for row in cursor.limit(limit):
        yield cast("A", _KINDS.aggregate(kind, row))
