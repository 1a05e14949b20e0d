"""The queue before the committer: bounded, fair to what is urgent, and answered when it stops."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from shared.errors import Busy
from shared.kernel.unit import Applied, Failed
from tests.connected.kernel_kit import Count, Kit
from tests.waiting import PATIENCE_SECONDS

pytestmark = pytest.mark.connected


async def test_a_full_queue_refuses_routine_reserves_for_urgent_and_never_refuses_an_emergency(
    kit: Kit,
) -> None:
    small = kit.make(queue_records_max=5, queue_urgent_reserve=2)  # not started: the queue only fills
    waiting = []
    for n in range(5):
        waiting.append(
            asyncio.create_task(small.submit([kit.command(Count(to=f"r{n}"), f"r{n}")], wait=False))
        )
    await asyncio.sleep(0)
    with pytest.raises(Busy):
        await small.submit([kit.command(Count(to="x"), "x")], wait=False)
    for n in range(2):
        cause = kit.command(Count(to=f"u{n}"), f"u{n}", lane="urgent")
        waiting.append(asyncio.create_task(small.submit([cause], wait=False)))
    await asyncio.sleep(0)
    with pytest.raises(Busy):
        await small.submit([kit.command(Count(to="y"), "y", lane="urgent")], wait=False)
    fire = kit.command(Count(to="fire"), "fire", lane="urgent", emergency=True)
    waiting.append(asyncio.create_task(small.submit([fire], wait=False)))
    await asyncio.sleep(0)
    small.start()
    assert all(isinstance(o[0], Applied) for o in await asyncio.gather(*waiting))
    await small.stop(5)


async def test_the_queue_and_a_commit_are_bounded_in_bytes_too(kit: Kit) -> None:
    small = kit.make(queue_bytes_max=1_000, batch_bytes_max=300)  # not started: the queue only fills
    large = replace(kit.command(Count(to="a"), "a"), size=1_000)
    waiting = [asyncio.create_task(small.submit([large], wait=False))]
    await asyncio.sleep(0)
    with pytest.raises(Busy):
        await small.submit([kit.command(Count(to="b"), "b")], wait=False)
    fire = kit.command(Count(to="fire"), "fire", lane="urgent", emergency=True)
    waiting.append(asyncio.create_task(small.submit([fire], wait=False)))
    small.start()
    await asyncio.gather(*waiting)
    commits: list[int] = []
    small.on_commit = lambda names: commits.append(len(names))
    await small.submit([kit.command(Count(to=f"r{n}"), f"r{n}") for n in range(20)])
    await small.stop(5)
    assert len(commits) > 5, "20 units of about 100 bytes do not fit into few commits of 300"


async def test_who_still_waits_when_the_committer_stops_is_told_to_come_again(kit: Kit) -> None:
    idle = kit.make()  # never started: nothing is committed
    waiting = asyncio.create_task(idle.submit([kit.command(Count(to="r"), "r", key="k")]))
    await asyncio.sleep(0)
    await idle.stop(0)
    [outcome] = await waiting
    assert isinstance(outcome, Failed)
    assert isinstance(outcome.error, Busy)
    [again] = await kit.committer.submit([kit.command(Count(to="r"), "r", key="k")])
    assert isinstance(again, Applied)


async def test_who_comes_after_the_committer_stopped_does_not_wait_for_ever(kit: Kit) -> None:
    stopped = kit.make()
    stopped.start()
    await stopped.stop(5)
    async with asyncio.timeout(PATIENCE_SECONDS):
        [outcome] = await stopped.submit([kit.command(Count(to="r"), "r")])
    assert isinstance(outcome, Failed)
    assert isinstance(outcome.error, Busy)


async def test_an_urgent_unit_overtakes_a_full_queue_of_routine_ones(kit: Kit) -> None:
    lazy = kit.make(batch_records_max=10, commits_in_flight_max=1)
    order: list[str] = []

    async def watch(name: str, lane: Any) -> None:
        await lazy.submit([kit.command(Count(to=name), name, lane=lane)])
        order.append(name)

    tasks = [asyncio.create_task(watch(f"r{n}", "routine")) for n in range(100)]
    await asyncio.sleep(0)
    tasks.append(asyncio.create_task(watch("urgent", "urgent")))
    await asyncio.sleep(0)
    lazy.start()
    await asyncio.gather(*tasks)
    await lazy.stop(5)
    assert order.index("urgent") < 10
