"""One session of a relay, from a checkpoint to the next error: publish, seal, and send what groups lack."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections import deque
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from aiokafka import AIOKafkaProducer
from aiokafka.errors import (
    KafkaError,
    MessageSizeTooLargeError,
)
from bson.timestamp import Timestamp
from pymongo.asynchronous.change_stream import AsyncChangeStream
from pymongo.errors import OperationFailure

from shared.errors import Transient
from shared.kernel import topics
from shared.kernel.journal import NOT_PUBLISHED, OUTBOX, OUTBOX_PARKED, Document, Journal, Sealed
from shared.kernel.replay import Republisher, Sender
from shared.kernel.wire import Row, announcement_of, row_hash, to_kafka
from shared.observability.metrics import RELAY_LAG, RELAY_PENDING, RELAY_PUBLISHED, RELAY_SEALS
from shared.tasks import honour_cancellation, side_by_side, whole

if TYPE_CHECKING:
    from shared.kernel.relay import Relay

log = logging.getLogger(__name__)

AWAIT_MS = 500  # how long a stream waits for news before it says that there are none
IDLE_SECONDS = 5.0  # how often an idle relay saves its token
ANNOUNCE_SECONDS = 10.0
YIELD_EVERY = 20  # rows of a burst between two turns of the event loop
STOP_SECONDS = 2.0
_HISTORY_LOST = {260, 280, 286}  # InvalidResumeToken, ChangeStreamFatalError, ChangeStreamHistoryLost

Entry = tuple[Sealed, "asyncio.Future[Any] | None"]


class Session:
    """From one checkpoint to the next error."""

    def __init__(self, relay: Relay) -> None:
        self._r = relay
        settings = relay.settings
        self._topic = topics.topic(relay.service, relay.lane, settings.topic_prefix)
        self._journal = Journal(
            relay.db, relay.lane, settings.seal_hmac_key.get_secret_value().encode(), relay.clock
        )
        self._producer: AIOKafkaProducer
        self._partitions = 1
        self._position = 0
        self._sealed_upto = 0
        self._last: dict[int, int] = {}
        self._pending: deque[Entry] = deque()  # sent, not yet sealed
        self._unsealed = 0
        self._news = asyncio.Event()
        self._room = asyncio.Condition()
        self._filling = False
        self._filled = Timestamp(0, 0)
        self._idle_token: Mapping[str, Any] | None = None
        self._announced_n = 0
        self._announced_at = 0.0
        self._newest: Document | None = None
        self.sealed = 0

    async def run(self) -> None:
        """Until something fails."""
        name = f"{self._r.service}.{self._r.lane}"
        incarnation = await self._r.incarnation.check()
        self._producer = topics.producer(self._r.settings, f"relay.{name}", self._r.incarnation.check)
        try:
            await whole(self._producer.start())
            self._partitions = len(await self._producer.partitions_for(self._topic))
            checkpoint = await self._journal.open(self._r.settings.relay_pending_max + 1)
            self._position = self._sealed_upto = checkpoint.position
            self._last = dict(checkpoint.last)
            if checkpoint.incarnation != incarnation:
                await self._journal.note_incarnation(incarnation, self._position + 1)
            await side_by_side(
                self._publish(),
                self._seal(),
                self._follow_incarnation(),
                self._republish(),
                self._r.hold_lease(),
            )
        finally:
            RELAY_PENDING.labels(self._r.service, self._r.lane).set(0)
            await _stop(self._producer)
            for _, future in self._pending:
                if future is not None and not future.cancel() and not future.cancelled():
                    future.exception()  # somebody has to look at each, or it complains

    # --- publishing ---------------------------------------------------------------------------------------

    async def _publish(self) -> None:
        stream = await self._open_stream()
        async with stream:
            count = 0
            while True:
                honour_cancellation()
                change = await stream.try_next()
                if change is None:
                    if not stream.alive:
                        raise Transient("the change stream has ended")
                    self._idle_token = stream.resume_token
                    self._r.beat()
                    await asyncio.sleep(0)
                    continue
                if change["clusterTime"] <= self._filled:
                    continue  # the gap fill has seen it
                await self._send(change["fullDocument"], change["_id"], change["clusterTime"])
                count += 1
                if count % YIELD_EVERY == 0:
                    self._r.beat()
                    await asyncio.sleep(0)

    async def _open_stream(self) -> AsyncChangeStream[Document]:
        token = self._journal.checkpoint.token
        if token is not None:
            try:
                return await self._watch(resume_after=token)
            except OperationFailure as error:
                if error.code not in _HISTORY_LOST:
                    raise
                self._r.alarm(f"{self._r.service}: the change stream of lane {self._r.lane} lost its history")
        # Not from the moment after: the server would wait for that moment to come.
        self._filled = await self._fill_gap()
        return await self._watch(start_at_operation_time=self._filled)

    async def _watch(self, **start: Any) -> AsyncChangeStream[Document]:
        # Never change this pipeline: a stream resumes only with the one its token was made by.
        pipeline = [{"$match": {"operationType": "insert", "fullDocument.lane": self._r.lane}}]
        return await self._r.db[OUTBOX].watch(pipeline, max_await_time_ms=AWAIT_MS, **start)

    async def _fill_gap(self) -> Timestamp:
        """Publish what is in no seal, by stream and sequence; the moment after which the stream goes on."""
        moment, rows = await self._journal.unsealed()
        self._filling = True
        count = 0
        async for row in rows:
            await self._send(row, None, None)
            count += 1
            self._r.beat()
        async with self._room:
            await self._room.wait_for(lambda: self._unsealed == 0)
        self._filling = False
        await self._journal.note_filled(moment)
        log.info("relay %s.%s filled a gap of %d rows", self._r.service, self._r.lane, count)
        return moment

    async def _send(self, row: Row, token: Mapping[str, Any] | None, moment: Timestamp | None) -> None:
        if self._unsealed >= self._r.settings.relay_pending_max:
            async with self._room:
                await self._room.wait_for(lambda: self._unsealed < self._r.settings.relay_pending_max)
        self._position += 1
        entry = Sealed(str(row["_id"]), row_hash(row), NOT_PUBLISHED, self._position, token, moment)
        future: asyncio.Future[Any] | None = None
        try:
            key = f"{row['property_id']}:{row['stream']}".encode()
            partition = topics.partition_of(key, self._partitions)
            key, value, headers = to_kafka(row, self._position, self._last.get(partition, 0))
            future = await self._producer.send(self._topic, value, key, partition, headers=headers)
            entry.partition = partition
            self._last[partition] = self._position
        except (KeyError, TypeError, ValueError, AttributeError, MessageSizeTooLargeError) as error:
            await self._park(row, error)
        self._idle_token = None
        self._unsealed += 1
        self._pending.append((entry, future))
        self._news.set()

    async def _park(self, row: Row, error: Exception) -> None:
        """A row that cannot be an event, our own mistake: kept, sealed, shown; it blocks only its stream."""
        reason = f"{type(error).__name__}: {error}"[:200]
        self._r.alarm(f"{self._r.service}: outbox row {row['_id']} cannot be published: {reason}")
        now = self._r.clock.now()
        parked = {"_id": row["_id"], "reason": reason, "row": row, "state": "parked", "parked_at": now}
        await self._r.db[OUTBOX_PARKED].replace_one({"_id": row["_id"]}, parked, upsert=True)

    # --- sealing ------------------------------------------------------------------------------------------

    async def _seal(self) -> None:
        settings = self._r.settings
        most = min(settings.relay_seal_records_max, max(1, settings.relay_pending_max // 2))
        while True:
            honour_cancellation()
            batch = await self._confirmed(settings.relay_seal_every_ms / 1000, most)
            if not batch:
                await self._idle()
                continue
            last = self._journal.checkpoint.last | {
                e.partition: e.position for e in batch if e.partition != NOT_PUBLISHED
            }
            self._newest = await self._journal.seal(batch, last, gap=self._filling)
            self._measure(batch)
            async with self._room:
                self._unsealed -= len(batch)
                self._sealed_upto = batch[-1].position
                self._room.notify_all()
            await self._announce()

    async def _confirmed(self, seconds: float, most: int) -> list[Sealed]:
        """What the broker confirmed, in order: `most`, or fewer after that time; empty after an idle time."""
        loop = asyncio.get_running_loop()
        batch: list[Sealed] = []
        end = loop.time() + IDLE_SECONDS
        while len(batch) < most and (left := end - loop.time()) > 0:
            if not self._pending:
                self._news.clear()
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(left):  # wait_for may lose a cancellation before Python 3.12
                        await self._news.wait()
                continue
            entry, future = self._pending[0]
            if future is not None and not future.done():
                await asyncio.wait((future,), timeout=left)
                continue
            if future is not None:
                future.result()
            self._pending.popleft()
            if not batch:
                end = loop.time() + seconds
            batch.append(entry)
        return batch

    def _measure(self, batch: list[Sealed]) -> None:
        labels = (self._r.service, self._r.lane)
        self.sealed += len(batch)
        RELAY_PUBLISHED.labels(*labels).inc(len(batch))
        RELAY_SEALS.labels(*labels).inc()
        RELAY_PENDING.labels(*labels).set(self._unsealed)
        moment = batch[-1].cluster_time
        if moment is not None:
            RELAY_LAG.labels(*labels).set(self._r.clock.now().timestamp() - moment.time)
        self._r.beat()

    async def _idle(self) -> None:
        token = self._idle_token
        if token is not None and not self._unsealed and token != self._journal.checkpoint.token:
            await self._journal.save_token(token)
        await self._announce()

    async def _announce(self) -> None:
        """The newest seal, for every reader to keep: a rewritten past disagrees with the neighbours."""
        seal, now = self._newest, asyncio.get_running_loop().time()
        if seal is None or seal["n"] == self._announced_n or now - self._announced_at < ANNOUNCE_SECONDS:
            return
        self._announced_n, self._announced_at = seal["n"], now
        key, value, headers = announcement_of(self._r.service, seal, self._journal.checkpoint.seal_hash)
        partition = topics.partition_of(key, self._partitions)
        future = await self._producer.send(self._topic, value, key, partition, headers=headers)
        future.add_done_callback(lambda done: done.cancelled() or done.exception())

    # --- a broker that has forgotten ----------------------------------------------------------------------

    async def _follow_incarnation(self) -> None:
        while True:
            honour_cancellation()
            await self._r.incarnation.wait_change(self._journal.checkpoint.incarnation)
            await self._note_incarnation()

    async def _note_incarnation(self) -> None:
        await self._journal.note_incarnation(self._r.incarnation.current, self._position + 1)

    async def _republish(self) -> None:
        sender = Sender(self._producer, self._topic, self._partitions)
        incarnation, journal = self._r.incarnation, self._journal
        answers = Republisher(
            self._r.service,
            self._r.settings,
            journal,
            sender,
            incarnation,
            self._note_incarnation,
            self._all_sealed,
        )
        await answers.run()

    async def _all_sealed(self) -> None:
        """Until what was sent before this moment is sealed."""
        position = self._position
        async with self._room:
            await self._room.wait_for(lambda: self._sealed_upto >= position)


async def _stop(producer: AIOKafkaProducer) -> None:
    """Give it two seconds: what it still holds is sent again from the checkpoint."""
    with contextlib.suppress(KafkaError, OSError, TimeoutError):
        async with asyncio.timeout(STOP_SECONDS):
            await producer.stop()
