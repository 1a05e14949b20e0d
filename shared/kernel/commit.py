"""Writing a batch: one MongoDB transaction that holds writes only, and finding out who was in its way.

Every insert and matched count must equal the plan. If one does not, the transaction is given up and one read
of all touched ids tells which streams stand on a basis that has moved; only these run again (kernel T8).
"""

from __future__ import annotations

import asyncio
import time
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import pymongo
from pymongo import DeleteOne, InsertOne, ReplaceOne, UpdateOne
from pymongo.asynchronous.client_session import AsyncClientSession
from pymongo.asynchronous.database import AsyncDatabase
from pymongo.errors import BulkWriteError, DuplicateKeyError, PyMongoError

from shared.clock import steady_seconds
from shared.errors import Transient
from shared.failpoints import failpoint
from shared.kernel.kinds import Kinds
from shared.kernel.plan import StreamPlan, command_id
from shared.kernel.progress import Progress
from shared.kernel.rows import parked_row, timer_row, waiting_row
from shared.kernel.wire import Row

DECIDE_SECONDS_MAX = 30.0  # a dead transaction lives 5 s; an open question is answered by then
DECIDE_EVERY_SECONDS = 0.1
PLAN_LIFE = timedelta(seconds=60)
"""So long after it was planned a unit may still be committed, also by a process that was held up meanwhile.

Looked at last before the commit: held up after that, the server ends the transaction. No number it has taken
is made void before (`SETTLE_AFTER`), and the journal's gap fill looks further back (`GAP_MARGIN`).
"""
PROGRESS, OUTBOX, WAITING = "progress", "outbox", "waiting"
PARKED, COMMANDS, TIMERS = "parked", "commands", "timers"

Operation = InsertOne[dict[str, Any]] | ReplaceOne[dict[str, Any]] | UpdateOne | DeleteOne


class BasisMoved(Exception):
    """Somebody else changed what a unit stood on; nothing was written."""


@dataclass(slots=True)
class Writes:
    """The writes of a commit: inserts and counted changes per collection, in the order of first use."""

    inserts: dict[str, list[dict[str, Any]]] = field(default_factory=lambda: defaultdict(list))
    changes: dict[str, list[Operation]] = field(default_factory=lambda: defaultdict(list))
    matched: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    deleted: dict[str, int] = field(default_factory=lambda: defaultdict(int))

    def collections(self) -> list[str]:
        """All collections written to, `progress` first."""
        names = dict.fromkeys([*self.inserts, *self.changes])
        return sorted(names, key=lambda name: name != PROGRESS)


