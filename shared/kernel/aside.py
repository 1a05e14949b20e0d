"""Parking what belongs to no commit: records that name no stream, and units that can never be committed."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from pymongo.asynchronous.database import AsyncDatabase

from shared.kernel.commit import PARKED, TIMERS
from shared.kernel.plan import parked_id
from shared.kernel.rows import parked_row, raw_row
from shared.kernel.unit import Cause, Record
from shared.observability.metrics import PARKS

Database = AsyncDatabase[dict[str, Any]]


async def park_raw(db: Database, record: Record, reason: str, now: datetime) -> None:
    """Keep a record that names no stream we could hold back; the same record is kept once."""
    row = raw_row(record, reason, now)
    await db[PARKED].update_one({"_id": row.pop("_id")}, {"$setOnInsert": row}, upsert=True)
    PARKS.labels(kind="raw").inc()


async def park_unit(db: Database, cause: Cause, reason: str, now: datetime) -> None:
    """Keep the record or the timer of a unit that no commit can hold."""
    if cause.record is not None:
        await park_raw(db, cause.record, reason, now)
    elif cause.kind == "timer":
        row = parked_row(parked_id(cause), cause, reason, cause.lane, now)
        await db[PARKED].replace_one({"_id": row["_id"]}, row, upsert=True)
        await db[TIMERS].delete_one({"_id": cause.timer_id, "due_at": cause.occurred_at})
