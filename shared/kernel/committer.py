"""The committer: one per process, it turns causes into shared commits (guarantee 2).

Natural batching: while one commit is in flight the next one fills, so an idle system adds no wait; a busy one
waits a moment for those it has just answered. At most `commits_in_flight_max` transactions run at once and
never share a stream. `batch_records_max` 1 turns batching off; there is no second code path.
"""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from pymongo.asynchronous.database import AsyncDatabase
from pymongo.errors import PyMongoError

from shared.clock import Clock
from shared.errors import Busy, Rejected, Transient
from shared.kernel.aside import park_raw, park_unit
from shared.kernel.batch import Batch, BatchRunner
from shared.kernel.commit import BasisMoved
from shared.kernel.lanes import Item, Lanes, StreamKey, last_event
from shared.kernel.plan import reason_of
from shared.kernel.unit import Cause, Failed, Outcome, Parked, Record, Refused
from shared.mongo.lasting import is_network, lasts
from shared.observability.metrics import COMMIT_RECORDS, COMMIT_RETRIES, COMMITS, PARKS, UNITS
from shared.tasks import end

log = logging.getLogger(__name__)
_JITTER = random.Random()  # noqa: S311  spreads retries, guards nothing
CONFLICT_TRIES_MAX = 200
DOWN_WAIT_SECONDS_MAX = 1.0
URGENT_BYTES_SHARE = 4  # urgent causes may take a quarter more bytes of the queue than the others
ALONE_TRIES_FACTOR = 4  # after `tries_max` a stream goes alone, after four times as many it is given up


