"""Callbacks and rain: what the HTTP lists and the loop of rain read."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import datetime
from typing import Any, cast

from services.dispatch.domain.callback import Callback
from services.dispatch.domain.rain import RainEvent
from services.dispatch.repository.names import CALLBACKS, CODEC, RAIN, Database
from shared.kernel.kinds import document_id

QUERY_MS_MAX = 5_000
Place = tuple[datetime, str]


async def callback(db: Database, property_id: str, callback_id: str) -> Callback | None:
    """One callback."""
    query = {"_id": document_id(property_id, callback_id), "property_id": property_id}
    row = await db[CALLBACKS].find_one(query)
    return None if row is None else _callback(row)


async def callbacks(
    db: Database,
    property_id: str,
    filters: Mapping[str, str],
    *,
    open_only: bool,
    due_before: datetime | None,
    after: Place | None,
    limit: int,
) -> list[Callback]:
    """A page of callbacks, most pressing first."""
    query: dict[str, Any] = {"property_id": property_id, **{k: v for k, v in filters.items() if v}}
    if open_only:
        query["open"] = True
    clauses: list[dict[str, Any]] = []
    if due_before is not None:
        clauses.append({"due_at": {"$lt": due_before}})
    if after is not None:
        moment, last = after
        beyond = [{"due_at": {"$gt": moment}}, {"id": {"$gt": last}}]
        clauses += [{"due_at": {"$gte": moment}}, {"$or": beyond}]
    if clauses:
        query["$and"] = clauses
    cursor = db[CALLBACKS].find(query, max_time_ms=QUERY_MS_MAX).sort([("due_at", 1), ("id", 1)])
    return [_callback(row) for row in await cursor.limit(limit).to_list(limit)]


async def waiting_for_rain(db: Database, property_id: str, before: datetime, limit: int) -> list[Callback]:
    """Leaks repaired before that rain which wait for their callback."""
    query = {"property_id": property_id, "status": "AWAITING_RAIN", "repaired_at": {"$lt": before}}
    rows = await db[CALLBACKS].find(query, max_time_ms=QUERY_MS_MAX).limit(limit).to_list(limit)
    return [_callback(row) for row in rows]


async def overdue_callbacks(
    db: Database, properties: Sequence[str], before: datetime, limit: int
) -> AsyncIterator[Callback]:
    """Callbacks that should have been made, or whose notice read, before a moment. Only for the auditor."""
    for query, time in (
        ({"open": True, "due_at": {"$lt": before}, "late_raised": False, "rain_missed": False}, "due_at"),
        ({"notice_open": True, "notice_due_at": {"$lt": before}, "notice_raised": False}, "notice_due_at"),
        ({"files_due_at": {"$type": "date", "$lt": before}}, "files_due_at"),
    ):
        cursor = (
            db[CALLBACKS].find({"property_id": {"$in": list(properties)}, **query}).sort(time, 1).limit(limit)
        )
        async for row in cursor:
            yield _callback(row)


async def rain_to_spread(db: Database, limit: int) -> list[RainEvent]:
    """Rain whose callbacks have not all been started, of all properties. Only for the loop of rain."""
    rows = await db[RAIN].find({"spread": False}).sort("rained_at", 1).limit(limit).to_list(limit)
    return [cast("RainEvent", CODEC.aggregate(RainEvent, row)) for row in rows]


async def rain_left_over(
    db: Database, properties: Sequence[str], before: datetime, limit: int
) -> AsyncIterator[RainEvent]:
    """Rain recorded before a moment that is not worked off. Only for the auditor."""
    query = {"property_id": {"$in": list(properties)}, "spread": False, "recorded_at": {"$lt": before}}
    async for row in db[RAIN].find(query).sort("rained_at", 1).limit(limit):
        yield cast("RainEvent", CODEC.aggregate(RainEvent, row))


async def rain_events(db: Database, property_id: str, after: Place | None, limit: int) -> list[RainEvent]:
    """The rain of a property, latest first."""
    query: dict[str, Any] = {"property_id": property_id}
    if after is not None:
        moment, last = after
        query |= {
            "rained_at": {"$lte": moment},
            "$or": [{"rained_at": {"$lt": moment}}, {"id": {"$lt": last}}],
        }
    cursor = db[RAIN].find(query).sort([("rained_at", -1), ("id", -1)]).limit(limit)
    return [cast("RainEvent", CODEC.aggregate(RainEvent, row)) for row in await cursor.to_list(limit)]


def _callback(row: Mapping[str, Any]) -> Callback:
    return cast("Callback", CODEC.aggregate(Callback, row))
