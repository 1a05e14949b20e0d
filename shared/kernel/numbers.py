"""Gapless numbers: slips and receipts (guarantee 6, rulings J20).

A number is taken just before the commit, in a transaction of its own that holds only the counter and one row
per number, so that a batch-long commit never blocks a counter. The row binds the number to the thing it
numbers (`of`): a retry finds the same number. A number that finds no use becomes a void slip with its reason,
as on paper.
"""

from __future__ import annotations

import asyncio
import random
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import pymongo
from pymongo import UpdateOne
from pymongo.asynchronous.client_session import AsyncClientSession
from pymongo.asynchronous.database import AsyncDatabase
from pymongo.errors import BulkWriteError, DuplicateKeyError, PyMongoError

from shared.kernel.unit import Index

COUNTERS, NUMBERS = "counters", "numbers"
TRIES_MAX = 50
SETTLE_AFTER = timedelta(minutes=10)
"""No unit that took a number is still on its way after this: what is not written by then never will be."""
TAKEN_LATELY = timedelta(seconds=60)
_JITTER = random.Random()  # noqa: S311  spreads retries, guards nothing

INDEXES = (
    Index(
        NUMBERS,
        (("property_id", 1), ("series", 1), ("of", 1)),
        serves="a retry finds the number of the thing it numbers",
        unique=True,
    ),
    Index(
        NUMBERS,
        (("property_id", 1), ("series", 1), ("year", 1), ("number", 1)),
        serves="the gap check and the list of void slips",
        unique=True,
    ),
    Index(
        NUMBERS,
        (("state", 1), ("taken_at", 1)),
        serves="numbers whose use has not been confirmed yet",
        partial={"state": "taken"},
    ),
)


@dataclass(frozen=True, slots=True)
class NumberWanted:
    """A number asked for. `proof` is the id of the first event of the unit.

    Once that, or that of another unit which was given the same number, is in the outbox, it is used.
    """

    property_id: str
    series: str
    year: int
    of: str
    stream: str
    proof: str

    @property
    def counter_id(self) -> str:
        """The counter it comes from."""
        return f"{self.property_id}:{self.series}:{self.year}"


