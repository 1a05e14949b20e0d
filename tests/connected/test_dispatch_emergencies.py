"""Emergencies through dispatch: who is called, who is called next, what is raised (J6, J17, J18, J21)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import orjson
import pytest

from services.dispatch.handlers.rules import response_order_id
from shared.events.intake import (
    EmergencyRaised,
    UrgencyLowered,
    UrgencyRaised,
)
from shared.settings import Settings
from tests.connected.dispatch_desk import PROPERTY, Desk, open_desk

pytestmark = pytest.mark.connected


async def test_j6_cannot_calls_the_next_at_once_and_then_the_last_resort(desk: Desk) -> None:
    order_id = await desk.report(urgency="urgent")
    first = (await desk.read(order_id))["assignee_id"]
    second = await desk.take("technician", order_id, "cannot", {"reason": "at the dentist"}, sub=first)
    assert {first, second["assignee_id"]} == {"tech-1", "tech-2"}
    third = await desk.take("technician", order_id, "cannot", {"reason": "far away"})
    assert third["assignee_id"] == "boss-1", "their supervisor, before the chain"
    fourth = await desk.take("technician", order_id, "cannot", {"reason": "in a meeting"})
    assert (fourth["assignee_id"], fourth["last_resort"]) == ("duty-1", True)
    [alarm] = await desk.told("escalation.raised")
    assert (alarm["lane"], alarm["stream"]) == ("urgent", f"escalation:{order_id}")
    assert orjson.loads(alarm["data"])["kind"] == "unassigned"
    assert b"dentist" not in b"".join([r["data"] for r in await desk.told()])


async def test_j17_j21_an_emergency_with_nobody_at_all_has_its_slip_and_finds_somebody_later(
    settings: Settings,
) -> None:
    async with open_desk(settings) as desk:
        order_id = await desk.report(urgency="emergency", catalogue_version="lost")
        order = await desk.read(order_id)
        assert (order["slip"], order["assignee_id"], order["last_resort"]) == ("2026-000001", "", True)
        [alarm] = await desk.told("escalation.raised")
        assert orjson.loads(alarm["data"])["to_role"] == "duty_officer"
        await desk.staff("engineering", ("tech-1", "technician"))
        await desk.forget_looks()
        await desk.pass_time(minutes=1)
        assert (await desk.read(order_id))["assignee_id"] == "tech-1"
        assert len(await desk.told("work_order.assigned")) == 1


async def test_j17_an_emergency_whose_rules_are_lost_is_served_under_todays(desk: Desk) -> None:
    known = await desk.read(await desk.report("r1", urgency="emergency"))
    lost = await desk.read(await desk.report("r2", urgency="emergency", catalogue_version="lost"))
    for field in ("department", "due_at", "status"):
        assert lost[field] == known[field]
    assert len({order["assignee_id"] for order in (known, lost)} - {""}) >= 1
    assert await desk.db["parked"].count_documents({}) == 0


async def test_j17_before_the_property_is_known_reports_are_served_all_the_same(settings: Settings) -> None:
    async with open_desk(settings) as desk:
        await desk.db["properties"].delete_many({})
        await desk.forget_looks()
        order_id = await desk.report(zone="America/New_York", reported_at=datetime(2027, 1, 1, 3, tzinfo=UTC))
        assert (await desk.read(order_id))["slip_year"] == 2026, "still New Year's Eve there"


async def test_j6_silence_about_an_emergency_calls_the_next(desk: Desk) -> None:
    order_id = await desk.report(urgency="emergency")
    first = (await desk.read(order_id))["assignee_id"]
    assert await desk.pass_time(minutes=4, seconds=59) == 0
    await desk.pass_time(seconds=1)
    then = await desk.read(order_id)
    assert then["assignee_id"] not in ("", first)
    kinds = [orjson.loads(r["data"])["kind"] for r in await desk.told("escalation.raised")]
    assert kinds == ["not_collected"]
    await desk.take("technician", order_id, "arrive")
    assert await desk.pass_time(minutes=10) == 0, "somebody is there: silence is over"


async def test_j18_a_raised_urgency_brings_a_new_deadline(desk: Desk) -> None:
    order_id = await desk.report()
    await desk.pass_time(hours=1)
    now = desk.clock.now()
    await desk.hear(UrgencyRaised(request_id="r1", urgency="urgent", reason="leaks now", raised_at=now))
    order = await desk.read(order_id)
    assert (order["urgency"], datetime.fromisoformat(order["due_at"])) == (
        "urgent",
        now + timedelta(hours=24),
    )
    await desk.hear(UrgencyRaised(request_id="r1", urgency="general", reason="x", raised_at=now))
    assert (await desk.read(order_id))["urgency"] == "urgent", "raising never lowers"
    await desk.hear(UrgencyLowered(request_id="r1", urgency="general", reason="dry again", lowered_at=now))
    order = await desk.read(order_id)
    reported = datetime.fromisoformat(order["reported_at"])
    assert (order["urgency"], datetime.fromisoformat(order["due_at"])) == (
        "general",
        reported + timedelta(days=3),
    )


async def test_j18_an_emergency_out_of_a_routine_request_has_its_own_slip_and_stream(desk: Desk) -> None:
    routine = await desk.report()
    now = desk.clock.now()
    event = EmergencyRaised(
        request_id="r1",
        procedure="repair-indoor",
        category="plumbing",
        area="indoor",
        place="L1-3",
        first_contact_id="cs-1",
        hazard="burst_pipe",
        reported_at=now,
        raised_at=now,
        zone="Asia/Shanghai",
    )
    await desk.hear(event, "emergency:r1", "urgent")
    response = await desk.read(response_order_id(PROPERTY, "r1"))
    assert (response["kind"], response["slip_number"], response["urgency"]) == ("response", 2, "emergency")
    assert response["signatures_missing"] == ["repair_supervisor"]
    stored = await desk.db["work_orders"].find_one({"id": response["work_order_id"]})
    assert stored is not None
    assert (stored["hazard"], stored["first_contact_id"]) == ("burst_pipe", "cs-1")
    assert not response["quote_needed"]
    assert (await desk.read(routine))["slip_number"] == 1
    [row] = await desk.told("work_order.issued", stream="emergency:r1")
    assert row["lane"] == "urgent"
    await desk.hear(event, "emergency:r1", "urgent")
    assert len(await desk.told("work_order.issued", stream="emergency:r1")) == 1, "somebody is on his way"
    assert await desk.steps() == ["called_again"], "and is called again; intake knows that it was heard"
    for number, over in ((3, {"open": False, "status": "CLOSED"}), (4, {"open": True, "status": "REPAIRED"})):
        await desk.db["work_orders"].update_one({"slip_number": number - 1}, {"$set": over})
        await desk.hear(event, "emergency:r1", "urgent")
        again = await desk.db["work_orders"].find_one({"slip_number": number})
        assert again is not None, "raised again after the last response was over (J18)"
        kept = (again["kind"], again["urgency"], again["stream"], again["status"])
        assert kept == ("response", "emergency", "emergency:r1", "ISSUED")


async def test_j18_who_is_called_for_an_emergency_has_its_five_minutes_from_then_on(desk: Desk) -> None:
    order_id = await desk.report(urgency="urgent")
    await desk.pass_time(minutes=10)
    now = desk.clock.now()
    await desk.hear(UrgencyRaised(request_id="r1", urgency="emergency", reason="gushes", raised_at=now))
    await desk.pass_time(minutes=4, seconds=59)
    assert await desk.told("escalation.raised") == []
    first = (await desk.read(order_id))["assignee_id"]
    await desk.pass_time(seconds=1)
    assert (await desk.read(order_id))["assignee_id"] != first
