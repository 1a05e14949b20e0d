"""One batch: its shared reads, its plans, and its writes.

In order: progress, answered commands and waiting events are read side by side; handlers run; opened streams
get their places; data keys are made; then one transaction. Streams that met on one aggregate are deferred to
the next batch, where they see each other's work.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from pymongo.asynchronous.database import AsyncDatabase

from shared.clock import Clock, steady_seconds
from shared.kernel.commit import COMMANDS, PLAN_LIFE, PROGRESS, TIMERS, Commits
from shared.kernel.early import EarlyEvents, in_turn
from shared.kernel.kinds import Kinds
from shared.kernel.lanes import StreamKey
from shared.kernel.numbers import Numbers
from shared.kernel.plan import (
    Known,
    StoredCommand,
    StreamPlan,
    Unwritable,
    WaitingRow,
    command_id,
    reason_of,
)
from shared.kernel.planner import Planner, run_all
from shared.kernel.progress import Progress
from shared.kernel.reads import Collector, LookCache, Reads
from shared.kernel.unit import Cause, Wiring
from shared.kernel.vault import Vault
from shared.kernel.wire import DataKey, Row, row_of
from shared.kernel.work import BatchReads, OutgoingEvent

Causes = Mapping[StreamKey, Sequence[Cause]]


@dataclass(slots=True)
class Batch:
    """Plans by stream, the journal rows they emit, and the streams that have to come again."""

    plans: dict[StreamKey, StreamPlan]
    rows: dict[StreamKey, list[Row]]
    now: datetime
    planned_at: float = field(default_factory=steady_seconds)
    deferred: list[StreamKey] = field(default_factory=list)

    @property
    def bytes(self) -> int:
        """Bytes of the events it emits, the largest part of what it writes."""
        return sum(len(row["data"]) for rows in self.rows.values() for row in rows)

    def part(self, keys: Sequence[StreamKey]) -> Batch:
        """The same batch with only these streams."""
        rows = {k: self.rows.get(k, []) for k in keys}
        return Batch({k: self.plans[k] for k in keys}, rows, self.now, self.planned_at)

    def split(self, moved: set[str]) -> tuple[Batch | None, list[StreamKey]]:
        """What still stands, and the streams that do not."""
        broken = [key for key, plan in self.plans.items() if plan.progress.id in moved]
        rest = [key for key in self.plans if key not in set(broken)]
        return (self.part(rest) if rest else None), broken

    def halves(self) -> Iterator[Batch]:
        """Two halves, to find the one that breaks."""
        keys = list(self.plans)
        yield self.part(keys[: len(keys) // 2])
        yield self.part(keys[len(keys) // 2 :])


class BatchRunner:
    """Plans and writes batches of one service."""

    def __init__(
        self,
        db: AsyncDatabase[dict[str, Any]],
        wiring: Wiring,
        vault: Vault,
        clock: Clock,
        *,
        commit_timeout_seconds: float,
        event_bytes_max: int,
        look_entries_max: int = 10_000,
        look_seconds: float = 2.0,
    ) -> None:
        self._db = db
        self._wiring = wiring
        self._vault = vault
        self._clock = clock
        self._event_bytes_max = event_bytes_max
        self._kinds = Kinds(wiring.kinds)
        self._planner = Planner(wiring)
        self._commits = Commits(db, self._kinds, commit_timeout_seconds)
        self._numbers = Numbers(db)
        self._early = EarlyEvents(db, vault, wiring.reads)
        self._cache = LookCache(look_entries_max, look_seconds)

    async def plan(self, causes: Causes) -> Batch:
        """Run all handlers; nothing is written but numbers and data keys, which bind to what they are for.

        Raises what one of the causes is to be given up for. A released event that can never be written is
        parked itself: what released it has done nothing wrong.
        """
        given_up: dict[str, str] = {}
        while True:
            try:
                return await self._plan(causes, given_up)
            except Unwritable as error:
                id = WaitingRow(error.cause, stored=True).id
                if id in given_up or any(error.cause is one for units in causes.values() for one in units):
                    raise error.why from None
                given_up[id] = reason_of(error.why)

    async def _plan(self, causes: Causes, given_up: Mapping[str, str]) -> Batch:
        now, began = self._clock.now(), steady_seconds()
        progress, commands, timers = await asyncio.gather(
            self._progress(causes), self._commands(causes), self._timers(causes)
        )
        causes, later = in_turn(causes, progress)
        waiting, partial = await self._early.of(causes, progress, given_up)
        shared = BatchReads(
            self._wiring.service,
            self._kinds,
            Reads(self._db),
            self._cache,
            Collector(lambda wanted: self._numbers.take(wanted, now)),
            self._wiring.timers,
        )
        plans: dict[StreamKey, StreamPlan] = {}
        for key, units in causes.items():
            row = progress.get(key) or Progress(key[0], key[1], units[0].lane)
            early = waiting.get(key, {})
            plans[key] = StreamPlan(row, row.version, waiting=early, partial=key in partial)
        groups = [(units, plans[key]) for key, units in causes.items()]
        await run_all(self._planner, groups, Known(commands, timers), shared, now)
        batch = Batch(plans, {}, now, began, deferred=later)
        self._defer_shared(batch)
        await self._open_streams(batch)
        await self._seal(batch)
        return batch

    async def write(self, batch: Batch) -> list[str]:
        """Write it in one transaction; raises BasisMoved, or Transient if it was planned too long ago."""
        rows = [row for rows in batch.rows.values() for row in rows]
        until = batch.planned_at + PLAN_LIFE.total_seconds()
        return await self._commits.write(list(batch.plans.values()), rows, batch.now, until)

    async def moved(self, batch: Batch) -> set[str]:
        """Streams whose basis has moved."""
        return await self._commits.moved(list(batch.plans.values()))

    def forget(self, batch: Batch) -> None:
        """What was changed is not to be looked at as it was."""
        for plan in batch.plans.values():
            for collection, id in plan.overlay.written:
                self._cache.drop(collection, id)

    # --- reads --------------------------------------------------------------------------------------------

    async def _progress(self, causes: Causes) -> dict[StreamKey, Progress]:
        ids = [f"{property_id}:{stream}" for property_id, stream in causes]
        rows = await self._db[PROGRESS].find({"_id": {"$in": ids}}).to_list(len(ids))
        return {(row["property_id"], row["stream"]): Progress.of(row) for row in rows}

    async def _commands(self, causes: Causes) -> dict[str, StoredCommand]:
        ids = [
            command_id(cause)
            for units in causes.values()
            for cause in units
            if cause.kind == "command" and not cause.answer_in_stream and not cause.repeatable
        ]
        if not ids:
            return {}
        rows = await self._db[COMMANDS].find({"_id": {"$in": ids}}).to_list(len(ids))
        return {row["_id"]: StoredCommand(row["body_hash"], row["answer"]) for row in rows}

    async def _timers(self, causes: Causes) -> dict[str, datetime]:
        ids = [cause.timer_id for units in causes.values() for cause in units if cause.kind == "timer"]
        if not ids:
            return {}
        rows = await self._db[TIMERS].find({"_id": {"$in": ids}}, {"due_at": 1}).to_list(len(ids))
        return {row["_id"]: row["due_at"] for row in rows}

    # --- after the handlers -------------------------------------------------------------------------------

    def _defer_shared(self, batch: Batch) -> None:
        """Two streams that touched one aggregate, one of them writing, cannot be in one commit: the later
        comes
        again.

        An opened stream counts as written, so that a part of a batch never leaves a gap in its sequence.
        """
        owners: dict[tuple[str, str], StreamKey] = {}
        written: set[tuple[str, str]] = set()
        for key, plan in list(batch.plans.items()):
            opened = {
                (PROGRESS, f"{cause.property_id}:{stream}")
                for cause, effects in plan.outgoing
                for stream, _ in effects.opens
            }
            changed = plan.overlay.written | opened | {(PROGRESS, plan.progress.id)}
            touched = plan.overlay.basis.keys() | changed
            if any(t in owners and (t in written or t in changed) for t in touched):
                batch.deferred.append(key)
                del batch.plans[key]
                continue
            for t in touched:
                owners.setdefault(t, key)
            written |= changed

    async def _open_streams(self, batch: Batch) -> None:
        wanted = {
            (cause.property_id, stream)
            for plan in batch.plans.values()
            for cause, effects in plan.outgoing
            for stream, _ in effects.opens
        }
        if not wanted:
            return
        own = {plan.progress.id: plan.progress for plan in batch.plans.values()}
        stored = await self._progress(dict.fromkeys(wanted, ()))
        rows = {f"{p}:{s}": stored.get((p, s)) or Progress(p, s, "urgent") for p, s in wanted} | own
        self._planner.number_opened(list(batch.plans.values()), rows)

    async def _seal(self, batch: Batch) -> None:
        names: dict[str, set[str]] = defaultdict(set)
        for plan in batch.plans.values():
            for outgoing in plan.events:
                if getattr(outgoing.event, "personal", None) is not None:
                    names[outgoing.cause.property_id].add(outgoing.event.personal_key)
        made = await asyncio.gather(*(self._vault.ensure(p, n) for p, n in names.items()))
        keys = dict(zip(names, made, strict=True))
        for stream, plan in batch.plans.items():
            batch.rows[stream] = [self._row(outgoing, keys, batch.now) for outgoing in plan.events]

    def _row(self, outgoing: OutgoingEvent, keys: Mapping[str, Mapping[str, DataKey]], now: datetime) -> Row:
        cause = outgoing.cause
        try:
            return row_of(
                outgoing.event,
                id=outgoing.id,
                cause=cause,
                stream=outgoing.stream,
                lane=outgoing.lane,
                sequence=outgoing.sequence,
                after=outgoing.after,
                now=now,
                service=self._wiring.service,
                data_key=keys.get(cause.property_id, {}).get(outgoing.event.personal_key),
                bytes_max=self._event_bytes_max,
            )
        except Exception as error:
            raise Unwritable(cause, error) from error
