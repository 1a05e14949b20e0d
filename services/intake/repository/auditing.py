"""What the deadline auditor reads of intake's data, one property at a time, along small indexes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast

from services.intake.domain.complaint import Complaint
from services.intake.domain.day import DayCheck, WeekTold
from services.intake.domain.difficulty import Difficulty
from services.intake.domain.inquiry import Inquiry
from services.intake.domain.property import Property
from services.intake.domain.relay import Relay
from services.intake.domain.request import Request
from services.intake.domain.watch import SlipWatch
from services.intake.repository.names import KINDS, QUERY_MS_MAX, REQUESTS, A, Database
from shared.kernel.kinds import Kinds, document_id

IS_DATE = {"$type": "date"}  # as the indexes say; without it the planner does not take them
OPEN_STATES = ("RECEIVED", "CONFIRMED", "ASSIGNED", "INVESTIGATED", "VALID", "INVALID", "HANDLED")
PROPERTIES_MAX = 5_000
_KINDS = Kinds(KINDS)


@dataclass(frozen=True, slots=True)
class Due:
    """Something about a request that is overdue, and since when."""

    request_id: str
    reference: str
    due_at: datetime


async def all_properties(db: Database) -> list[Property]:
    """Every property; only the auditor asks for all."""
    rows = await db[KINDS[Property]].find().sort("_id", 1).limit(PROPERTIES_MAX).to_list(PROPERTIES_MAX)
    return [cast("Property", _KINDS.aggregate(Property, row)) for row in rows]


async def due_requests(
    db: Database, property_id: str, field: str, before: datetime, limit: int, **more: Any
) -> list[Due]:
    """Open requests of which that moment has passed, the oldest first."""
    query = {"property_id": property_id, field: {**IS_DATE, "$lt": before}, "status": "OPEN", **more}
    cursor = db[REQUESTS].find(query, {"id": 1, "reference": 1, field: 1}, max_time_ms=QUERY_MS_MAX)
    rows = await cursor.sort(field, 1).limit(limit).to_list(limit)
    return [Due(row["id"], row["reference"], _at(row, field)) for row in rows]


async def late_talks(db: Database, property_id: str, before: datetime, limit: int) -> list[Due]:
    """Special clients the director has not talked to in time, and nobody was told."""
    query = {"property_id": property_id, "talk.waiting": True, "talk.due_at": {"$lt": before}}
    wanted = {"id": 1, "reference": 1, "talk.due_at": 1}
    cursor = db[REQUESTS].find({**query, "talk.late": False}, wanted, max_time_ms=QUERY_MS_MAX)
    rows = await cursor.sort("talk.due_at", 1).limit(limit).to_list(limit)
    return [Due(row["id"], row["reference"], _at(row, "talk.due_at")) for row in rows]


async def joined_requests(db: Database, property_id: str, limit: int) -> list[tuple[Request, Request | None]]:
    """Open requests that are joined to another, with that one."""
    query = {"property_id": property_id, "status": "OPEN", "joined_to": {"$gt": ""}}
    joined = await _find(db, Request, query, limit)
    others = {r.id: r for r in await _several(db, Request, property_id, {r.joined_to for r in joined})}
    return [(request, others.get(request.joined_to)) for request in joined]


async def open_complaints(db: Database, property_id: str, limit: int) -> list[Complaint]:
    """Complaints that have not ended, the oldest first."""
    query = {"property_id": property_id, "state": {"$in": list(OPEN_STATES)}}
    return await _find(db, Complaint, query, limit, "received_at")


async def late_calls(db: Database, property_id: str, before: datetime, limit: int) -> list[Difficulty]:
    """Difficult issues whose superior has not called in time, and nobody was told."""
    query = {"property_id": property_id, "difficult": True, "status": "OPEN"}
    rows = await db[REQUESTS].find(query, {"id": 1}).limit(limit).to_list(limit)
    found = await _several(db, Difficulty, property_id, {row["id"] for row in rows})
    late = [d for d in found if d.due_at is not None and d.due_at < before]
    return [d for d in late if d.called_at is None and not d.late_told]


async def late_inquiries(db: Database, property_id: str, before: datetime, limit: int) -> list[Inquiry]:
    """Deferred inquiries that are not answered in time, and nobody was told."""
    query = _late(property_id, "DEFERRED", before) | {"late_told": False}
    return await _find(db, Inquiry, query, limit, "due_at")


async def late_messages(db: Database, property_id: str, before: datetime, limit: int) -> list[Relay]:
    """Messages of which nobody was reminded in time."""
    return await _find(db, Relay, _late(property_id, "TAKEN", before), limit, "due_at")


async def day_was_checked(db: Database, property_id: str, day: str) -> bool:
    """Whether it was looked at whether that day is signed."""
    return await _is_there(db, DayCheck, property_id, day)


async def week_was_told(db: Database, property_id: str, week: str) -> bool:
    """Whether it was told that the complaints of that week can be read."""
    return await _is_there(db, WeekTold, property_id, week)


async def slips_told(db: Database, property_id: str) -> SlipWatch | None:
    """How far a property has been told that its slips are not out."""
    query = {"_id": document_id(property_id, property_id), "property_id": property_id}
    row = await db[KINDS[SlipWatch]].find_one(query)
    return None if row is None else cast("SlipWatch", _KINDS.aggregate(SlipWatch, row))


async def _is_there(db: Database, kind: type[A], property_id: str, id: str) -> bool:
    query = {"_id": document_id(property_id, id), "property_id": property_id}
    return await db[KINDS[kind]].find_one(query, {"_id": 1}) is not None


def _late(property_id: str, state: str, before: datetime) -> dict[str, Any]:
    return {"property_id": property_id, "state": state, "due_at": {"$lt": before}}


def _at(row: dict[str, Any], field: str) -> datetime:
    found: Any = row
    for part in field.split("."):
        found = found[part]
    return cast("datetime", found)


async def _several(db: Database, kind: type[A], property_id: str, ids: set[str]) -> list[A]:
    if not ids:
        return []
    wanted = sorted(document_id(property_id, one) for one in ids)
    return await _find(db, kind, {"_id": {"$in": wanted}, "property_id": property_id}, len(wanted))


async def _find(db: Database, kind: type[A], query: dict[str, Any], limit: int, sort: str = "") -> list[A]:
    cursor = db[KINDS[kind]].find(query, max_time_ms=QUERY_MS_MAX)
    if sort:
        cursor = cursor.sort(sort, 1)
    return [cast("A", _KINDS.aggregate(kind, row)) for row in await cursor.limit(limit).to_list(limit)]
