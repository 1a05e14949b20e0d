"""A timer that fails, or that nobody can read, is parked like an event (guarantee 8)."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest

from shared.clock import ManualClock
from shared.kernel.parked import ParkedLoop, ask_drop, ask_retry, listed
from shared.kernel.runtime import Runtime
from shared.settings import Settings
from tests.connected.kernel_kit import CLERK, PROPERTY, START, Ring, process_of, seen
from tests.connected.sweeping import sweeper_of

pytestmark = pytest.mark.connected


@pytest.fixture
async def front(settings: Settings) -> AsyncIterator[Runtime]:
    """The process that fires timers."""
    async with process_of(settings, "front", ManualClock(START)) as made:
        yield made


def timer_row(key: str, **changed: Any) -> dict[str, Any]:
    """A timer on the stream r, due now."""
    return {
        "_id": f"{PROPERTY}:r:{key}",
        "property_id": PROPERTY,
        "stream": "r",
        "lane": "urgent",
        "urgency": 0,
        "due_at": START,
        "command": Ring.NAME,
        "body": "{}",
        "chain": "",
        "step": 0,
        "correlation_id": "",
        "traceparent": "",
        **changed,
    }


async def due_timer(runtime: Runtime, command: Ring) -> None:
    """A timer that is due."""
    row = timer_row("ring", due_at=START + timedelta(seconds=1), body=command.model_dump_json())
    await runtime.db["timers"].insert_one(row)
    assert isinstance(runtime.clock, ManualClock)
    runtime.clock.advance(timedelta(seconds=2))


async def test_a_timer_that_failed_runs_again_once_and_holds_nothing_back(front: Runtime) -> None:
    await due_timer(front, Ring(to="r", fail=True))
    assert await sweeper_of(front).sweep() == 1
    [row] = await listed(front.db)
    assert (row["kind"], row["type"]) == ("timer", Ring.NAME)
    progress = await front.db["progress"].find_one({"_id": f"{PROPERTY}:r"})
    assert progress is not None
    assert progress["parked"] == ""
    assert await sweeper_of(front).sweep() == 0, "it is not tried again by itself"
    mended = {"$set": {"command": Ring(to="r").model_dump_json()}}
    await front.db["parked"].update_one({"_id": row["_id"]}, mended)
    await ask_retry(front.db, row["_id"])
    assert await ParkedLoop(front).sweep() == 1
    assert await sweeper_of(front).sweep() == 1
    assert await sweeper_of(front).sweep() == 0
    assert await seen(front, "r") == ["ring"]
    assert await listed(front.db) == []
    assert CLERK.sub not in str(row)


async def test_a_timer_whose_event_can_never_be_written_is_parked_too(front: Runtime) -> None:
    await due_timer(front, Ring(to="x" * 300_000))
    assert await sweeper_of(front).sweep() == 1
    [row] = await listed(front.db)
    assert (row["kind"], row["reason"]) == ("timer", "TooLarge: event-too-large")
    assert await sweeper_of(front).sweep() == 0
    assert await front.db["timers"].count_documents({}) == 0


async def test_a_timer_that_cannot_be_read_is_parked_like_others(front: Runtime) -> None:
    row = timer_row("gone", command="billing.of_another_release")
    await front.db["timers"].insert_one(row)
    sweeper = sweeper_of(front)
    assert await sweeper.sweep() == 1
    assert await sweeper.sweep() == 0, "out of the sweeper's way"
    [shown] = await listed(front.db)
    assert (shown["kind"], shown["type"], shown["stream"]) == ("timer", "billing.of_another_release", "r")
    known = {"$set": {"type": Ring.NAME, "command": '{"to":"r"}'}}  # from now on
    await front.db["parked"].update_one({"_id": shown["_id"]}, known)
    await ask_retry(front.db, shown["_id"])
    assert await ParkedLoop(front).sweep() == 1
    assert await sweeper.sweep() == 1
    assert await seen(front, "r") == ["ring"]
    assert await listed(front.db) == []
    await front.db["timers"].insert_one(row | {"_id": f"{PROPERTY}:r:gone2"})
    await sweeper.sweep()
    [shown] = await listed(front.db)
    await ask_drop(front.db, shown["_id"], "nobody needs it")
    await ParkedLoop(front).sweep()
    assert await listed(front.db) == []
