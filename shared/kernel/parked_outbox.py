"""Journal rows that could not be published, and what a person decides about them (guarantees 1 and 8).

Such a row is sealed and stays as it is. Tried again, its event goes out in a row of its own, with the id and
the place in its stream that it had. Dropped, an event that says nothing takes that place: no reader waits for
it any more.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from pymongo.asynchronous.database import AsyncDatabase

from shared.events.envelope import Lane
from shared.ids import derived_id
from shared.kernel.journal import OUTBOX, OUTBOX_PARKED
from shared.kernel.wire import Row, to_kafka
from shared.tenancy import SYSTEM

log = logging.getLogger(__name__)
AT_ONCE_MAX = 200
SHOWN = ("property_id", "stream", "lane", "type", "sequence")
Database = AsyncDatabase[dict[str, Any]]


async def listed(db: Database, limit: int) -> list[dict[str, Any]]:
    """The rows, oldest first, without their contents; like parked events, of the kind `outbox`."""
    shown = {"reason": 1, "parked_at": 1, "state": 1, **{f"row.{name}": 1 for name in SHOWN}}
    cursor = db[OUTBOX_PARKED].find({"state": "parked"}, shown).sort("parked_at", 1)
    rows = await cursor.limit(limit).to_list(limit)
    return [{"kind": "outbox", **row.pop("row"), **row} for row in rows]


async def carry_out(db: Database, service: str, lane: Lane, now: datetime) -> int:
    """Do what was asked about rows of a lane; how many."""
    query = {"state": "parked", "wish": {"$exists": True}, "row.lane": lane}
    rows = await db[OUTBOX_PARKED].find(query).sort("parked_at", 1).limit(AT_ONCE_MAX).to_list(AT_ONCE_MAX)
    for parked in rows:
        dropped = parked.get("wish_reason", "") if parked["wish"] == "drop" else ""
        instead = _void(parked["row"], service, now) if dropped else _again(parked["row"], now)
        try:
            to_kafka(instead, 1)
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            still = {"reason": f"{type(error).__name__}: {error}"[:200]}
            await db[OUTBOX_PARKED].update_one(
                {"_id": parked["_id"]}, {"$set": still, "$unset": {"wish": "", "wish_reason": ""}}
            )
            log.error("a row of the journal still cannot be published: %s", still["reason"])
            continue
        await _replace(db, parked["_id"], instead, dropped or "published again", now)
        log.info("a row of the journal was %s", "dropped" if dropped else "published again")
    return len(rows)


async def _replace(db: Database, id: str, instead: Row, how: str, now: datetime) -> None:
    """Both or neither: the relay takes the new row from the journal like any other."""
    decided = {"$set": {"state": "resolved", "resolved_as": how, "resolved_at": now}}
    async with db.client.start_session() as session, await session.start_transaction():
        result = await db[OUTBOX_PARKED].update_one({"_id": id, "state": "parked"}, decided, session=session)
        if result.matched_count:
            await db[OUTBOX].insert_one(instead, session=session)


def _again(row: Mapping[str, Any], now: datetime) -> Row:
    """The same event; its time is that of the new row, which the gap fill goes by."""
    return {
        **row,
        "_id": derived_id("again", row["_id"]),
        "event_id": row.get("event_id", row["_id"]),
        "time": now,
    }


def _void(row: Mapping[str, Any], service: str, now: datetime) -> Row:
    """An event of a type that no reader has a handler for: it only counts as seen."""
    return {
        "_id": derived_id("void", row["_id"]),
        "property_id": row.get("property_id"),
        "stream": row.get("stream"),
        "lane": row.get("lane"),
        "sequence": row.get("sequence"),
        "type": f"{service}.event.voided.v1",
        "subject": str(row["_id"]),
        "time": now,
        "after": row["after"] if isinstance(row.get("after"), dict) else {},
        "correlation_id": str(row["_id"]),
        "causation_id": str(row["_id"]),
        "actor": SYSTEM.sub,
        "device": "",
        "traceparent": "",
        "data": b"{}",
    }
