"""Parked events and timers: what a person sees, tries again or drops with a reason (guarantee 8).

The `guanjia parked` command only leaves a wish on the row; the process that owns the lane carries it out
through its committer, so that order and exactly-once hold for a retried event as for any other.
"""

from __future__ import annotations

import asyncio
import logging
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

from pymongo.asynchronous.client_session import AsyncClientSession
from pymongo.asynchronous.database import AsyncDatabase

from shared.errors import Invalid, NotFound, Poison
from shared.events.envelope import Lane
from shared.kernel import fuse, parked_outbox
from shared.kernel.commit import PARKED, TIMERS
from shared.kernel.journal import OUTBOX_PARKED
from shared.kernel.reading import cause_of, personal_keys
from shared.kernel.rows import record_of
from shared.kernel.unit import Cause, Failed, Record
from shared.texts.say import say

if TYPE_CHECKING:
    from shared.kernel.runtime import Runtime

log = logging.getLogger(__name__)
EVERY_SECONDS = 2.0
LIST_MAX = 200
REASON_CHARS = (3, 500)


async def listed(db: AsyncDatabase[dict[str, Any]], limit: int = LIST_MAX) -> list[dict[str, Any]]:
    """The parked rows of a service, oldest first, without their contents; then journal rows that could not be
    published.
    """
    limit = min(limit, LIST_MAX)
    cursor = db[PARKED].find({"state": "parked"}, {"record": 0, "command": 0}).sort("parked_at", 1)
    rows = await cursor.limit(limit).to_list(limit)
    return rows + await parked_outbox.listed(db, limit - len(rows)) if len(rows) < limit else rows


async def ask_retry(db: AsyncDatabase[dict[str, Any]], id: str) -> None:
    """Have a parked row tried again; raises NotFound."""
    await _ask(db, id, {"wish": "retry"})


async def ask_drop(db: AsyncDatabase[dict[str, Any]], id: str, reason: str) -> None:
    """Have a parked row dropped.

    Its stream goes on without it. Raises NotFound, or Invalid without a reason.
    """
    if not REASON_CHARS[0] <= len(reason.strip()) <= REASON_CHARS[1]:
        accepted = say("{least} to {most} characters", least=REASON_CHARS[0], most=REASON_CHARS[1])
        raise Invalid("invalid-field", "dropping needs a reason", field="reason", accepted=accepted)
    await _ask(db, id, {"wish": "drop", "wish_reason": reason.strip()})


async def _ask(db: AsyncDatabase[dict[str, Any]], id: str, wish: dict[str, str]) -> None:
    for collection in (PARKED, OUTBOX_PARKED):
        result = await db[collection].update_one({"_id": id, "state": "parked"}, {"$set": wish})
        if result.matched_count:
            return
    raise NotFound("not-found", say("nothing is parked under {id}", id=id))


class ParkedLoop:
    """Carries out the wishes of one lane."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self._db = runtime.db

    async def run(self) -> None:
        """Look for wishes every two seconds."""
        while True:
            await self.sweep()
            await asyncio.sleep(EVERY_SECONDS)

    async def sweep(self) -> int:
        """Carry out what was asked; how many."""
        lanes = [self._runtime.lane] + ([""] if self._runtime.role == "front" else [])
        query = {"state": "parked", "wish": {"$exists": True}, "lane": {"$in": lanes}}
        rows = await self._db[PARKED].find(query).sort("parked_at", 1).to_list(LIST_MAX)
        for row in rows:
            if await self._carry_out(row):  # twice, if cut off in between, is the same as once
                forgotten = {"$unset": {"wish": "", "wish_reason": ""}}
                await self._db[PARKED].update_one({"_id": row["_id"]}, forgotten)
        if rows:
            retried = [row["_id"] for row in rows if row["wish"] == "retry"]
            await fuse.mended(self._db, self._runtime.lane, retried)
        runtime = self._runtime
        return len(rows) + await parked_outbox.carry_out(
            self._db, runtime.service, runtime.lane, runtime.clock.now()
        )

    async def _carry_out(self, row: dict[str, Any]) -> bool:
        """False if the committer could not say how it ended: the wish stands."""
        dropped = row.get("wish_reason", "") if row["wish"] == "drop" else ""
        now = self._runtime.clock.now()
        if row["kind"] == "timer":
            if dropped:
                await self._resolve(row["_id"], dropped, now)
            else:
                await self._retry_timer(row, now)
        elif row["kind"] == "raw":
            if dropped:
                await self._resolve(row["_id"], dropped, now)
            elif not await self._retry_raw(row, now):
                return False
        else:
            [outcome] = await self._runtime.committer.submit([await self._cause(row, dropped)])
            if isinstance(outcome, Failed):
                return False
        log.info("a parked %s was %s", row["kind"], "dropped" if dropped else "tried again")
        return True

    async def _retry_timer(self, row: dict[str, Any], now: datetime) -> None:
        """Set it again, due now, and resolve the row: both, or the timer could run twice."""
        async with self._db.client.start_session() as session, await session.start_transaction():
            await self._db[TIMERS].insert_one(_timer(row, now), session=session)
            await self._resolve(row["_id"], "the timer runs again", now, session)

    async def _retry_raw(self, row: dict[str, Any], now: datetime) -> bool:
        record = record_of(row["record"])
        try:
            cause = cause_of(record, await self._runtime.vault.fetch(personal_keys([record])))
        except Poison:
            return True  # still cannot be read: it stays
        [outcome] = await self._runtime.committer.submit([cause])
        if isinstance(outcome, Failed):
            return False
        await self._resolve(row["_id"], type(outcome).__name__.lower(), now)
        return True

    async def _cause(self, row: dict[str, Any], dropped: str) -> Cause:
        record = record_of(row["record"])
        try:
            cause = cause_of(record, await self._runtime.vault.fetch(personal_keys([record])))
        except Poison as error:
            return _unreadable(row, record, str(error), dropped)
        return _again(cause, row["_id"], dropped)

    async def _resolve(
        self, id: str, how: str, now: datetime, session: AsyncClientSession | None = None
    ) -> None:
        change = {"state": "resolved", "resolved_as": how, "resolved_at": now}
        await self._db[PARKED].update_one({"_id": id}, {"$set": change}, session=session)


def _again(cause: Cause, id: str, dropped: str) -> Cause:
    return replace(cause, retry_of=id, dropped=dropped)


def _unreadable(row: dict[str, Any], record: Record, reason: str, dropped: str) -> Cause:
    lane: Lane = "urgent" if row["lane"] == "urgent" else "routine"
    return Cause(
        id=row["_id"],
        kind="event",
        property_id=row["property_id"],
        stream=row["stream"],
        lane=lane,
        payload=None,
        source=row["source"],
        sequence=row["sequence"],
        record=record,
        poison=reason,
        retry_of=row["_id"],
        dropped=dropped,
    )


def _timer(row: dict[str, Any], now: datetime) -> dict[str, Any]:
    return {
        "_id": f"{row['property_id']}:{row['stream']}:retry:{row['_id']}:{int(now.timestamp())}",
        "property_id": row["property_id"],
        "stream": row["stream"],
        "lane": row["lane"],
        "urgency": 0 if row["lane"] == "urgent" else 1,
        "due_at": now,
        "command": row["type"],
        "body": row["command"],
        "chain": "",
        "step": 0,
        "correlation_id": "",
        "traceparent": "",
    }
