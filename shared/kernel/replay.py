"""Sending sealed events again, in seal order: to a broker that has forgotten, and on demand.

Each consumer group says on one topic what it has without a gap; the relay sends the rest, once per
incarnation and partition. Readers recognise repeats by `sequence`, so sending too much changes nothing.
Memory is bounded: one seal's rows at a time, and few records on their way.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import orjson
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from pymongo.asynchronous.database import AsyncDatabase

from shared.errors import Invalid
from shared.events.envelope import Lane
from shared.kernel import topics
from shared.kernel.incarnation import Incarnation
from shared.kernel.journal import CHECKPOINTS, OUTBOX, RECEIVED, SEALS, Checkpoint, Document, Journal
from shared.kernel.wire import Row, to_kafka
from shared.observability.metrics import REPUBLISHED
from shared.settings import Settings
from shared.tasks import honour_cancellation, whole

log = logging.getLogger(__name__)
IN_FLIGHT_MAX = 500
SEALS_AT_ONCE = 20
CONFIRMED_WAIT_MS = 200
YIELD_EVERY = 20


@dataclass(frozen=True, slots=True)
class Confirmation:
    """What a group has of a producer's lane: up to where nothing is missing, per partition.

    With `gaps` it asks for these positions alone, after the one up to the other, whatever log there is.
    """

    group: str
    incarnation: str
    producer: str
    lane: str
    positions: Mapping[int, int]
    gaps: Mapping[int, tuple[int, int]] = field(default_factory=dict)

    def to_bytes(self) -> bytes:
        """The record's value."""
        return orjson.dumps(
            {
                "group": self.group,
                "incarnation": self.incarnation,
                "producer": self.producer,
                "lane": self.lane,
                "positions": {str(p): n for p, n in self.positions.items()},
                "gaps": {str(p): gap for p, gap in self.gaps.items()},
            }
        )

    @classmethod
    def from_bytes(cls, value: bytes | None) -> Confirmation | None:
        """None for anything that is no confirmation."""
        try:
            body = orjson.loads(value or b"")
            return cls(
                str(body["group"]),
                str(body["incarnation"]),
                str(body["producer"]),
                str(body["lane"]),
                {int(p): int(n) for p, n in body["positions"].items()},
                {int(p): (int(a), int(u)) for p, (a, u) in body.get("gaps", {}).items()},
            )
        except (orjson.JSONDecodeError, KeyError, TypeError, ValueError, AttributeError):
            return None


class Sender:
    """Publishes journal rows again, with a bounded number on their way, and lets live events through."""

    def __init__(self, producer: AIOKafkaProducer, topic: str, partitions: int) -> None:
        self._producer = producer
        self._topic = topic
        self.partitions = partitions
        self._in_flight: deque[asyncio.Future[Any]] = deque()
        self._count = 0

    async def send(self, row: Row, position: int, previous: int, partition: int) -> None:
        """Send it; wait while too many are on their way. Raises KafkaError if an earlier one failed."""
        key, value, headers = to_kafka(row, position, previous)
        if partition >= self.partitions:
            partition = topics.partition_of(key, self.partitions)
        self._in_flight.append(await self._producer.send(self._topic, value, key, partition, headers=headers))
        if len(self._in_flight) >= IN_FLIGHT_MAX:
            await self._in_flight.popleft()
        self._count += 1
        if self._count % YIELD_EVERY == 0:
            await asyncio.sleep(0)

    async def flush(self) -> None:
        """Until the broker has all of them."""
        while self._in_flight:
            await self._in_flight.popleft()


class Republisher:
    """Reads what groups have confirmed in this incarnation, and sends what they lack."""

    def __init__(
        self,
        service: str,
        settings: Settings,
        journal: Journal,
        sender: Sender,
        incarnation: Incarnation,
        note_incarnation: Callable[[], Awaitable[None]],
        all_sealed: Callable[[], Awaitable[None]],
    ) -> None:
        self._service = service
        self._settings = settings
        self._journal = journal
        self._sender = sender
        self._incarnation = incarnation
        self._note_incarnation = note_incarnation
        self._all_sealed = all_sealed

    async def run(self) -> None:
        """Until something fails."""
        place = TopicPartition(topics.confirmed_topic(self._settings.topic_prefix), 0)
        consumer = AIOKafkaConsumer(
            bootstrap_servers=self._settings.kafka_bootstrap_servers,
            client_id=f"republish.{self._service}.{self._journal.lane}",
            enable_auto_commit=False,
            auto_offset_reset="earliest",
            fetch_max_wait_ms=CONFIRMED_WAIT_MS,
            request_timeout_ms=topics.REQUEST_TIMEOUT_MS,
        )
        consumer.assign([place])
        try:
            await whole(consumer.start())
            known = self._journal.checkpoint.incarnation
            while True:
                honour_cancellation()
                if self._journal.checkpoint.incarnation != known:
                    known = self._journal.checkpoint.incarnation
                    await consumer.seek_to_beginning(place)
                found = await consumer.getmany(place, timeout_ms=2 * CONFIRMED_WAIT_MS)
                for record in found.get(place, ()):
                    confirmation = Confirmation.from_bytes(record.value)
                    if confirmation is not None:
                        await self._answer(confirmation)
        finally:
            await consumer.stop()

    async def _answer(self, confirmation: Confirmation) -> None:
        if confirmation.producer != self._service or confirmation.lane != self._journal.lane:
            return
        if confirmation.incarnation != self._journal.checkpoint.incarnation:
            if confirmation.incarnation != await self._incarnation.check():
                return  # of an earlier log
            await self._note_incarnation()
        checkpoint = self._journal.checkpoint
        if confirmation.gaps:
            low = {p: after for p, (after, _) in confirmation.gaps.items()}
            high = {p: upto for p, (_, upto) in confirmation.gaps.items()}
            log.warning("%s lacks events of %s.%s", confirmation.group, self._service, checkpoint.lane)
        else:
            low, high = lacking(confirmation.positions, checkpoint, self._sender.partitions)
        if not low:
            return
        await self._all_sealed()
        count = await send_again(self._journal.db, self._journal.lane, self._sender, low, high)
        REPUBLISHED.labels(self._service, self._journal.lane).inc(count)
        if not confirmation.gaps:
            await self._journal.note_republished(low)


