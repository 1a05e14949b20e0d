"""Intake tells the duty chain by itself that dispatch is silent (J30); what callbacks do to a request."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import orjson
import pytest

from services.intake.repository.watch import IS_WATCHED
from services.intake.watch import Watch
from shared.clock import ManualClock
from shared.events import dispatch
from shared.events.dispatch_callbacks import CallbackAnswered, CallbackAttempted, CallbackClosed
from tests.connected.intake_kit import Estate, Json
from tests.events import issued

pytestmark = [pytest.mark.connected, pytest.mark.asyncio(loop_scope="module")]
CLOCK = ManualClock(datetime.now(UTC).replace(microsecond=0))


@pytest.fixture(scope="module")
def clock() -> ManualClock:
    """A time all tests of this file name."""
    return CLOCK


async def raised(estate: Estate, stream: str) -> list[Json]:
    """What was told on a stream of the watch."""
    rows = estate.runtime.db["outbox"].find({"property_id": estate.property_id, "stream": stream})
    return [orjson.loads(row["data"]) async for row in rows.sort("sequence", 1)]


async def test_j30_an_unanswered_emergency_goes_up_the_duty_chain_until_it_is_answered(
    estate: Estate,
) -> None:
    watch = Watch(estate.runtime)
    accepted = await estate.accept(urgency="emergency", hazard="flooding")
    stream = f"watch:{accepted['id']}"
    CLOCK.advance(timedelta(seconds=14))
    await watch.emergencies()
    assert await raised(estate, stream) == []
    CLOCK.advance(timedelta(seconds=1))
    await watch.emergencies()
    await watch.emergencies()
    [first] = await raised(estate, stream)
    assert (first["kind"], first["to_role"], first["hazard"]) == (
        "emergency_unanswered",
        "duty_officer",
        "flooding",
    )
    assert first["reference"] == accepted["reference"]
    CLOCK.advance(timedelta(seconds=60))
    await watch.emergencies()
    assert [f["to_role"] for f in await raised(estate, stream)] == ["duty_officer", "director"]
    await estate.told(issued(accepted["id"], CLOCK.now()), stream=accepted["id"])
    CLOCK.advance(timedelta(minutes=30))
    await watch.emergencies()
    assert len(await raised(estate, stream)) == 2
    async with estate.client() as client:
        lines = (await client.get(f"/requests/{accepted['id']}/timeline")).json()["items"]
    assert [line["what"] for line in lines].count("watch.raised") == 2


async def test_j30_slips_not_out_in_five_minutes_are_told_once_for_the_property(
    estate: Estate,
) -> None:
    watch = Watch(estate.runtime)
    stream = f"watch:{estate.property_id}"
    there, *missing = [await estate.accept(urgency=u) for u in ("general", "general", "urgent")]
    await estate.told(issued(there["id"], CLOCK.now()), stream=there["id"])
    CLOCK.advance(timedelta(minutes=4, seconds=59))
    await watch.slips()
    assert await raised(estate, stream) == []
    CLOCK.advance(timedelta(seconds=1))
    await watch.slips()
    await watch.slips()
    [told] = await raised(estate, stream)
    assert (told["kind"], told["count"], told["urgency"]) == ("slips_late", 2, "urgent")
    assert {m["reference"] for m in missing} == set(told["reference"].split(", "))
    for one in missing:
        await estate.told(issued(one["id"], CLOCK.now()), stream=one["id"])
    CLOCK.advance(timedelta(minutes=10))
    await watch.slips()
    assert len(await raised(estate, stream)) == 1


async def test_j30_the_watch_is_served_by_its_index(estate: Estate) -> None:
    await estate.accept(urgency="emergency")
    later = CLOCK.now() + timedelta(hours=1)
    query = {"watch_for": "answer", "watch_at": {**IS_WATCHED, "$lte": later}}
    plan = await estate.runtime.db["requests"].find(query).sort("watch_at", 1).explain()
    assert "watch_for_1_watch_at_1" in str(plan["queryPlanner"]["winningPlan"])
    assert "SORT" not in str(plan["queryPlanner"]["winningPlan"])


async def test_p031_a_callback_counts_opens_again_and_ends_the_request(estate: Estate) -> None:
    request_id = (await estate.accept())["id"]
    named = {"request_id": request_id, "work_order_id": f"wo-{request_id}", "slip": "2026-000001"}
    done = dispatch.WorkCompleted(
        **{k: named[k] for k in ("request_id", "work_order_id")}, kind="repair", completed_at=CLOCK.now()
    )
    closed = dispatch.WorkPaidOff(
        request_id=request_id, work_order_id=named["work_order_id"], closed_at=CLOCK.now()
    )
    tried = CallbackAttempted(
        callback_id="c1",
        **named,
        method="phone",
        result="not_reached",
        counted=True,
        number=1,
        by="lin",
        attempted_at=CLOCK.now(),
    )
    await estate.told(issued(request_id, CLOCK.now()), done, closed, tried, stream=request_id)
    assert (await estate.read(request_id))["unanswered_callbacks"] == 1
    said: Json = {
        "callback_id": "c1",
        **named,
        "method": "phone",
        "by": "lin",
        "answered_at": CLOCK.now(),
        "signatures_missing": 1,
    }
    wrong = CallbackAnswered(**said, opinion="not_satisfied", problem="came_back")
    await estate.told(wrong, stream=request_id)
    again = await estate.read(request_id)
    assert (again["stage"], again["reopened"]) == ("REOPENED", 1)
    assert (await estate.journal(request_id))[-1] == "intake.request.reopened.v1"
    CLOCK.advance(timedelta(minutes=5))
    watch = Watch(estate.runtime)
    await watch.slips()
    assert len(await raised(estate, f"watch:{estate.property_id}")) == 1, "its new slip is waited for too"
    await estate.told(issued(request_id, CLOCK.now()), done, closed, stream=request_id)
    proven = CallbackClosed(
        callback_id="c2",
        **named,
        kind="other",
        round="first",
        result="satisfied",
        proven=True,
        last=True,
        signers=("lin", "mei"),
        closed_at=CLOCK.now(),
    )
    await estate.told(proven, stream=request_id)
    assert (await estate.read(request_id))["status"] == "SATISFIED"
    assert (await estate.journal(request_id))[-1] == "intake.request.closed.v1"
