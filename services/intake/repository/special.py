"""The requests of special clients that the director has still to talk about (P009)."""

from __future__ import annotations

from typing import Any, cast

from services.intake.domain.request import Request
from services.intake.repository.names import KINDS, QUERY_MS_MAX, REQUESTS, Database, Place
from shared.kernel.kinds import Kinds

_KINDS = Kinds(KINDS)


async def talks(db: Database, property_id: str, after: Place | None, limit: int) -> list[Request]:
    """A page of them, first due first."""
    query: dict[str, Any] = {"property_id": property_id, "talk.waiting": True}
    if after is not None:
        moment, last = after
        query["talk.due_at"] = {"$gte": moment}
        query["$or"] = [{"talk.due_at": {"$gt": moment}}, {"id": {"$gt": last}}]
    cursor = db[REQUESTS].find(query, max_time_ms=QUERY_MS_MAX).sort([("talk.due_at", 1), ("id", 1)])
    return [
        cast("Request", _KINDS.aggregate(Request, row)) for row in await cursor.limit(limit).to_list(limit)
    ]
