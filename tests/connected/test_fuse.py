"""The fuse of a consumer (guarantee 8, ruling J19): what blows it, what mends it, whom it never stops."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from prometheus_client import REGISTRY

from shared.kernel.fuse import Fuse, mended, reset
from shared.kernel.unit import Applied, Duplicate, Outcome, Parked, Waiting
from tests.connected.consumer_kit import Committer, came, consuming, reopened
from tests.connected.journal_world import CLOCK, LANE, World, world
from tests.waiting import until

__all__ = ["world"]
pytestmark = pytest.mark.connected
PARKED = Parked("x")


def fuse(world: World, parked_max: int = 3) -> Fuse:
    """A fuse of dispatch's routine lane."""
    return Fuse(world.db, "dispatch", "routine", parked_max, CLOCK, world.alarms.append)


def metric() -> float | None:
    """What a monitor sees of the lane of these tests."""
    return REGISTRY.get_sample_value("guanjia_consumer_fuse", {"service": "dispatch", "lane": LANE})


@pytest.mark.parametrize(
    ("outcomes", "blows"),
    [
        ([PARKED] * 3, True),
        ([PARKED] * 2, False),
        ([PARKED, PARKED, Applied(), PARKED, PARKED], False),
        ([PARKED, Waiting(), Waiting(), PARKED, Duplicate(), PARKED], True),
        ([PARKED] * 3 + [Applied()], True),
    ],
)
async def test_it_counts_what_was_parked_in_a_row_and_only_a_success_begins_anew(
    world: World, outcomes: list[Outcome], *, blows: bool
) -> None:
    one = fuse(world)
    for outcome in outcomes:
        one.note(outcome)
    assert await one.blow_if_due() is blows
    assert await one.stopped() is blows
    assert bool(world.alarms) is blows


async def test_it_counts_from_batch_to_batch_and_stays_blown_over_a_restart(world: World) -> None:
    one = fuse(world)
    for _ in range(2):
        one.note(PARKED)
        assert not await one.blow_if_due()
    one.note(PARKED)
    assert await one.blow_if_due()
    later = fuse(world)
    await later.load()
    assert await later.stopped()
    assert await reset(world.db, "routine")
    assert not await later.stopped()
    assert not await one.stopped()
    assert not await reset(world.db, "routine"), "there was nothing to reset"


async def test_it_stops_at_once_not_after_thousands(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shared.kernel.fuse.ALWAYS_ON", ())
    committer = Committer()
    rows = [reopened(f"r-{i}", 1) for i in range(3_000)]
    committer.parks = {r["stream"] for r in rows}
    async with world.running_relay():
        await world.insert(*rows)
        await world.sealed(len(rows))
        async with consuming(world, committer, fuse_parked_max=5):
            await until(lambda: world.client[world.settings.database("dispatch")]["fuses"].find_one({}))
            await asyncio.sleep(1)  # it would have taken all of them
    assert len(committer.causes) <= 300
    assert len(world.alarms) == 1


async def test_the_fuse_stops_a_routine_consumer_until_it_is_reset(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The test's lane is urgent for the topics; only the fuse is told that it is routine."""
    monkeypatch.setattr("shared.kernel.fuse.ALWAYS_ON", ())
    committer = Committer()
    rows = [reopened(f"r-{i}", 1) for i in range(8)]
    committer.parks = {r["stream"] for r in rows}
    good = reopened("good", 1)
    db = world.client[world.settings.database("dispatch")]
    async with world.running_relay(), consuming(world, committer, fuse_parked_max=5):
        await world.insert(*rows)

        async def blown() -> bool:
            return await db["fuses"].find_one({"_id": LANE}) is not None

        await until(blown)
        await asyncio.sleep(0.8)
        await world.insert(good)
        await asyncio.sleep(0.8)
        assert good["_id"] not in committer.ids
        assert any("in a row were parked" in a for a in world.alarms)
        await until(lambda: metric() == 1)
        assert await reset(db, LANE)
        await came(committer, [good])


async def test_a_parked_event_that_succeeds_later_mends_the_fuse(world: World) -> None:
    def rows(state: str) -> list[dict[str, Any]]:
        return [{"_id": i, "lane": "routine", "state": state if i == "a" else "parked"} for i in ("a", "b")]

    for state, retried, still_blown in (
        ("parked", ["a"], True),
        ("resolved", [], True),
        ("resolved", ["a"], False),
    ):
        await world.db["parked"].delete_many({})
        await world.db["parked"].insert_many(rows(state))
        await world.db["fuses"].replace_one({"_id": "routine"}, {"parked": 20}, upsert=True)
        await mended(world.db, "routine", retried)
        assert (await world.db["fuses"].find_one({"_id": "routine"}) is not None) is still_blown
    await world.db["fuses"].replace_one({"_id": "routine"}, {"parked": 20}, upsert=True)
    await world.db["parked"].update_many({}, {"$set": {"state": "resolved"}})
    await mended(world.db, "routine", [])
    assert await world.db["fuses"].find_one({"_id": "routine"}) is None, "nothing is parked any more"


async def test_the_urgent_lane_alarms_and_never_stops(world: World) -> None:
    committer = Committer()
    rows = [reopened(f"r-{i}", 1) for i in range(8)]
    committer.parks = {r["stream"] for r in rows}
    good = reopened("good", 1)
    async with world.running_relay(), consuming(world, committer, fuse_parked_max=5):
        await world.insert(*rows, good)
        await came(committer, [good])
    assert any("in a row were parked" in a for a in world.alarms)
