"""Partners, developers and outside units: what the HTTP lists read."""

from __future__ import annotations

from typing import Any, cast

from services.dispatch.domain.parties import Party
from services.dispatch.repository.names import CODEC, PARTIES, Database
from shared.kernel.kinds import document_id


async def party(db: Database, property_id: str, party_id: str) -> Party | None:
    """One party."""
    row = await db[PARTIES].find_one({"_id": document_id(property_id, party_id), "property_id": property_id})
    return None if row is None else cast("Party", CODEC.aggregate(Party, row))


async def parties(db: Database, property_id: str, kind: str, after: str, limit: int) -> list[Party]:
    """Parties in the order of their ids, after an id; of one kind or of any."""
    query: dict[str, Any] = {"property_id": property_id, "id": {"$gt": after}}
    if kind:
        query["kind"] = kind
    rows = await db[PARTIES].find(query).sort("id", 1).limit(limit).to_list(limit)
    return [cast("Party", CODEC.aggregate(Party, row)) for row in rows]
