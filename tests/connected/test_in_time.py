"""A slip in 5 minutes, an urgent repair in 24 hours, a general one in 3 days: alarms and rates (P018-P020).

And the ways a slip reaches the trade: pushed, collected, called by radio.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime, timedelta

import orjson
import pytest
import pytest_asyncio

from shared.events.intake import RequestAmended
from shared.settings import Settings
from tests.connected.callback_kit import repaired
from tests.connected.dispatch_desk import Desk, Json, open_desk

pytestmark = [pytest.mark.connected, pytest.mark.asyncio(loop_scope="module")]
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def desk(desk_settings: Settings) -> AsyncIterator[Desk]:
    """A villa estate."""
    async with open_desk(desk_settings) as made:
        people = [("tech-1", "technician"), ("boss-1", "repair_supervisor"), ("head-1", "department_head")]
        await made.staff("engineering", *people, hours=20)
        yield made


async def raised(desk: Desk, order_id: str) -> list[tuple[str, str]]:
    """Who was told what of the deadlines of a slip."""
    facts = [orjson.loads(row["data"]) for row in await desk.told("escalation.raised")]
    return [(fact["kind"], fact["to_role"]) for fact in facts if fact["work_order_id"] == order_id]


@pytest.mark.parametrize(("late", "alarms"), [(5 * MINUTE, []), (5 * MINUTE + MINUTE / 60, ["slip_late"])])
async def test_p018_a_slip_within_five_minutes_is_in_time_and_a_second_later_it_is_not(
    desk: Desk, late: timedelta, alarms: list[str]
) -> None:
    told = desk.accepted(f"slip-{late.seconds}")
    desk.clock.advance(late)
    await desk.hear(told)
    found = await desk.call("cs_officer", "GET", f"work-orders?request_id={told.request_id}")
    [order] = found.json()["items"]
    assert [kind for kind, _ in await raised(desk, order["work_order_id"])] == alarms


@pytest.mark.parametrize(
    ("urgency", "limit"), [("emergency", HOUR), ("urgent", 24 * HOUR), ("general", 3 * DAY)]
)
async def test_p018_p019_p020_at_its_hour_an_unfinished_repair_is_told_to_the_head_and_not_before(
    desk: Desk, urgency: str, limit: timedelta
) -> None:
    order_id = await desk.report(f"late-{urgency}", urgency=urgency)
    order = await desk.read(order_id)
    due = datetime.fromisoformat(order["due_at"])
    assert due - datetime.fromisoformat(order["reported_at"]) == limit
    await desk.take("technician", order_id, "collect", sub="tech-1")
    await desk.pass_time(seconds=(due - desk.clock.now()).total_seconds() - 1)
    assert ("breached", "department_head") not in await raised(desk, order_id)
    await desk.pass_time(seconds=1)
    assert ("breached", "department_head") in await raised(desk, order_id)


async def test_p018_p019_the_rates_count_what_was_done_in_time_of_what_can_be_judged(desk: Desk) -> None:
    local = desk.clock.now() + timedelta(hours=8)  # Shanghai
    monday = local.replace(hour=9, minute=0, second=0, microsecond=0) + DAY * (7 - local.weekday())
    desk.clock.advance(monday - local)
    year, week, _ = monday.isocalendar()
    open_one = await desk.report("still", urgency="urgent", procedure="repair-report", area="public")
    await desk.take("technician", open_one, "collect", sub="tech-1")
    await repaired(desk, urgency="urgent")
    await repaired(desk)
    slow = desk.accepted("slow", procedure="repair-report", area="public", urgency="urgent")
    desk.clock.advance(25 * HOUR)
    await desk.hear(slow, lane="urgent")
    path = f"reports/repair-week?week={year}-W{week:02d}"
    read = (await desk.call("director", "GET", path)).json()
    rates = {rate["name"]: (rate["numerator"], rate["denominator"]) for rate in read["rates"]}
    assert (rates["urgent_in_time"], rates["general_in_time"]) == ((1, 3), (1, 1)), "two urgent ones are late"


@pytest.mark.parametrize(
    ("profile", "own", "mode", "minutes"),
    [
        ("garden", {}, "push", 0),
        ("villa", {}, "collect", 30),
        ("villa", {"dispatch.mode": "radio", "dispatch.collect_minutes": 10}, "radio", 10),
        ("tower", {"dispatch.mode": "collect"}, "collect", 30),
        ("villa", {"dispatch.mode": "push"}, "push", 0),
    ],
)
async def test_p018_p027_a_slip_is_pushed_collected_or_called_by_radio_as_profile_or_property_say(
    settings: Settings, profile: str, own: Json, mode: str, minutes: int
) -> None:
    async with open_desk(settings) as desk:
        await desk.open_property(profile=profile, settings=own)
        await desk.forget_looks()
        await desk.staff("engineering", ("tech-1", "technician"), ("boss-1", "repair_supervisor"))
        order_id = await desk.report(urgency="urgent", profile=profile)
        order = await desk.read(order_id)
        assert (order["mode"], order["assignee_id"]) == (mode, "tech-1")
        if mode == "push":
            assert order["collect_due_at"] is None, "it is taken up by acting"
            return
        within = datetime.fromisoformat(order["collect_due_at"]) - desk.clock.now()
        assert within == timedelta(minutes=minutes)
        assert "does so first" in (await desk.refused("technician", order_id, "contact"))["detail"]
        taken = await desk.take("cs_officer", order_id, "collect", {"taken_by": "tech-1"})
        assert (taken["collected_by"], taken["collected_late"]) == ("tech-1", False)
        changed = {"area": "public"}
        corrected = RequestAmended(
            request_id="r1", reason="the yard", place="yard", changed=changed, amended_at=desk.clock.now()
        )
        await desk.hear(corrected)
        after = await desk.read(order_id)
        assert (after["mode"], after["collect_due_at"]) == (mode, order["collect_due_at"])
