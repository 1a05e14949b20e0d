"""On every topic, for every service that reads it: what cannot be read is parked, what is unknown only counts
as seen, and the consumer goes on. Real services, a real broker, a real MongoDB.
"""

from __future__ import annotations

import asyncio
import importlib
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

import pytest

from shared.catalogue.load import Catalogue
from shared.clock import SystemClock
from shared.events.envelope import LANES, PRODUCERS, Lane
from shared.ids import new_id
from shared.kernel import stores, topics
from shared.kernel.consumer import LaneConsumer
from shared.kernel.incarnation import Incarnation
from shared.kernel.runtime import Runtime, Service, build
from shared.settings import Settings
from shared.tasks import end
from tests.waiting import until

pytestmark = pytest.mark.connected
PROPERTY = "tower"
Record = tuple[bytes, bytes, list[tuple[str, bytes]]]


def record(
    producer: str, lane: Lane, stream: str, sequence: int, value: bytes, kind: str = "x.y.v1"
) -> Record:
    """A record as a newer release of the producer might send it, or a broken one."""
    attributes = {
        "specversion": "1.0",
        "id": new_id(),
        "type": f"{producer}.{kind}",
        "source": f"/{producer}",
        "time": "2026-03-01T08:00:00.000Z",
        "propertyid": PROPERTY,
        "sequence": str(sequence),
        "lane": lane,
    }
    headers = [("ce_" + name, text.encode()) for name, text in attributes.items()]
    return f"{PROPERTY}:{stream}".encode(), value, [*headers, ("content-type", b"application/json")]


@asynccontextmanager
async def reading(name: str, lane: Lane, settings: Settings) -> AsyncIterator[Runtime]:
    """The consumer of a service's lane as its process runs it."""
    service: Service = importlib.import_module(f"services.{name}.app").service
    role = "front" if lane == "urgent" else "bulk"
    runtime = build(service.wiring, role, settings, SystemClock(), Catalogue.shipped())  # type: ignore[arg-type]
    await stores.prepare(runtime.client, runtime.db, service.wiring, settings, runtime.catalogue)
    runtime.committer.start()
    watch = Incarnation(settings, name)
    consumer = asyncio.create_task(LaneConsumer.of(runtime, watch).run())
    try:
        yield runtime
        assert not consumer.done(), "the consumer goes on"
    finally:
        await end([consumer])
        await watch.close()
        await runtime.committer.stop(5)
        await runtime.client.close()


async def publish(settings: Settings, lane: Lane) -> None:
    """The same trouble on the topic of each producer."""
    watch = Incarnation(settings, "by hand")
    async with topics.sending(settings, "by hand", watch.check) as sender:
        for producer in PRODUCERS:
            topic = topics.topic(producer, lane, settings.topic_prefix)
            broken = f"broken-{producer}"
            for key, value, headers in (
                (b"\xff", b"\x00\xff", []),
                record(producer, lane, broken, 1, b"\xff{"),
                record(producer, lane, broken, 2, b"{}"),
                record(producer, lane, f"news-{producer}", 1, b'{"a": 1}', "future.seen.v7"),
                record(producer, lane, f"news-{producer}", 2, b'{"b": 2}', "future.seen.v8"),
            ):
                await sender.send_and_wait(topic, value, key, 0, headers=headers)
    await watch.close()


async def check(runtime: Runtime, lane: Lane) -> None:
    """What the service has of it."""
    db, reads = runtime.db, runtime.wiring.reads
    news = [f"{PROPERTY}:news-{producer}" for producer in reads]

    async def all_seen() -> bool:
        """The events after the broken ones have been seen."""
        rows = await db["progress"].find({"_id": {"$in": news}}).to_list()
        return len(rows) == len(reads) and all(list(row["seen"].values()) == [2] for row in rows)

    await until(all_seen)
    raw = await db["parked"].find({"kind": "raw"}).to_list()
    prefix = runtime.settings.topic_prefix
    assert {r["record"]["topic"] for r in raw} == {topics.topic(p, lane, prefix) for p in reads}
    assert all(bytes(r["record"]["value"]) == b"\x00\xff" and "content-type" in r["reason"] for r in raw)
    held = {r["source"]: r for r in await db["parked"].find({"kind": "event"}).to_list()}
    assert set(held) == set(reads)
    assert all("not JSON" in row["reason"] and row["state"] == "parked" for row in held.values())
    for producer in reads:
        row = await db["progress"].find_one({"_id": f"{PROPERTY}:broken-{producer}"})
        assert row is not None
        assert (row["parked"], row["waiting"], row["seen"]) == (held[producer]["_id"], 1, {})


@pytest.mark.parametrize("lane", LANES)
async def test_trouble_is_parked_and_news_only_counts_as_seen(lane: Lane, settings: Settings) -> None:
    async with AsyncExitStack() as running:
        runtimes = [await running.enter_async_context(reading(name, lane, settings)) for name in PRODUCERS]
        await publish(settings, lane)
        for runtime in runtimes:
            await check(runtime, lane)
    assert {producer for runtime in runtimes for producer in runtime.wiring.reads} == set(PRODUCERS)
