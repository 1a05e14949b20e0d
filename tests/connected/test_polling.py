"""A poll that is patient with an idle lane is in nobody's way: records, stops and changes of assignment."""

from __future__ import annotations

import asyncio
import statistics
import time

import pytest

from shared.kernel.raw_batches import PATIENCE_MS
from tests.connected.consumer_kit import Committer, came, consuming, reopened
from tests.connected.journal_world import World, world
from tests.waiting import until

__all__ = ["world"]
pytestmark = pytest.mark.connected
TRIES = 7


async def test_a_record_that_comes_while_a_poll_waits_is_taken_at_once(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A poll that slept through would take half its patience, 30 s, in the mean."""
    monkeypatch.setattr("shared.kernel.raw_batches.PATIENCE_MS", 60_000)
    committer = Committer()
    taken: list[float] = []
    async with world.running_relay(), consuming(world, committer):
        await world.insert(reopened("r-1", 1))
        await came(committer, [reopened("r-1", 1)])
        for n in range(2, 2 + TRIES):
            await asyncio.sleep(0.3)  # the poll waits again
            began = time.monotonic()
            await world.insert(reopened("r-1", n))
            await came(committer, [reopened("r-1", n)])
            taken.append(time.monotonic() - began)
    assert statistics.median(taken) < 10


async def test_a_consumer_stops_at_once_in_the_middle_of_a_poll(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shared.kernel.raw_batches.PATIENCE_MS", 60_000)
    committer = Committer()
    async with world.running_relay():
        async with consuming(world, committer):
            await world.insert(reopened("r-1", 1))
            await came(committer, [reopened("r-1", 1)])
            await asyncio.sleep(0.5)
            began = time.monotonic()
        assert time.monotonic() - began < 30, "far less than the patience"


async def test_replicas_of_a_group_share_the_partitions_and_the_last_one_takes_all(world: World) -> None:
    """A group that joins and leaves while polls wait: nothing is lost, and both really take part."""
    group = {"kafka_assignment": "group", "session_timeout_ms": 6_000}
    first, second = Committer(), Committer()
    sent: list[str] = []

    async def both() -> bool:
        """Feed all partitions until each replica has had something."""
        row = reopened(f"r-{len(sent)}", 1)
        sent.append(row["_id"])
        await world.insert(row)
        await asyncio.sleep(0.05)
        return bool(first.ids and second.ids)

    async def all_came() -> bool:
        return set(sent) <= {*first.ids, *second.ids}

    async with world.running_relay(), consuming(world, first, **group):
        async with consuming(world, second, **group):
            await until(both)
            await until(all_came)
        later = [reopened(f"later-{n}", 1) for n in range(20)]  # of both partitions
        await world.insert(*later)
        await came(first, later)
    assert PATIENCE_MS <= 1_000, "nothing that waits for the end of a poll waits longer than a second"
