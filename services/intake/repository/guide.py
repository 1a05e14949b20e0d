"""What is read of service guides: a property's editions, and those that are being told (P015)."""

from __future__ import annotations

from typing import Any, cast

from services.intake.domain.guide import Guide
from services.intake.domain.guide_edition import Edition
from services.intake.repository.cases import EDITIONS, GUIDES
from services.intake.repository.names import KINDS, QUERY_MS_MAX, Database
from shared.kernel.kinds import Kinds

_KINDS = Kinds(KINDS)
CONTENT = {"services": 0, "contents": 0}  # of a list nobody reads what stands in each


async def editions(db: Database, property_id: str, before: int, limit: int) -> list[Edition]:
    """Editions without their content, newest first; `before` a number, if it is not 0."""
    query: dict[str, Any] = {"property_id": property_id}
    if before:
        query["number"] = {"$lt": before}
    cursor = db[EDITIONS].find(query, CONTENT, max_time_ms=QUERY_MS_MAX).sort("number", -1)
    return [
        cast("Edition", _KINDS.aggregate(Edition, row)) for row in await cursor.limit(limit).to_list(limit)
    ]


async def telling(db: Database, limit: int) -> list[Guide]:
    """Guides of any property whose edition is being told; only the loop asks."""
    cursor = db[GUIDES].find({"telling": {"$gt": 0}}, max_time_ms=QUERY_MS_MAX)
    return [cast("Guide", _KINDS.aggregate(Guide, row)) for row in await cursor.limit(limit).to_list(limit)]