class Numbers:
    """The number series of one service."""

    def __init__(self, db: AsyncDatabase[dict[str, Any]]) -> None:
        self._db = db

    async def take(self, wanted: Sequence[NumberWanted], now: datetime) -> dict[NumberWanted, int]:
        """One number for each, in one small transaction; those bound before keep theirs."""
        found: dict[NumberWanted, int] = {}
        missing = list(wanted)
        for attempt in range(TRIES_MAX):
            if attempt:
                found |= await self._bound(missing, now)
                missing = [w for w in missing if w not in found]
                await asyncio.sleep(_JITTER.uniform(0.001, 0.020))
            if not missing:
                return found
            try:
                return found | await self._allocate(missing, now)
            except (DuplicateKeyError, BulkWriteError):
                continue  # somebody bound one of them before us: look again
            except PyMongoError as error:
                if not error.has_error_label("TransientTransactionError") or attempt == TRIES_MAX - 1:
                    raise
        raise PyMongoError(f"no number could be taken in {TRIES_MAX} tries")

    async def _bound(self, wanted: Sequence[NumberWanted], now: datetime) -> dict[NumberWanted, int]:
        """The numbers these things have already. From now on the use by this unit counts too, and the number
        is as good as just taken: what is about to be used is not made void.
        """
        clauses = [{"property_id": w.property_id, "series": w.series, "of": w.of} for w in wanted]
        rows = {
            (row["property_id"], row["series"], row["of"]): row
            async for row in self._db[NUMBERS].find({"$or": clauses})
        }
        found: dict[NumberWanted, int] = {}
        for want in wanted:
            row = rows.get((want.property_id, want.series, want.of))
            if row is None:
                continue
            known = want.proof in row["proofs"] and row["taken_at"] > now - TAKEN_LATELY
            if row["state"] == "taken" and not known:
                still = {"_id": row["_id"], "of": want.of, "state": "taken"}
                again = {"$addToSet": {"proofs": want.proof}, "$max": {"taken_at": now}}
                if not (await self._db[NUMBERS].update_one(still, again)).matched_count:
                    continue  # settled this moment: look again
            found[want] = row["number"]
        return found

    async def _allocate(self, wanted: Sequence[NumberWanted], now: datetime) -> dict[NumberWanted, int]:
        with pymongo.timeout(4):
            async with self._db.client.start_session() as session, await session.start_transaction():
                return await self._write(wanted, now, session)

    async def _write(
        self, wanted: Sequence[NumberWanted], now: datetime, session: AsyncClientSession
    ) -> dict[NumberWanted, int]:
        per_counter: dict[str, list[NumberWanted]] = defaultdict(list)
        for want in wanted:
            per_counter[want.counter_id].append(want)
        ids = sorted(per_counter)
        steps = [UpdateOne({"_id": c}, {"$inc": {"last": len(per_counter[c])}}, upsert=True) for c in ids]
        await self._db[COUNTERS].bulk_write(steps, ordered=False, session=session)
        rows = self._db[COUNTERS].find({"_id": {"$in": ids}}, session=session)
        last = {row["_id"]: row["last"] async for row in rows}
        taken: dict[NumberWanted, int] = {}
        for counter, wants in per_counter.items():
            first = last[counter] - len(wants) + 1
            taken |= {want: first + place for place, want in enumerate(wants)}
        await self._db[NUMBERS].insert_many(
            [_row(want, number, now) for want, number in taken.items()], ordered=False, session=session
        )
        return taken

    async def settle(self, older_than: datetime, at_once: int = 500) -> tuple[int, int]:
        """Look after all numbers taken before that moment: (confirmed as used, made void).

        A number is used once the first event of its unit is in the outbox. One whose stream is parked is left
        alone: its unit may still be tried again. The caller's margin must be far longer than a plan may live
        in the committer.
        """
        confirmed = voided = 0
        rows: list[dict[str, Any]] = []
        query = {"state": "taken", "taken_at": {"$lt": older_than}}
        async for row in self._db[NUMBERS].find(query, batch_size=at_once).sort("taken_at", 1):
            rows.append(row)
            if len(rows) == at_once:
                used, void = await self._settle(rows)
                confirmed, voided, rows = confirmed + used, voided + void, []
        used, void = await self._settle(rows)
        return confirmed + used, voided + void

    async def _settle(self, rows: Sequence[dict[str, Any]]) -> tuple[int, int]:
        if not rows:
            return 0, 0
        # In this order: a parked unit that is tried again meanwhile is in the outbox when it is not parked.
        streams = [f"{row['property_id']}:{row['stream']}" for row in rows]
        query = {"_id": {"$in": streams}, "parked": {"$ne": ""}}
        held = {row["_id"] async for row in self._db["progress"].find(query, {"_id": 1})}
        proofs = [proof for row in rows for proof in row["proofs"]]
        there = {row["_id"] async for row in self._db["outbox"].find({"_id": {"$in": proofs}}, {"_id": 1})}
        used = {row["_id"] for row in rows if not there.isdisjoint(row["proofs"])}
        confirmed = sorted(used)
        unused = [
            row
            for row in rows
            if row["_id"] not in used and f"{row['property_id']}:{row['stream']}" not in held
        ]
        if confirmed:
            await self._db[NUMBERS].update_many({"_id": {"$in": confirmed}}, {"$set": {"state": "used"}})
        voided = 0
        if unused:
            voids = [_void(row, "its unit was never committed") for row in unused]
            voided = (await self._db[NUMBERS].bulk_write(voids)).modified_count
        return len(confirmed), voided


def _row(want: NumberWanted, number: int, now: datetime) -> dict[str, Any]:
    return {
        "_id": f"{want.counter_id}:{number}",
        "property_id": want.property_id,
        "series": want.series,
        "year": want.year,
        "number": number,
        "of": want.of,
        "stream": want.stream,
        "proofs": [want.proof],
        "state": "taken",
        "taken_at": now,
        "reason": "",
    }


def _void(row: dict[str, Any], reason: str) -> UpdateOne:
    """Void keeps the number and frees its thing, which takes a new number if its unit succeeds after all."""
    change = {"state": "void", "reason": reason, "of": f"void:{row['number']}:{row['of']}"}
    as_read = {"_id": row["_id"], "state": "taken", "taken_at": row["taken_at"]}
    return UpdateOne(as_read, {"$set": change})
