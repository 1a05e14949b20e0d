"""The kernel's alarms on real stores: what waits too long, is parked, or is not published."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta

import pytest
from prometheus_client import REGISTRY

from shared.clock import ManualClock
from shared.events.envelope import Lane
from shared.kernel.alarms import Alarms
from shared.kernel.runtime import Runtime
from shared.settings import Settings
from tests.connected.kernel_kit import PROPERTY, START, broken, event, process_of

pytestmark = pytest.mark.connected
BACKLOG = 5


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(START)


@pytest.fixture
async def bulk(settings: Settings, clock: ManualClock) -> AsyncIterator[Runtime]:
    """The process of the routine lane."""
    async with process_of(settings, "bulk", clock, outbox_alarm_records=BACKLOG) as made:
        yield made


@pytest.fixture
async def front(settings: Settings, clock: ManualClock) -> AsyncIterator[Runtime]:
    """The process of the urgent lane."""
    async with process_of(settings, "front", clock, outbox_alarm_records=BACKLOG) as made:
        yield made


def alarms_in(caplog: pytest.LogCaptureFixture) -> list[str]:
    """Alarms logged since the last look."""
    found = [r.getMessage() for r in caplog.records if r.levelno >= logging.ERROR]
    found = [message for message in found if message.startswith("ALARM")]
    caplog.clear()
    return found


def metric(name: str, lane: Lane) -> float | None:
    """What a monitor sees."""
    return REGISTRY.get_sample_value(name, {"lane": lane})


@pytest.mark.parametrize(("lane", "seconds"), [("routine", 300), ("urgent", 30)])
async def test_an_early_event_that_waits_too_long_is_an_alarm_until_its_cause_is_there(
    lane: Lane,
    seconds: int,
    bulk: Runtime,
    front: Runtime,
    clock: ManualClock,
    caplog: pytest.LogCaptureFixture,
) -> None:
    runtime, other = (bulk, front) if lane == "routine" else (front, bulk)
    early = [replace(event("intake", "r", n), lane=lane) for n in (2, 3)]
    await runtime.committer.submit(early)
    clock.advance(timedelta(seconds=seconds))
    assert await Alarms(runtime).look() == (0, 0)
    assert alarms_in(caplog) == []
    clock.advance(timedelta(seconds=1))
    for _ in range(2):
        assert await Alarms(runtime).look() == (2, 0)
        assert any("2 events" in a and lane in a for a in alarms_in(caplog)), "repeated while it lasts"
    assert metric("guanjia_waiting_too_long", lane) == 2
    assert (await Alarms(other).look())[0] == 0, "each lane looks after its own"
    await runtime.committer.submit([replace(event("intake", "r", 1), lane=lane)])
    alarms_in(caplog)
    assert await Alarms(runtime).look() == (0, 0)
    assert alarms_in(caplog) == []
    assert metric("guanjia_waiting_too_long", lane) == 0


async def test_what_waits_behind_a_parked_event_raises_both_alarms(
    bulk: Runtime, clock: ManualClock, caplog: pytest.LogCaptureFixture
) -> None:
    broken.add("breaks")
    try:
        await bulk.committer.submit([event("intake", "r", 1, reason="breaks"), event("intake", "r", 2)])
    finally:
        broken.clear()
    clock.advance(timedelta(seconds=301))
    alarms_in(caplog)
    assert await Alarms(bulk).look() == (1, 1)
    assert len(alarms_in(caplog)) == 2
    assert metric("guanjia_parked_rows", "routine") == 1


async def test_a_journal_that_nobody_publishes_is_an_alarm_from_its_limit_on(
    bulk: Runtime, clock: ManualClock, caplog: pytest.LogCaptureFixture
) -> None:
    alarms = Alarms(bulk)

    async def commit(first: int, count: int) -> None:
        causes = [event("intake", f"s{n}", 1) for n in range(first, first + count)]
        await bulk.committer.submit(causes)  # each emits one event

    await commit(0, BACKLOG - 1)
    await alarms.look()
    assert alarms_in(caplog) == []
    await commit(10, 1)
    await alarms.look()
    assert [a for a in alarms_in(caplog) if "not published" in a]
    assert metric("guanjia_unpublished_events", "routine") == BACKLOG
    clock.advance(timedelta(seconds=1))
    await bulk.db["seals"].insert_one(
        {"_id": "routine:1", "lane": "routine", "n": 1, "sealed_at": clock.now()}
    )
    clock.advance(timedelta(seconds=1))
    await commit(20, 2)
    await alarms.look()
    assert alarms_in(caplog) == []
    assert metric("guanjia_unpublished_events", "routine") == 2
    await bulk.db["outbox"].delete_many({"property_id": PROPERTY})
