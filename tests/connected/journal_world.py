"""What the tests of the journal share: own stores, rows as a committer writes them, and a reader."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest
from aiokafka import AIOKafkaConsumer, TopicPartition

from shared.clock import SystemClock
from shared.events.envelope import Lane
from shared.events.intake import RequestCancelled
from shared.ids import derived_id
from shared.kernel import journal, topics
from shared.kernel.incarnation import Incarnation
from shared.kernel.reading import position_of
from shared.kernel.relay import Relay
from shared.kernel.stores import PLAIN, kernel_indexes
from shared.kernel.unit import Cause, Record
from shared.kernel.wire import Row, row_of
from shared.mongo.client import Client, Database, connect
from shared.mongo.indexes import ensure_indexes
from shared.settings import Settings
from shared.tasks import end
from tests.connected.private_stores import EmbeddedBroker
from tests.waiting import until

CLOCK = SystemClock()
LANE: Lane = "urgent"


def event_row(
    stream: str, sequence: int, *, lane: Lane = LANE, property_id: str = "p1", age_seconds: float = 0
) -> Row:
    """A row as the committer writes it."""
    now = CLOCK.now() - timedelta(seconds=age_seconds)
    cause = Cause(f"{stream}-{sequence}", "command", property_id, stream, lane, None)
    event = RequestCancelled(request_id=stream, reason="x" * 100, notice_received_at=now, cancelled_at=now)
    return row_of(
        event,
        id=derived_id("test", property_id, stream, sequence),
        cause=cause,
        stream=stream,
        lane=lane,
        sequence=sequence,
        after={},
        now=now,
        service="intake",
    )


@dataclass
class World:
    """One service's database and the broker of one test."""

    client: Client
    db: Database
    settings: Settings
    own_broker: EmbeddedBroker | None
    alarms: list[str] = field(default_factory=list)

    @property
    def broker(self) -> EmbeddedBroker:
        """The broker that may be killed."""
        assert self.own_broker is not None
        return self.own_broker

    def relay(self, incarnation: Incarnation, **changes: Any) -> Relay:
        """A relay of this world, not yet running."""
        settings = self.settings.model_copy(update=changes)
        return Relay(
            service="intake",
            lane=LANE,
            db=self.db,
            settings=settings,
            clock=CLOCK,
            incarnation=incarnation,
            alarm=self.alarms.append,
        )

    @asynccontextmanager
    async def running_relay(self, **changes: Any) -> AsyncIterator[asyncio.Task[None]]:
        """A relay that runs until the end of the block, with its own watch of the broker."""
        watch = Incarnation(self.settings, "test", every_seconds=0.1)
        before = await self.checkpoint()
        tasks = [asyncio.create_task(watch.run()), asyncio.create_task(self.relay(watch, **changes).run())]

        async def live() -> bool:
            row = await self.checkpoint()
            return row.get("epoch", 0) > before.get("epoch", 0) and row.get("cluster_time") is not None

        try:
            await until(live)
            yield tasks[1]
        finally:
            await end(tasks)

    async def checkpoint(self) -> dict[str, Any]:
        """The relay's checkpoint, empty before the first."""
        return await self.db["checkpoints"].find_one({"_id": LANE}) or {}

    async def insert(self, *rows: Row) -> None:
        """Commit these rows."""
        await self.db["outbox"].insert_many(list(rows))

    async def sealed(self, count: int) -> None:
        """Until so many rows are sealed."""

        async def enough() -> bool:
            return sum([len(s["ids"]) async for s in self.db["seals"].find()]) >= count

        await until(enough)

    async def on_kafka(self) -> list[Record]:
        """Every event that stands on the lane's topic now, by partition and offset."""
        topic = topics.topic("intake", LANE, self.settings.topic_prefix)
        places = [TopicPartition(topic, p) for p in range(self.settings.partitions)]
        consumer = AIOKafkaConsumer(
            bootstrap_servers=self.settings.kafka_bootstrap_servers, auto_offset_reset="earliest"
        )
        consumer.assign(places)
        await consumer.start()
        try:
            ends = await consumer.end_offsets(places)
            await consumer.seek_to_beginning(*places)
            found: list[Record] = []
            while any([await consumer.position(p) < ends[p] for p in places]):  # awaits inside
                for records in (await consumer.getmany(*places, timeout_ms=200)).values():
                    found += [
                        Record(r.topic, r.partition, r.offset, r.key, r.value, tuple(r.headers))
                        for r in records
                    ]
        finally:
            await consumer.stop()
        return [r for r in found if not r.key.startswith(b"seal:")]


def ids_of(records: list[Record]) -> list[str]:
    """Event ids in the order of the records."""
    return [dict(r.headers)["ce_id"].decode() for r in records]


def positions_of(records: list[Record]) -> list[int]:
    """Positions in the order of the records."""
    return [position_of(r)[1] for r in records]


@pytest.fixture
def own_broker() -> Iterator[EmbeddedBroker]:
    """A broker of this test, to be killed."""
    one = EmbeddedBroker()
    one.start()
    yield one
    one.kill()


@pytest.fixture
async def world(settings: Settings) -> AsyncIterator[World]:
    """An empty database, and topics of this test, on the broker of the session."""
    async with _world(settings, None) as one:
        yield one


@pytest.fixture
async def forgetful_world(settings: Settings, own_broker: EmbeddedBroker) -> AsyncIterator[World]:
    """An empty database, and a broker of this test that forgets when it is restarted."""
    own = {
        "kafka_bootstrap_servers": own_broker.bootstrap,
        "enable_idempotence": False,
        "broker_forgets": True,
    }
    async with _world(settings.model_copy(update=own), own_broker) as one:
        yield one


@asynccontextmanager
async def _world(settings: Settings, broker: EmbeddedBroker | None) -> AsyncIterator[World]:
    settings = settings.model_copy(update={"relay_seal_every_ms": 50, "fetch_max_wait_ms_urgent": 10})
    client = connect(settings.mongodb_url, "test")
    db = client[settings.database("intake")]
    await ensure_indexes(db, kernel_indexes(settings), (*PLAIN, *journal.COLLECTIONS))
    yield World(client, db, settings, broker)
    await client.close()