class Committer:
    """Submit causes, get outcomes once they are durable."""

    def __init__(
        self,
        db: AsyncDatabase[dict[str, Any]],
        runner: BatchRunner,
        clock: Clock,
        *,
        batch_records_max: int,
        commits_in_flight_max: int,
        tries_max: int,
        queue_records_max: int,
        queue_urgent_reserve: int,
        queue_bytes_max: int = 32 * 1024 * 1024,
        batch_bytes_max: int = 8 * 1024 * 1024,
        retry_after_seconds: int = 1,
        gather_seconds: float = 0.006,
    ) -> None:
        self._db = db
        self._runner = runner
        self._clock = clock
        self._records_max = batch_records_max
        self._in_flight_max = commits_in_flight_max
        self._tries_max = tries_max
        self._queue_max = queue_records_max
        self._reserve = queue_urgent_reserve
        self._queue_bytes_max = queue_bytes_max
        self._batch_bytes_max = batch_bytes_max
        self._retry_after = retry_after_seconds
        self._lanes = Lanes(gather_seconds)
        self._room = asyncio.Event()
        self._workers: list[asyncio.Task[None]] = []
        self._closing = self._stopped = False
        self.on_commit: Callable[[Sequence[str]], None] = lambda names: None
        self.on_progress: Callable[[], None] = lambda: None

    def start(self) -> None:
        """Begin to commit."""
        self._room.set()
        self._workers = [
            asyncio.create_task(self._work(), name=f"commit-{n}") for n in range(self._in_flight_max)
        ]

    async def stop(self, drain_seconds: float) -> None:
        """Finish what is queued, as far as the time goes; who is left waiting is told to come again."""
        self._closing = True
        self._lanes.changed.set()
        if self._workers:
            await asyncio.wait(self._workers, timeout=drain_seconds)
        await end(self._workers, again_after_seconds=1.0)
        self._stopped = True
        self._room.set()
        for item in self._lanes.empty():
            item.resolve(Failed(Busy(self._retry_after)))

    @property
    def queued(self) -> int:
        """Records waiting."""
        return self._lanes.records

    async def submit(self, causes: Sequence[Cause], *, wait: bool = True) -> list[Outcome]:
        """The outcome of each cause, when all are durable.

        A full queue makes a caller wait (`wait`, consumers and timers) or raises Busy (HTTP). Urgent causes
        have a reserve beyond the limit, and an emergency is never refused. Who comes after `stop` is told to
        come again.
        """
        loop = asyncio.get_running_loop()
        items = [Item(cause, loop.create_future()) for cause in causes]
        for item in items:
            while not self._stopped and not self._has_room(item.cause):
                if not wait:
                    raise Busy(self._retry_after)
                self._room.clear()
                await self._room.wait()
            if self._stopped:
                item.resolve(Failed(Busy(self._retry_after)))
            else:
                self._lanes.put(item)
        return [await item.done for item in items]

    def _has_room(self, cause: Cause) -> bool:
        if cause.emergency:
            return True
        records, size = self._queue_max, self._queue_bytes_max
        if cause.lane == "urgent":
            records, size = records + self._reserve, size + size // URGENT_BYTES_SHARE
        return self._lanes.records < records and self._lanes.bytes < size

    async def park_raw(self, record: Record, reason: str) -> None:
        """Keep a record that names no stream we could hold back; the same record is kept once."""
        await park_raw(self._db, record, reason, self._clock.now())

    # --- workers ------------------------------------------------------------------------------------------

    async def _work(self) -> None:
        while True:
            await self._lanes.gather()
            taken = self._lanes.take(self._records_max)
            if not taken:
                if self._closing:
                    return
                await self._lanes.changed.wait()
                continue
            self._room.set()
            keys, in_hand = list(taken), [item for items in taken.values() for item in items]
            alone = [key for key in keys if taken[key][0].tries >= self._tries_max]
            together = {key: taken[key] for key in keys if key not in alone}
            try:
                for part in ([together] if together else []) + [{key: taken[key]} for key in alone]:
                    await self._commit_taken(part)
            except BaseException as error:
                for item in in_hand:
                    item.resolve(Failed(Busy(self._retry_after)))
                if not isinstance(error, Exception):
                    raise
                log.exception("a batch failed where nothing should: those who wait come again")
            finally:
                self._lanes.release(keys)
            self.on_progress()

    async def _commit_taken(self, taken: dict[StreamKey, list[Item]]) -> None:
        """See a batch through: what passes is waited out, broken units are put back, the rest is answered.

        Streams leave `taken` as they are answered or put back, so that a second round holds only what is
        still open.
        """
        down = 0
        while taken:
            try:
                batch = await self._runner.plan(
                    {key: [i.cause for i in items] for key, items in taken.items()}
                )
                await self._write(batch, taken)
                return
            except (PyMongoError, Transient) as error:
                down += 1
                if lasts(error, down):
                    await self._one_by_one(taken, error)
                    return
                wait = min(DOWN_WAIT_SECONDS_MAX, 0.02 * 2 ** min(down, 8)) * _JITTER.uniform(0.5, 1.0)
                COMMIT_RETRIES.labels(reason="store").inc()
                if down in (1, 10, 100):
                    log.warning("the store is away: %s (try %d)", type(error).__name__, down)
                await asyncio.sleep(wait)
            except Exception as error:
                log.exception("a batch of %d streams failed outside its units", len(taken))
                await self._one_by_one(taken, error)
                return

    async def _one_by_one(self, taken: dict[StreamKey, list[Item]], error: Exception) -> None:
        """What one unit wants cannot be written at all: find it, and give up that one alone."""
        if len(taken) > 1:
            for key in list(taken):
                await self._commit_taken({key: taken.pop(key)})
            return
        for key, (first, *rest) in taken.items():
            if not rest:
                await self._give_up(first, error)
                return
            self._put_back(rest, count=False)
            await self._commit_taken({key: [first]})

    async def _write(self, batch: Batch, taken: dict[StreamKey, list[Item]]) -> None:
        pieces = [batch]
        while pieces:
            piece = pieces.pop()
            if piece.bytes > self._batch_bytes_max and len(piece.plans) > 1:
                pieces += piece.halves()
                continue
            try:
                names = await self._with_retries(piece)
            except BasisMoved:
                pieces += await self._isolate(piece, taken)
                continue
            self._runner.forget(piece)
            self.on_commit(names)
            self._answer(piece, taken)
        for key in batch.deferred:
            self._put_back(taken.pop(key), count=False)

    async def _with_retries(self, piece: Batch) -> list[str]:
        for _ in range(CONFLICT_TRIES_MAX):
            try:
                return await self._runner.write(piece)
            except PyMongoError as error:
                if not error.has_error_label("TransientTransactionError") or is_network(error):
                    raise
                COMMIT_RETRIES.labels(reason="conflict").inc()
                await asyncio.sleep(_JITTER.uniform(0.001, 0.020))
        raise BasisMoved("the transaction was in conflict for too long")

    async def _isolate(self, piece: Batch, taken: dict[StreamKey, list[Item]]) -> list[Batch]:
        """Put back the streams whose basis moved.

        The others go again. Nobody found: halve, down to one stream.
        """
        COMMIT_RETRIES.labels(reason="basis").inc()
        moved = await self._runner.moved(piece)
        if moved:
            rest, broken = piece.split(moved)
            for key in broken:
                await self._put_back_or_give_up(taken.pop(key))
            return [rest] if rest else []
        if len(piece.plans) > 1:
            return list(piece.halves())
        for key in piece.plans:
            await self._put_back_or_give_up(taken.pop(key))
        return []

    async def _put_back_or_give_up(self, items: list[Item]) -> None:
        if items[0].tries < self._tries_max * ALONE_TRIES_FACTOR:
            self._put_back(items, count=True)
            return
        for item in reversed(items):
            await self._give_up(item, BasisMoved("its basis moved each time it was tried"))

    def _put_back(self, items: list[Item], *, count: bool) -> None:
        for item in reversed(items):
            item.tries += count
            self._lanes.put(item, front=True)

    async def _give_up(self, item: Item, error: BaseException) -> None:
        """A unit that can never be committed: a command fails, the rest is parked, events with a stream."""
        if item.cause.kind == "command":
            late = Failed(Busy(self._retry_after) if isinstance(error, BasisMoved) else error)
            item.resolve(Refused(error) if isinstance(error, Rejected) else late)
            return
        reason = reason_of(error)
        if item.cause.kind == "event" and not item.cause.poison:
            item.cause, item.tries = replace(item.cause, poison=reason), 0
            self._put_back([item], count=False)
            return
        try:
            await park_unit(self._db, item.cause, reason, self._clock.now())
        except PyMongoError:  # not kept, so not given up: whoever sent it comes again
            item.resolve(Failed(Busy(self._retry_after)))
            return
        log.error("a unit was given up: %s", reason)
        item.resolve(Parked(reason))

    def _answer(self, piece: Batch, taken: dict[StreamKey, list[Item]]) -> None:
        count = 0
        for key, plan in piece.plans.items():
            items = taken.pop(key)
            again = last_event(items) if plan.more else None
            if again:  # until all that waited for it is applied, it is not answered
                self._put_back([again], count=False)
            for item, outcome in zip(items, plan.outcomes, strict=True):
                if item is not again:
                    item.resolve(outcome)
                count += 1
                UNITS.labels(kind=item.cause.kind, outcome=type(outcome).__name__).inc()
            for _, cause, reason in plan.parked:  # also what had waited and was released just now
                PARKS.labels(kind=cause.kind).inc()
                log.error("parked on the %s lane: %s", cause.lane, reason)
        COMMITS.inc()
        COMMIT_RECORDS.observe(count)
