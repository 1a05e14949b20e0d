"""How a slip comes to who does the work: given out, pushed, collected, and when (P018, P027)."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime, timedelta

import orjson
import pytest

from shared.settings import Settings
from tests.connected.dispatch_desk import Desk, called, garden_report, open_desk, open_garden

pytestmark = pytest.mark.connected


@pytest.fixture
async def desk(settings: Settings) -> AsyncIterator[Desk]:
    """A garden estate."""
    async with open_garden(settings) as made:
        yield made


async def test_p027_collected_by_whom_and_when_and_late_collection_is_an_alarm(settings: Settings) -> None:
    async with open_desk(settings) as desk:
        await desk.staff("engineering", ("tech-1", "technician"), ("boss-1", "repair_supervisor"))
        order_id = await desk.report()
        order = await desk.read(order_id)
        assert order["mode"] == "collect"
        due = datetime.fromisoformat(order["collect_due_at"])
        assert due == desk.clock.now() + timedelta(minutes=30)
        await desk.pass_time(minutes=30)
        [alarm] = await desk.told("escalation.raised")
        assert orjson.loads(alarm["data"])["kind"] == "not_collected"
        assert "does so first" in (await desk.refused("technician", order_id, "contact"))["detail"]
        assert (await desk.refused("cs_officer", order_id, "collect"))["field"] == "taken_by"
        desk.clock.advance(timedelta(minutes=1))
        taken = await desk.take("cs_officer", order_id, "collect", {"taken_by": "tech-1"})
        assert (taken["collected_by"], taken["collected_late"]) == ("tech-1", True)
        assert datetime.fromisoformat(taken["collected_at"]) == desk.clock.now()


async def test_p027_r6_no_department_refuses_and_a_pushed_slip_is_taken_up_by_acting(desk: Desk) -> None:
    order_id = await garden_report(desk)
    order = await desk.read(order_id)
    assert (order["mode"], order["collect_due_at"], order["collected_at"]) == ("push", None, None)
    for word in ("refuse", "decline", "reject"):
        answer = await desk.call("department_head", "POST", f"work-orders/{order_id}/{word}", {})
        assert answer.status_code == 404
    await called(desk, order_id)
    taken = await desk.read(order_id)
    assert datetime.fromisoformat(taken["collected_at"]) == desk.clock.now()


async def test_p018_a_general_repair_is_given_out_by_the_repair_supervisor(desk: Desk) -> None:
    order_id = await desk.report(profile="garden")
    problem = await desk.refused("cs_officer", order_id, "assign", {"staff_id": "tech-1"})
    assert (problem["status"], problem["field"]) == (403, "staff_id")
    assert "repair supervisor gives it out" in problem["detail"]
    given = await desk.take("repair_supervisor", order_id, "assign", {"staff_id": "tech-1"})
    assert given["assignee_id"] == "tech-1"
    urgent = await garden_report(desk, request_id="r2", hazard="tap-leaking-badly")
    given = await desk.take("cs_officer", urgent, "assign", {"staff_id": "tech-2"})
    assert (given["assignee_id"], given["hazard"]) == ("tech-2", "tap-leaking-badly"), (
        "P019: reception itself"
    )


async def test_p018_the_time_the_owner_asked_for_is_on_the_slip_until_one_is_agreed(desk: Desk) -> None:
    wish = desk.clock.now() + timedelta(hours=5)
    order_id = await garden_report(desk, appointment_at=wish)
    order = await desk.read(order_id)
    assert datetime.fromisoformat(order["appointment_at"]) == wish
    assert datetime.fromisoformat(order["due_at"]) == desk.clock.now() + timedelta(hours=24)
    agreed = await called(desk, order_id, 6)
    assert datetime.fromisoformat((await desk.read(order_id))["appointment_at"]) == agreed
