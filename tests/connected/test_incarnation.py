"""A broker that has forgotten is noticed, once, by everybody."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from itertools import pairwise

import pytest
from aiokafka import AIOKafkaConsumer, TopicPartition

from shared.kernel import topics
from shared.kernel.incarnation import Incarnation
from shared.settings import Settings
from tests.connected.private_stores import EmbeddedBroker
from tests.waiting import PATIENCE_SECONDS

pytestmark = pytest.mark.connected


@pytest.fixture
def broker() -> Iterator[EmbeddedBroker]:
    """A broker of this test alone, because it is killed."""
    one = EmbeddedBroker()
    one.start()
    yield one
    one.kill()


def settings_for(broker: EmbeddedBroker, prefix: str = "") -> Settings:
    return Settings(
        kafka_bootstrap_servers=broker.bootstrap,
        topic_prefix=prefix,
        partitions=2,
        enable_idempotence=False,
        broker_forgets=True,
    )


async def topic_names(settings: Settings) -> list[str]:
    admin = topics.admin(settings, "test")
    await admin.start()
    try:
        return sorted(await admin.list_topics())
    finally:
        await admin.close()


async def test_the_first_check_creates_all_topics_with_their_partitions(broker: EmbeddedBroker) -> None:
    settings = settings_for(broker, "x.")
    watch = Incarnation(settings, "test")
    name = await watch.check()
    assert await watch.check() == name == watch.current
    names = await topic_names(settings)
    assert len(names) == 10
    assert "x.intake.urgent.v1" in names
    assert f"x.guanjia.incarnation.{name}" in names
    sender = topics.producer(settings, "test", watch.check)
    await sender.start()
    assert len(await sender.partitions_for("x.intake.urgent.v1")) == 2
    assert len(await sender.partitions_for("x.guanjia.confirmed.v1")) == 1
    await sender.stop()
    await watch.close()


async def test_many_at_once_agree(broker: EmbeddedBroker) -> None:
    watches = [Incarnation(settings_for(broker), f"test-{n}") for n in range(6)]
    await asyncio.gather(*(w.check() for w in watches))
    agreed = {await w.check() for w in watches}
    for w in watches:
        await w.close()
    assert len(agreed) == 1


async def test_a_restart_is_noticed_by_who_waits(broker: EmbeddedBroker) -> None:
    settings = settings_for(broker)
    watch = Incarnation(settings, "test", every_seconds=0.05)
    first = await watch.check()
    running = asyncio.create_task(watch.run())
    waiting = asyncio.create_task(watch.wait_change(first))
    broker.kill()
    await asyncio.sleep(0.1)
    assert not waiting.done()
    broker.start()
    second = await asyncio.wait_for(waiting, PATIENCE_SECONDS)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    assert second != first
    assert len(await topic_names(settings)) == 10


async def test_asking_for_a_missing_topic_does_not_create_it(broker: EmbeddedBroker) -> None:
    settings = settings_for(broker)

    async def never() -> None:
        """Looks at nothing."""

    sender = topics.producer(settings, "test", never)
    await sender.start()
    asking = asyncio.create_task(sender.partitions_for("nobody.urgent.v1"))
    await asyncio.sleep(0.3)
    asking.cancel()
    await asyncio.gather(asking, return_exceptions=True)
    await sender.stop()
    assert await topic_names(settings) == []


async def test_no_record_is_taken_before_the_topics_are_there(broker: EmbeddedBroker) -> None:
    """A producer that was connected before the broker forgot: everything that is confirmed stays readable."""
    settings = settings_for(broker)
    watch = Incarnation(settings, "test")
    first = await watch.check()
    sender = topics.producer(settings, "test", watch.check)
    await sender.start()
    places = [TopicPartition("intake.urgent.v1", p) for p in (0, 1)]
    await sender.send_and_wait(places[0].topic, b"before", partition=0)
    broker.kill()
    broker.start()
    confirmed: set[tuple[int, int, bytes]] = set()
    for n in range(40):
        value = str(n).encode()
        sent = await sender.send_and_wait(places[0].topic, value, partition=n % 2)
        assert watch.current != first, "confirmed by a broker nobody had looked at"
        confirmed.add((sent.partition, sent.offset, value))
    assert len({c[:2] for c in confirmed}) == 40
    reader = AIOKafkaConsumer(bootstrap_servers=broker.bootstrap, auto_offset_reset="earliest")
    reader.assign(places)
    await reader.start()
    found: set[tuple[int, int, bytes]] = set()
    end = asyncio.get_running_loop().time() + PATIENCE_SECONDS
    while len(found) < 40 and asyncio.get_running_loop().time() < end:
        for records in (await reader.getmany(*places, timeout_ms=200)).values():
            found |= {(r.partition, r.offset, r.value) for r in records}
    for client in (reader, sender):
        await client.stop()
    await watch.close()
    assert found == confirmed


async def test_a_broker_that_is_away_is_an_error_that_passes(broker: EmbeddedBroker) -> None:
    watch = Incarnation(settings_for(broker), "test")
    broker.kill()
    with pytest.raises(Exception, match=r"(?i)connect|bootstrap"):
        await watch.check()
    broker.start()
    assert await watch.check()
    await watch.close()


def test_partitions_are_those_of_the_java_client() -> None:
    # Values of the Java client's murmur2 partitioner for these keys.
    from aiokafka.partitioner import DefaultPartitioner

    for n in (1, 2, 3, 12):
        every = list(range(n))
        keys = [f"p{i}:r-{i}".encode() for i in range(200)]
        chosen = [topics.partition_of(k, n) for k in keys]
        assert chosen == [DefaultPartitioner()(k, every, every) for k in keys]
        assert n == 1 or any(a != b for a, b in pairwise(chosen))
