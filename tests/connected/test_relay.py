"""The relay publishes everything that was committed, in order, whatever is killed or lost on the way."""

from __future__ import annotations

import asyncio
import random
from itertools import pairwise

import pytest

from shared.kernel.incarnation import Incarnation
from shared.kernel.reading import position_of
from shared.tasks import end
from tests.connected.journal_world import (
    World,
    event_row,
    ids_of,
    positions_of,
    world,
)
from tests.waiting import PATIENCE_SECONDS, until

__all__ = ["world"]
pytestmark = pytest.mark.connected


async def test_what_is_committed_is_published_in_order_and_sealed(world: World) -> None:
    async with world.running_relay():
        rows = [event_row(f"r-{i % 7}", i // 7 + 1) for i in range(210)]
        for part in range(0, 210, 30):
            await world.insert(*rows[part : part + 30])
        await world.sealed(210)
    records = await world.on_kafka()
    assert sorted(ids_of(records)) == sorted(r["_id"] for r in rows)
    by_stream: dict[bytes, list[int]] = {}
    for record in records:
        by_stream.setdefault(record.key, []).append(int(dict(record.headers)["ce_sequence"]))
    assert all(sequences == sorted(sequences) for sequences in by_stream.values())
    seals = await world.db["seals"].find().sort("n", 1).to_list()
    assert [i for s in seals for i in s["ids"]] == [r["_id"] for r in rows]
    assert [s["n"] for s in seals] == list(range(1, len(seals) + 1))
    assert world.alarms == []


async def test_a_restart_loses_nothing_and_never_reuses_a_position(world: World) -> None:
    seed = random.randrange(10**6)
    print(f"seed {seed}")
    chance = random.Random(seed)
    rows = [event_row(f"r-{i % 5}", i // 5 + 1) for i in range(400)]
    done = 0
    while done < len(rows):
        async with world.running_relay(relay_seal_every_ms=200):
            for _ in range(chance.randrange(1, 4)):
                part = rows[done : done + chance.randrange(1, 60)]
                if part:
                    await world.insert(*part)
                    done += len(part)
                await asyncio.sleep(chance.random() * 0.2)  # the kill comes at any moment
    async with world.running_relay():
        await world.sealed(400)
    records = await world.on_kafka()
    assert set(ids_of(records)) == {r["_id"] for r in rows}
    used: dict[int, str] = {}
    for position, event in zip(positions_of(records), ids_of(records), strict=True):
        assert used.setdefault(position, event) == event
    sealed = [i async for s in world.db["seals"].find() for i in s["ids"]]
    assert sorted(sealed) == sorted(r["_id"] for r in rows), "each row is in one seal"
    assert world.alarms == []


async def test_rows_committed_while_it_was_down_are_published(world: World) -> None:
    async with world.running_relay():
        await world.insert(event_row("r-1", 1))
        await world.sealed(1)
    later = [event_row("r-1", n) for n in range(2, 40)]
    await world.insert(*later)
    async with world.running_relay():
        await world.sealed(39)
    assert ids_of(await world.on_kafka())[-38:] == [r["_id"] for r in later]
    assert not [s async for s in world.db["seals"].find({"gap": True})]


async def test_a_lost_token_is_filled_by_stream_and_sequence(world: World) -> None:
    async with world.running_relay():
        await world.insert(*(event_row("r-0", n) for n in range(1, 6)))
        await world.sealed(5)
    rows = [event_row(f"r-{s}", n) for s in "cab" for n in (1, 2, 3)]
    await world.insert(*reversed(rows))
    await world.db["checkpoints"].update_one({"_id": "urgent"}, {"$unset": {"token": ""}})
    async with world.running_relay():
        await world.sealed(14)
        await world.insert(event_row("r-0", 6))
        await world.sealed(15)
    seals = await world.db["seals"].find().sort("n", 1).to_list()
    filled = [i for s in seals if s["gap"] for i in s["ids"]]
    assert filled == [r["_id"] for r in sorted(rows, key=lambda r: (r["stream"], r["sequence"]))]
    assert len(ids_of(await world.on_kafka())) == 15


async def test_a_token_the_server_does_not_know_is_a_gap_too(world: World) -> None:
    async with world.running_relay():
        await world.insert(event_row("r-1", 1))
        await world.sealed(1)
    await world.insert(event_row("r-1", 2))
    # A token of the year 2001 is older than any oplog.
    old = {
        "_data": "823A9E1C8000000001"
        + "2B022C0100296E5A1004"
        + "0" * 32
        + "46645F69640064"
        + "0" * 24
        + "0004"
    }
    await world.db["checkpoints"].update_one({"_id": "urgent"}, {"$set": {"token": old}})
    async with world.running_relay():
        await world.sealed(2)
    assert [s["ids"] async for s in world.db["seals"].find({"gap": True})] == [[event_row("r-1", 2)["_id"]]]
    assert len(world.alarms) == 1
    assert "lost its history" in world.alarms[0]


async def test_a_lost_checkpoint_is_rebuilt_from_the_newest_seal(world: World) -> None:
    async with world.running_relay():
        await world.insert(*(event_row(f"r-{n}", 1) for n in range(10)))
        await world.sealed(10)
    before = await world.db["seals"].find_one(sort=[("n", -1)])
    assert before is not None
    await world.db["checkpoints"].delete_one({"_id": "urgent"})
    await world.insert(event_row("r-0", 2))
    async with world.running_relay():
        await world.sealed(11)
    after = await world.db["seals"].find_one(sort=[("n", -1)])
    assert after is not None
    assert after["n"] == before["n"] + 1
    assert after["first_position"] > before["last_position"]


async def test_of_two_relays_the_first_stops_with_an_alarm(world: World) -> None:
    async with world.running_relay() as first:
        await world.insert(event_row("r-1", 1))
        await world.sealed(1)
        async with world.running_relay() as second:
            for n in range(2, 12):
                await world.insert(event_row("r-1", n))
                await asyncio.sleep(0.02)
            await asyncio.wait_for(first, PATIENCE_SECONDS)
            await world.sealed(11)
            assert not second.done()
    assert len(world.alarms) == 1
    assert "another relay" in world.alarms[0]
    seals = await world.db["seals"].find().sort("n", 1).to_list()
    assert [i for s in seals for i in s["ids"]] == [event_row("r-1", n)["_id"] for n in range(1, 12)]


async def test_each_record_names_the_position_before_it_in_its_partition(world: World) -> None:
    async with world.running_relay():
        await world.insert(*(event_row(f"r-{n}", 1) for n in range(30)))
        await world.sealed(30)
    async with world.running_relay():
        await world.insert(*(event_row(f"r-{n}", 2) for n in range(30)))
        await world.sealed(60)
    records = await world.on_kafka()
    for partition in (0, 1):
        places = [position_of(r) for r in records if r.partition == partition]
        assert places[0][0] == 0
        assert all(a[1] == b[0] for a, b in pairwise(places))


async def test_a_row_that_cannot_be_an_event_is_kept_and_stops_nothing(world: World) -> None:
    async with world.running_relay():
        broken = event_row("r-1", 1) | {"time": "yesterday"}
        await world.insert(broken, event_row("r-2", 1))
        await world.sealed(2)
    assert ids_of(await world.on_kafka()) == [event_row("r-2", 1)["_id"]]
    parked = await world.db["outbox_parked"].find_one({"_id": broken["_id"]})
    assert parked is not None
    assert "AttributeError" in parked["reason"]
    assert len(world.alarms) == 1


async def test_what_is_pending_is_bounded(world: World) -> None:
    async with world.running_relay(relay_pending_max=10, relay_seal_records_max=5):
        await world.insert(*(event_row(f"r-{n}", 1) for n in range(200)))
        await world.sealed(200)
    sizes = [len(s["ids"]) async for s in world.db["seals"].find()]
    assert max(sizes) <= 5


async def test_an_idle_relay_moves_its_token(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shared.kernel.relay_session.IDLE_SECONDS", 0.2)

    async def token() -> object:
        return (await world.checkpoint()).get("token")

    async with world.running_relay():
        first = await until(token)
        await world.db["other"].insert_one({"anything": 1})

        async def moved() -> bool:
            return bool((await token()) != first)

        await until(moved)


async def test_of_two_replicas_one_relays_and_the_other_follows_when_it_is_gone(world: World) -> None:
    held = PATIENCE_SECONDS  # also while the machine is busy
    async with world.running_relay(replica="a", lease_seconds=held):
        await world.insert(event_row("r-1", 1))
        await world.sealed(1)
        epoch = (await world.checkpoint())["epoch"]
        watch = Incarnation(world.settings, "b")
        await watch.check()
        waiting = asyncio.create_task(world.relay(watch, replica="b", lease_seconds=1).run())
        await asyncio.sleep(1.5)  # it asks several times
        await world.insert(event_row("r-1", 2))
        await world.sealed(2)
        assert (await world.checkpoint())["epoch"] == epoch, "the second has not touched the lane"
    await world.db["leases"].update_one({}, [{"$set": {"until": {"$subtract": ["$$NOW", 1]}}}])
    await world.insert(event_row("r-1", 3))
    await world.sealed(3)
    await end([waiting])
    await watch.close()
    assert (await world.checkpoint())["epoch"] > epoch
    assert world.alarms == []
