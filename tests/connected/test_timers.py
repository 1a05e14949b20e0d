"""Timers on a real MongoDB: written with their unit, fired once, cancelled, collapsed after an outage."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from shared.clock import ManualClock
from shared.kernel.lease import Lease
from shared.kernel.timers import Sweeper
from tests.connected.kernel_kit import PROPERTY, START, WIRING, Count, Kit, open_kit
from tests.connected.sweeping import sweeper_on
from tests.stack import SessionStack
from tests.waiting import PATIENCE_SECONDS, until

pytestmark = pytest.mark.connected


@pytest.fixture
async def kit(stack: SessionStack) -> AsyncIterator[Kit]:
    """A committer with a clock that is moved by hand."""
    async with open_kit(stack.mongodb_url, ManualClock(START)) as made:
        yield made


def sweeper(kit: Kit, owner: str = "a", batch_max: int = 500) -> Sweeper:
    """A sweeper on the kit's clock."""
    return sweeper_on(kit.db, kit.committer, kit.clock, WIRING, owner=owner, batch_max=batch_max)


def advance(kit: Kit, seconds: int) -> None:
    """Move the kit's clock on."""
    assert isinstance(kit.clock, ManualClock)
    kit.clock.advance(timedelta(seconds=seconds))


async def test_a_timer_fires_once_when_it_is_due_and_not_before(kit: Kit) -> None:
    await kit.committer.submit([kit.command(Count(to="r", timer_after_seconds=60), "r")])
    assert await sweeper(kit).sweep() == 0
    advance(kit, 60)
    assert await sweeper(kit).sweep() == 1
    assert await sweeper(kit).sweep() == 0
    assert (await kit.tally("r"))["seen"][1:] == ["step0"]
    assert await kit.db["timers"].count_documents({}) == 0


async def test_two_sweepers_at_once_fire_a_timer_once(kit: Kit) -> None:
    other = kit.make()
    other.start()
    for n in range(30):
        await kit.committer.submit([kit.command(Count(to=f"r{n}", timer_after_seconds=1), f"r{n}")])
    advance(kit, 5)
    second = sweeper(kit)
    second._committer = other
    await asyncio.gather(sweeper(kit).sweep(), second.sweep())
    await other.stop(5)
    for n in range(30):
        assert (await kit.tally(f"r{n}"))["count"] == 2


async def test_after_an_outage_the_steps_of_one_chain_collapse_to_the_highest(kit: Kit) -> None:
    for step in (1, 2, 3):
        command = Count(to="r", timer_after_seconds=step * 60, chain="escalation", step=step)
        await kit.committer.submit([kit.command(command, "r")])
    advance(kit, 125)
    await sweeper(kit).sweep()
    assert (await kit.tally("r"))["seen"][3:] == ["step2"]
    assert await kit.db["timers"].count_documents({}) == 1
    advance(kit, 60)
    await sweeper(kit).sweep()
    assert (await kit.tally("r"))["seen"][3:] == ["step2", "step3"]


@pytest.mark.parametrize("records_max", [1, 100])
async def test_they_collapse_too_where_more_is_due_than_one_batch_holds(kit: Kit, records_max: int) -> None:
    """All first steps are due before all second ones, and so on: no batch holds a whole chain."""
    await kit.committer.stop(1)
    kit.committer = kit.make(batch_records_max=records_max)
    kit.committer.start()
    requests = [f"r{n}" for n in range(7)]
    for step in (1, 2, 3):
        for request in requests:
            asked = Count(to=request, timer_after_seconds=10 * step, chain="late", step=step)
            await kit.committer.submit([kit.command(asked, request)])
    advance(kit, 3_600)
    small = sweeper(kit, batch_max=3)
    while await small.sweep():
        pass
    for request in requests:
        rung = [label for label in (await kit.tally(request))["seen"] if label.startswith("step")]
        assert rung == ["step3"], request
    assert await kit.db["timers"].count_documents({}) == 0


async def test_a_timer_that_is_set_again_moves(kit: Kit) -> None:
    await kit.committer.submit([kit.command(Count(to="r", timer_after_seconds=60), "r")])
    advance(kit, 30)
    await kit.committer.submit([kit.command(Count(to="r", timer_after_seconds=60), "r")])
    advance(kit, 30)
    assert await sweeper(kit).sweep() == 0
    advance(kit, 30)
    assert await sweeper(kit).sweep() == 1


async def test_a_timer_nobody_can_read_is_parked_and_holds_up_nobody(kit: Kit) -> None:
    await kit.committer.submit([kit.command(Count(to="r", timer_after_seconds=1), "r")])
    row = await kit.db["timers"].find_one({})
    assert row is not None
    await kit.db["timers"].insert_one({**row, "_id": f"{PROPERTY}:old:x", "command": "billing.forgotten"})
    advance(kit, 5)
    assert await sweeper(kit).sweep() == 2
    assert (await kit.tally("r"))["count"] == 2
    assert await sweeper(kit).sweep() == 0
    assert await kit.db["timers"].count_documents({}) == 0
    [parked] = await kit.db["parked"].find({"state": "parked"}).to_list()
    assert (parked["kind"], parked["type"]) == ("timer", "billing.forgotten")


async def test_the_lease_is_held_by_one_and_taken_back_at_once_by_the_same_replica(kit: Kit) -> None:
    assert await Lease(kit.db, "l", "a", PATIENCE_SECONDS).hold()
    assert not await Lease(kit.db, "l", "b", PATIENCE_SECONDS).hold()
    assert await Lease(kit.db, "l", "a", PATIENCE_SECONDS).hold()
    assert await Lease(kit.db, "short", "a", 0.05).hold()
    await until(Lease(kit.db, "short", "b", PATIENCE_SECONDS).hold)
