"""Timers are data: one sweeper a service feeds due ones as units into the committer, which deletes them as it
fires them (guarantee 10).

Order: urgent first, then by due time. Due times are compared with the database's clock. Steps of one chain
that are due together collapse to the highest, also where more is due than one batch holds, so that after an
outage each person is told once.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from pydantic import ValidationError
from pymongo.asynchronous.database import AsyncDatabase

from shared.clock import Clock
from shared.ids import derived_id
from shared.kernel.commit import PARKED, TIMERS
from shared.kernel.committer import Committer
from shared.kernel.lease import Lease
from shared.kernel.rows import unreadable_timer_row
from shared.kernel.unit import Cause, Command, Index
from shared.observability.metrics import TIMER_LATENESS, TIMERS_FIRED

log = logging.getLogger(__name__)
Row = dict[str, Any]
Chain = tuple[str, str, str]  # property, stream, chain
STEPS_MAX = 10  # of one chain that are looked for at once

INDEXES = (
    Index(TIMERS, (("due_at", 1),), serves="how many are due"),
    Index(TIMERS, (("urgency", 1), ("due_at", 1)), serves="the sweeper: due timers, urgent first"),
    Index(
        TIMERS,
        (("stream", 1), ("property_id", 1)),
        serves="the sweeper: the other steps of chains",
        partial={"chain": {"$gt": ""}},
    ),
)


class Sweeper:
    """Fires due timers. `now` of tests is a clock that stands; otherwise the database's clock decides."""

    def __init__(
        self,
        db: AsyncDatabase[dict[str, Any]],
        committer: Committer,
        clock: Clock,
        commands: Mapping[str, type[Command]],
        lease: Lease,
        *,
        sweep_ms: int,
        batch_max: int,
        beat: Callable[[], None] = lambda: None,
        database_clock: bool = True,
    ) -> None:
        self._db = db
        self._committer = committer
        self._clock = clock
        self._commands = commands
        self._lease = lease
        self._sweep_seconds = sweep_ms / 1000
        self._batch_max = batch_max
        self._beat = beat
        self._database_clock = database_clock

    async def run(self) -> None:
        """Sweep for ever; a full batch is followed at once by the next."""
        while True:
            held = await self._lease.hold()
            fired = await self.sweep() if held else 0
            self._beat()
            if fired < self._batch_max:
                await asyncio.sleep(self._sweep_seconds)

    async def sweep(self) -> int:
        """Fire what is due, at most one batch; how many rows were looked at."""
        moment = await self._now()
        rows = await self._due(moment)
        if not rows:
            return 0
        if len(rows) == self._batch_max:
            rows += await self._rest_of_chains(rows, moment)
        highest = _highest(rows)
        causes = [cause for row in rows if (cause := self._cause(row, highest)) is not None]
        await self._put_aside(rows, causes)
        await self._committer.submit(causes)
        now = self._clock.now()
        for row in rows:
            TIMER_LATENESS.observe(max(0.0, (now - row["due_at"]).total_seconds()))
        TIMERS_FIRED.inc(len(rows))
        return len(rows)

    async def _put_aside(self, rows: list[dict[str, Any]], causes: list[Cause]) -> None:
        """Timers that cannot be read are parked, out of the sweeper's way."""
        readable = {cause.timer_id for cause in causes}
        broken = [row for row in rows if row["_id"] not in readable]
        now = self._clock.now()
        for row in broken:  # the same row if this is cut off in between and done again
            parked = unreadable_timer_row(row, now)
            await self._db[PARKED].replace_one({"_id": parked["_id"]}, parked, upsert=True)
            await self._db[TIMERS].delete_one({"_id": row["_id"], "due_at": row["due_at"]})
        if broken:
            log.error("%d timers cannot be read and are parked", len(broken))

    async def _due(self, moment: datetime) -> list[dict[str, Any]]:
        query = {"urgency": {"$in": [0, 1]}, "due_at": {"$lte": moment}}
        cursor = self._db[TIMERS].find(query).sort([("urgency", 1), ("due_at", 1)]).limit(self._batch_max)
        return await cursor.to_list(self._batch_max)

    async def _rest_of_chains(self, rows: Sequence[Row], moment: datetime) -> list[Row]:
        """The due steps that this batch has no room for, of the chains it has a step of."""
        chains = {_chain(row) for row in rows if row["chain"]}
        if not chains:
            return []
        query = {
            "property_id": {"$in": sorted({property_id for property_id, _, _ in chains})},
            "stream": {"$in": sorted({stream for _, stream, _ in chains})},
            "chain": {"$gt": ""},
            "due_at": {"$lte": moment},
        }
        found = await self._db[TIMERS].find(query).limit(STEPS_MAX * self._batch_max).to_list()
        known = {row["_id"] for row in rows}
        return [row for row in found if row["_id"] not in known and _chain(row) in chains]

    async def _now(self) -> datetime:
        if not self._database_clock:
            return self._clock.now()
        moment: datetime = (await self._db.command({"hello": 1}))["localTime"]
        return moment

    def _cause(self, row: Row, highest: Mapping[Chain, int]) -> Cause | None:
        kind = self._commands.get(row["command"])
        try:
            payload = None if kind is None else kind.model_validate_json(row["body"])
        except ValidationError:
            payload = None
        if payload is None:
            return None
        return Cause(
            id=derived_id("timer", row["_id"], row["due_at"].isoformat()),
            kind="timer",
            property_id=row["property_id"],
            stream=row["stream"],
            lane=row["lane"],
            payload=payload,
            correlation_id=row["correlation_id"],
            traceparent=row["traceparent"],
            occurred_at=row["due_at"],
            timer_id=row["_id"],
            chain=row["chain"],
            step=row["step"],
            passed=row["chain"] != "" and row["step"] < highest[_chain(row)],
        )


def _chain(row: Row) -> Chain:
    return row["property_id"], row["stream"], row["chain"]


def _highest(rows: Sequence[Row]) -> dict[Chain, int]:
    """The highest step that is due, of each chain."""
    found: dict[Chain, int] = {}
    for row in rows:
        found[_chain(row)] = max(row["step"], found.get(_chain(row), row["step"]))
    return found
