"""A consumer whose broker has forgotten gets what it lacks, and no more."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from aiokafka import AIOKafkaProducer

from tests.connected.consumer_kit import Committer, came, consuming, reopened
from tests.connected.journal_world import (
    LANE,
    World,
    forgetful_world,
    ids_of,
    own_broker,
    world,
)
from tests.waiting import until

__all__ = ["forgetful_world", "own_broker", "world"]
pytestmark = pytest.mark.connected


async def test_a_broker_that_forgets_while_a_group_is_behind_is_refilled(forgetful_world: World) -> None:
    """The group has 12 of 60 when broker and log are gone, and live events go on: it gets all."""
    world = forgetful_world
    early, late = Committer(), Committer()
    rows = [reopened(f"r-{i % 4}", i // 4 + 1) for i in range(80)]
    async with world.running_relay():
        async with consuming(world, early):
            await world.insert(*rows[:12])
            await came(early, rows[:12])
            await asyncio.sleep(0.2)
        await world.insert(*rows[12:60])
        await world.sealed(60)
        world.broker.kill()
        world.broker.start()
        await world.insert(*rows[60:70])
        await world.sealed(70)
        async with consuming(world, late):
            await world.insert(*rows[70:])
            await came(late, rows[12:])
            received = world.client[world.settings.database("dispatch")]["received"]

            async def without_gap() -> bool:
                found = await received.find({"lane": LANE}).to_list()
                return len(found) == 2 and all(not r["beyond"] for r in found)

            await until(without_gap)
    assert all(sorted(late.sequences(f"r-{n}"))[-1] == 20 for n in range(4))


async def test_a_broker_that_forgets_under_a_living_consumer_loses_nothing(forgetful_world: World) -> None:
    world = forgetful_world
    committer = Committer()
    rows = [reopened(f"r-{i % 5}", i // 5 + 1) for i in range(200)]
    async with world.running_relay(), consuming(world, committer):
        for part in range(0, 200, 20):
            await world.insert(*rows[part : part + 20])
            if part in (60, 120):
                world.broker.kill()
                await asyncio.sleep(0.1)
                world.broker.start()
            await asyncio.sleep(0.05)
        await came(committer, rows)
        await world.sealed(200)
    sealed = [i async for s in world.db["seals"].find() for i in s["ids"]]
    assert sorted(sealed) == sorted(r["_id"] for r in rows)
    assert world.alarms == []


async def test_only_what_a_group_lacks_is_sent_again(forgetful_world: World) -> None:
    world = forgetful_world
    ahead, behind = Committer(), Committer()
    rows = [reopened(f"r-{i}", 1) for i in range(60)]
    async with world.running_relay():
        async with consuming(world, ahead, "billing"):
            async with consuming(world, behind):
                await world.insert(*rows[:20])
                await came(behind, rows[:20])
            await world.insert(*rows[20:])
            await came(ahead, rows)
            await asyncio.sleep(0.3)
        await world.sealed(60)
        world.broker.kill()
        world.broker.start()
        async with consuming(world, Committer(), "billing"):  # has everything: nothing is sent for it
            await asyncio.sleep(1.5)
        assert ids_of(await world.on_kafka()) == []
        again = Committer()
        async with consuming(world, again):
            await came(again, rows[20:])
        assert set(ids_of(await world.on_kafka())) == {r["_id"] for r in rows[20:]}


async def test_what_the_log_itself_has_lost_is_asked_for(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Confirmed, but not in the log: the next record of the partition shows that something is missing."""
    monkeypatch.setattr("shared.kernel.received.PATIENCE_SECONDS", 0.5)
    committer = Committer()
    rows = [reopened("r-1", n) for n in range(1, 21)]
    send = AIOKafkaProducer.send

    async def losing(self: AIOKafkaProducer, topic: str, value: bytes, *rest: Any, **named: Any) -> Any:
        headers = dict(named.get("headers") or ())
        if headers.get("ce_sequence") not in (b"7", b"8", b"9"):
            return await send(self, topic, value, *rest, **named)
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        done.set_result(None)
        return done

    async with world.running_relay(), consuming(world, committer):
        monkeypatch.setattr(AIOKafkaProducer, "send", losing)
        await world.insert(*rows)
        await world.sealed(20)
        monkeypatch.setattr(AIOKafkaProducer, "send", send)
        await came(committer, rows)
    assert sorted(committer.sequences("r-1")) == list(range(1, 21))


async def test_a_new_group_gets_the_whole_past_from_a_broker_that_has_forgotten(
    forgetful_world: World,
) -> None:
    world = forgetful_world
    rows = [reopened(f"r-{i}", 1) for i in range(30)]
    async with world.running_relay():
        await world.insert(*rows)
        await world.sealed(30)
    world.broker.kill()
    world.broker.start()
    committer = Committer()
    async with world.running_relay(), consuming(world, committer, "notify"):
        await came(committer, rows)
