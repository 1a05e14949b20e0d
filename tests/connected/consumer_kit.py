"""What the tests of the consumer share: a consumer of intake's lane, and what stands for its committer."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Sequence
from typing import Any

from aiokafka import AIOKafkaProducer

from shared.events.intake import RequestReopened
from shared.ids import derived_id
from shared.kernel import topics
from shared.kernel.consumer import LaneConsumer
from shared.kernel.incarnation import Incarnation
from shared.kernel.unit import Applied, Cause, Outcome, Parked, Record
from shared.kernel.vault import Vault
from shared.kernel.wire import Row, row_of
from shared.tasks import end
from tests.connected.journal_world import CLOCK, LANE, World
from tests.waiting import until


class Committer:
    """Stands where the committer stands, and writes down what it gets; parks what a test says."""

    def __init__(self) -> None:
        self.causes: list[Cause] = []
        self.raw: list[tuple[Record, str]] = []
        self.parks: set[str] = set()
        self.slow = 0.0
        self.begun = 0

    async def submit(self, causes: Sequence[Cause], *, wait: bool = True) -> list[Outcome]:
        """Everything is applied, but what a test parks."""
        self.begun += len(causes)
        await asyncio.sleep(self.slow)
        self.causes += causes
        return [Parked("test") if c.poison or c.stream in self.parks else Applied() for c in causes]

    async def park_raw(self, record: Record, reason: str) -> None:
        """A record without a stream."""
        self.raw.append((record, reason))

    @property
    def ids(self) -> list[str]:
        """Event ids as they came."""
        return [c.id for c in self.causes]

    def sequences(self, stream: str) -> list[int]:
        """Sequences of a stream as they came first."""
        return list(dict.fromkeys(c.sequence for c in self.causes if c.stream == stream))


def reopened(stream: str, sequence: int) -> Row:
    """An event of intake as it lies in the journal."""
    now = CLOCK.now()
    return row_of(
        RequestReopened(request_id=stream, reason="again", reopened_at=now),
        id=derived_id("reopened", stream, sequence),
        cause=Cause("c", "command", "p1", stream, LANE, None),
        stream=stream,
        lane=LANE,
        sequence=sequence,
        after={},
        now=now,
        service="intake",
    )


@contextlib.asynccontextmanager
async def consuming(
    world: World, committer: Committer, service: str = "dispatch", **changes: Any
) -> AsyncIterator[None]:
    """A consumer of intake's lane for the length of the block, with a database of its own."""
    settings = world.settings.model_copy(update=changes)
    watch = Incarnation(settings, "consumer", every_seconds=0.1)
    db = world.client[settings.database(service)]
    consumer = LaneConsumer(
        service=service,
        lane=LANE,
        reads=("intake",),
        db=db,
        settings=settings,
        clock=CLOCK,
        vault=Vault(world.client[settings.database("vault")], b"k" * 32, CLOCK),
        committer=committer,  # type: ignore[arg-type]
        incarnation=watch,
        records_max=100,
        alarm=world.alarms.append,
    )

    async def kept() -> None:
        while True:  # as the runtime keeps its loops
            try:
                await consumer.run()
            except Exception:
                logging.getLogger("test").exception("the consumer begins again")
            await asyncio.sleep(0.1)

    tasks = [asyncio.create_task(watch.run()), asyncio.create_task(kept())]
    try:
        yield
    finally:
        await end(tasks)


async def came(committer: Committer, rows: Sequence[Row]) -> None:
    """Until all of these have come."""
    wanted = {r["_id"] for r in rows}

    async def all_there() -> bool:
        return wanted <= set(committer.ids)

    await until(all_there)


async def publish(world: World, *records: tuple[bytes, bytes | None, list[tuple[str, bytes]]]) -> None:
    """Put these on the lane's topic by hand."""
    watch = Incarnation(world.settings, "by hand")
    await watch.check()
    sender: AIOKafkaProducer = topics.producer(world.settings, "by hand", watch.check)
    await sender.start()
    topic = topics.topic("intake", LANE, world.settings.topic_prefix)
    for key, value, headers in records:
        await sender.send_and_wait(topic, value, key, 0, headers=headers)
    await sender.stop()
    await watch.close()