def lacking(
    confirmed: Mapping[int, int], checkpoint: Checkpoint, partitions: int
) -> tuple[dict[int, int], dict[int, int]]:
    """Per partition the positions to send again, after `low` up to `high`; only where any lack."""
    low: dict[int, int] = {}
    high: dict[int, int] = {}
    for partition in range(partitions):
        has = confirmed.get(partition, 0)
        until = min(
            checkpoint.republished.get(partition, checkpoint.since - 1),
            checkpoint.since - 1,
        )
        if has < until:
            low[partition], high[partition] = has, until
    return low, high


async def send_again(
    db: AsyncDatabase[Document],
    lane: Lane,
    sender: Sender,
    low: Mapping[int, int],
    high: Mapping[int, int],
    progress: Callable[[int], None] = lambda count: None,
) -> int:
    """Send the sealed events of these positions. What retention deleted is bridged: nobody waits for it."""
    last = dict(low)
    count = 0
    async for row, position, partition in _sealed_rows(db, lane, low, high):
        await sender.send(row, position, last[partition], partition)
        last[partition] = position
        count += 1
        if count % 1_000 == 0:
            progress(count)
    await sender.flush()
    progress(count)
    return count


async def _sealed_rows(
    db: AsyncDatabase[Document], lane: Lane, low: Mapping[int, int], high: Mapping[int, int]
) -> AsyncIterator[tuple[Row, int, int]]:
    until = max(high.values())
    query = {"lane": lane, "last_position": {"$gt": min(low.values())}}
    seals = db[SEALS].find(query, {"ids": 1, "partitions": 1, "first_position": 1}, batch_size=SEALS_AT_ONCE)
    async for seal in seals.sort([("lane", 1), ("last_position", 1)]):
        if seal["first_position"] > until:
            return
        wanted = [
            (row_id, seal["first_position"] + i, partition)
            for i, (row_id, partition) in enumerate(zip(seal["ids"], seal["partitions"], strict=True))
            if low.get(partition, until) < seal["first_position"] + i <= high.get(partition, 0)
        ]
        if not wanted:
            continue
        rows = {r["_id"]: r async for r in db[OUTBOX].find({"_id": {"$in": [w[0] for w in wanted]}})}
        for row_id, position, partition in wanted:
            if row_id in rows:
                yield rows[row_id], position, partition


async def replay(
    settings: Settings,
    db: AsyncDatabase[Document],
    service: str,
    lane: Lane,
    *,
    from_position: int | None = None,
    since: datetime | None = None,
    lacking_in: AsyncDatabase[Document] | None = None,
    progress: Callable[[int], None] = lambda count: None,
) -> int:
    """Send events of a lane again: from a position, from a time, or what the service of a database lacks.

    Everybody who reads the lane gets them; what they have, they recognise. Returns how many were sent. Raises
    Invalid if not exactly one start is given.
    """
    if sum(x is not None for x in (from_position, since, lacking_in)) != 1:
        raise Invalid("replay-start", "give a position, a time, or the service that lacks events")
    checkpoint = await db[CHECKPOINTS].find_one({"_id": lane})
    if checkpoint is None or not checkpoint.get("n"):
        return 0
    incarnation = Incarnation(settings, f"replay.{service}.{lane}")
    try:
        await incarnation.check()
        async with topics.sending(settings, f"replay.{service}.{lane}", incarnation.check) as sending:
            topic = topics.topic(service, lane, settings.topic_prefix)
            partitions = len(await sending.partitions_for(topic))
            if lacking_in is not None:
                low = await received_of(lacking_in, service, lane)
            else:
                low = await _before(db, lane, from_position, since)
            low = {p: low.get(p, 0) for p in range(partitions)}
            high = dict.fromkeys(low, int(checkpoint["position"]))
            return await send_again(db, lane, Sender(sending, topic, partitions), low, high, progress)
    finally:
        await incarnation.close()


async def received_of(db: AsyncDatabase[Document], producer: str, lane: Lane) -> dict[int, int]:
    """Per partition, what a service has of a producer's lane without a gap."""
    rows = db[RECEIVED].find({"producer": producer, "lane": lane})
    return {row["partition"]: row["position"] async for row in rows}


async def _before(
    db: AsyncDatabase[Document], lane: Lane, position: int | None, since: datetime | None
) -> dict[int, int]:
    """The last position per partition before the seal that holds the position or was made after the time."""
    query: Document = {"lane": lane}
    order = "last_position" if since is None else "sealed_at"
    query[order] = {"$gte": position if since is None else since}
    first = await db[SEALS].find_one(query, {"n": 1}, sort=[(order, 1)])
    if first is None:  # nothing is so young: nothing to send
        newest = await db[SEALS].find_one({"lane": lane}, {"last": 1}, sort=[("n", -1)])
        return {} if newest is None else {int(p): n for p, n in newest["last"].items()}
    before = await db[SEALS].find_one({"lane": lane, "n": first["n"] - 1}, {"last": 1})
    return {} if before is None else {int(p): n for p, n in before["last"].items()}