class Commits:
    """Commits plans of one service."""

    def __init__(self, db: AsyncDatabase[dict[str, Any]], kinds: Kinds, timeout_seconds: float) -> None:
        self._db = db
        self._kinds = kinds
        self._timeout_seconds = timeout_seconds

    async def write(
        self, plans: Sequence[StreamPlan], rows: Sequence[Row], now: datetime, until: float
    ) -> list[str]:
        """Write all in one transaction and return the collections written.

        Raises BasisMoved, Transient after `until` (steady seconds), or what the store raised.
        """
        writes = self._writes(plans, rows, now)
        names = writes.collections()
        if not names:
            return []
        async with self._db.client.start_session() as session:
            await session.start_transaction()
            try:
                with pymongo.timeout(self._timeout_seconds):
                    await self._write_all(names, writes, session)
                if steady_seconds() > until:
                    raise Transient("it was planned too long ago")
            except BaseException:
                await session.abort_transaction()
                raise
            await self._decide(session)
        return names

    async def _write_all(self, names: Sequence[str], writes: Writes, session: AsyncClientSession) -> None:
        try:
            for name in names:
                await self._write_collection(name, writes, session)
                failpoint("between-first-write-and-commit")
        except (DuplicateKeyError, BulkWriteError) as error:
            if error.has_error_label("TransientTransactionError"):
                raise
            raise BasisMoved("an id or a unique value exists already") from error

    async def _decide(self, session: AsyncClientSession) -> None:
        """Commit. An unknown result is asked for again until the server says how it ended.

        Planning anew before that would read a state in which the commit has not arrived yet.
        """
        until = time.monotonic() + DECIDE_SECONDS_MAX
        while True:
            try:
                with pymongo.timeout(self._timeout_seconds):
                    await session.commit_transaction()
                return
            except PyMongoError as error:
                unknown = error.has_error_label("UnknownTransactionCommitResult")
                if not unknown or time.monotonic() > until:
                    raise
                await asyncio.sleep(DECIDE_EVERY_SECONDS)

    async def _write_collection(self, name: str, writes: Writes, session: AsyncClientSession) -> None:
        collection = self._db[name]
        if inserts := writes.inserts.get(name):
            await collection.insert_many(inserts, ordered=False, session=session)
        if changes := writes.changes.get(name):
            result = await collection.bulk_write(changes, ordered=False, session=session)
            if result.matched_count < writes.matched[name] or result.deleted_count < writes.deleted[name]:
                raise BasisMoved(f"{name} was changed meanwhile")

    def _writes(self, plans: Sequence[StreamPlan], rows: Sequence[Row], now: datetime) -> Writes:
        writes = Writes()
        opened: dict[str, Progress] = {}
        for plan in plans:
            if plan.dirty:
                _progress(writes, plan.progress, plan.basis_version)
            opened |= {progress.id: progress for progress in plan.opened}
            self._aggregates(writes, plan)
            _timers(writes, plan)
            _side_rows(writes, plan, now)
        own = {plan.progress.id for plan in plans if plan.dirty}
        for id, progress in opened.items():
            if id not in own:
                _progress(writes, progress, progress.version)
        writes.inserts[OUTBOX] = list(rows)
        writes.inserts = {name: rows for name, rows in writes.inserts.items() if rows}
        return writes

    def _aggregates(self, writes: Writes, plan: StreamPlan) -> None:
        overlay = plan.overlay
        for key, basis in overlay.basis.items():
            collection, id = key
            if key in overlay.written:
                aggregate = overlay.state[key]
                assert aggregate is not None
                document = self._kinds.document(aggregate)
                if basis == 0:
                    writes.inserts[collection].append(document)
                else:
                    writes.changes[collection].append(ReplaceOne({"_id": id, "version": basis}, document))
                    writes.matched[collection] += 1
            elif basis and plan.writes:
                # A real write, since only that conflicts with a change that is being committed beside us.
                touch = {"$set": {"_read_by": plan.progress.id}, "$inc": {"_reads": 1}}
                writes.changes[collection].append(UpdateOne({"_id": id, "version": basis}, touch))
                writes.matched[collection] += 1

    # --- who was in the way -----------------------------------------------------------------------------

    async def moved(self, plans: Sequence[StreamPlan]) -> set[str]:
        """The streams whose basis is no longer what they ran on: one read per collection."""
        wanted: dict[str, dict[str, list[tuple[str, int]]]] = defaultdict(lambda: defaultdict(list))
        for plan in plans:
            stream = plan.progress.id
            if plan.dirty:
                wanted[PROGRESS][stream].append((stream, plan.basis_version))
            for progress in plan.opened:
                wanted[PROGRESS][progress.id].append((stream, progress.version))
            for (collection, id), basis in plan.overlay.basis.items():
                if basis or (collection, id) in plan.overlay.written:
                    wanted[collection][id].append((stream, basis))
            for cause in plan.fired:
                wanted[TIMERS][cause.timer_id].append((stream, -1))
            for cause, _ in plan.commands:
                wanted[COMMANDS][command_id(cause)].append((stream, 0))
        moved: set[str] = set()
        for collection, ids in wanted.items():
            cursor = self._db[collection].find({"_id": {"$in": list(ids)}}, {"version": 1, "due_at": 1})
            stored = {row["_id"]: row.get("version", -1) async for row in cursor}
            for id, claims in ids.items():
                moved |= {stream for stream, basis in claims if stored.get(id, 0) != basis}
        return moved


def _progress(writes: Writes, progress: Progress, basis: int) -> None:
    document = progress.document(basis + 1)
    if basis == 0:
        writes.inserts[PROGRESS].append(document)
    else:
        writes.changes[PROGRESS].append(ReplaceOne({"_id": progress.id, "version": basis}, document))
        writes.matched[PROGRESS] += 1


def _timers(writes: Writes, plan: StreamPlan) -> None:
    fired = {cause.timer_id for cause in plan.fired}
    for cause in plan.fired:
        timer = plan.timers.get(cause.timer_id)
        assert cause.occurred_at is not None
        basis = {"_id": cause.timer_id, "due_at": cause.occurred_at}
        if timer is not None and timer[1].command is not None:
            writes.changes[TIMERS].append(ReplaceOne(basis, timer_row(cause.timer_id, plan, *timer)))
            writes.matched[TIMERS] += 1
        else:
            writes.changes[TIMERS].append(DeleteOne(basis))
            writes.deleted[TIMERS] += 1
    for id, (cause, timer_set) in plan.timers.items():
        if id in fired:
            continue
        if timer_set.command is None:
            writes.changes[TIMERS].append(DeleteOne({"_id": id}))
        else:
            row = timer_row(id, plan, cause, timer_set)
            writes.changes[TIMERS].append(ReplaceOne({"_id": id}, row, upsert=True))


def _side_rows(writes: Writes, plan: StreamPlan, now: datetime) -> None:
    for cause, answer in plan.commands:
        row = {"_id": command_id(cause), "body_hash": cause.body_hash, "answer": answer, "at": now}
        writes.inserts[COMMANDS].append(row)
    writes.inserts[WAITING] += [
        waiting_row(row.id, row.cause, now) for row in plan.waiting.values() if not row.stored
    ]
    if plan.released:
        writes.changes[WAITING] += [DeleteOne({"_id": id}) for id in plan.released]
    for id, cause, reason in plan.parked:
        row = parked_row(id, cause, reason, plan.progress.lane, now)
        writes.changes[PARKED].append(ReplaceOne({"_id": id}, row, upsert=True))
    for id, how in plan.unparked:
        change = {"$set": {"state": "resolved", "resolved_as": how, "resolved_at": now}}
        writes.changes[PARKED].append(UpdateOne({"_id": id}, change))
