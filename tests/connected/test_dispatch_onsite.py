"""At the door and inside, through dispatch on a real MongoDB: P016, P017, P021, P022, P027, R9, R19."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime, timedelta

import orjson
import pytest

from shared.settings import Settings
from tests.connected.dispatch_desk import PROPERTY, Desk, called, garden_report, open_desk, open_garden

pytestmark = pytest.mark.connected


@pytest.fixture
async def desk(settings: Settings) -> AsyncIterator[Desk]:
    """A garden estate."""
    async with open_garden(settings) as made:
        yield made


async def test_p016_the_bell_rings_twice_three_minutes_apart_and_never_again(desk: Desk) -> None:
    order_id = await garden_report(desk)
    await called(desk, order_id, 0)
    early = await desk.refused("technician", order_id, "ring")
    assert early["status"] == 409
    await desk.take("technician", order_id, "arrive")
    home = await desk.refused("technician", order_id, "no-show", {"reason": "nobody"})
    assert "Ring 2 times, 3 minutes apart" in home["detail"]
    await desk.take("technician", order_id, "ring")
    for minutes, seconds in ((0, 0), (2, 59)):
        desk.clock.advance(timedelta(minutes=minutes, seconds=seconds))
        soon = await desk.refused("technician", order_id, "ring")
        assert "3 minutes later" in soon["detail"]
        assert "09:00" in soon["detail"], "as said at the desk, in the property's time"
    desk.clock.advance(timedelta(seconds=1))
    twice = await desk.take("technician", order_id, "ring")
    assert len(twice["site"]["rang_at"]) == 2
    desk.clock.advance(timedelta(minutes=10))
    third = await desk.refused("technician", order_id, "ring")
    assert "nobody rings again" in third["detail"]
    gone = await desk.take("technician", order_id, "no-show", {"reason": "rang at nine, nobody"})
    assert (gone["status"], gone["appointment_at"], gone["site"]["no_shows"]) == ("COLLECTED", None, 1)
    assert (await desk.steps())[-3:] == ["bell_1", "bell_2", "no_show"]
    again = await desk.refused("technician", order_id, "arrive")
    assert "unannounced" in again["detail"], "a second visit is agreed like the first"
    await desk.into_home(order_id, "cs-1")
    assert (await desk.read(order_id))["site"]["visits"] == 2


async def test_p016_lateness_is_a_call_with_reason_and_a_new_appointment(desk: Desk) -> None:
    order_id = await garden_report(desk)
    agreed = await called(desk, order_id)
    desk.clock.advance(timedelta(hours=2, minutes=11))
    problem = await desk.refused("technician", order_id, "arrive")
    assert problem["type"].endswith("too-late")
    assert problem["accepted"] == "late"
    passed = {"reason": "lift stuck", "appointment_at": agreed.isoformat()}
    assert (await desk.refused("technician", order_id, "late", passed))["field"] == "appointment_at"
    new = desk.clock.now() + timedelta(hours=1)
    body = {"reason": "lift stuck", "appointment_at": new.isoformat()}
    told = await desk.take("cs_officer", order_id, "late", body)
    assert (datetime.fromisoformat(told["appointment_at"]), told["site"]["late"]) == (new, 1)
    row = (await desk.told("work_order.step_taken"))[-1]
    fact = orjson.loads(row["data"])
    assert (fact["step"], datetime.fromisoformat(fact["appointment_at"])) == ("late", new)
    assert b"lift stuck" not in row["data"], "what was said is sealed (J9)"
    desk.clock.advance(timedelta(hours=1, minutes=10))
    assert (await desk.take("technician", order_id, "arrive"))["status"] == "ON_SITE"


async def test_p017_no_form_no_entry_and_p016_customer_service_goes_in_too(desk: Desk) -> None:
    order_id = await garden_report(desk)
    await called(desk, order_id, 0)
    await desk.take("technician", order_id, "arrive")
    assert (
        "Ring first"
        in (await desk.refused("technician", order_id, "show-form", {"confirmed": True}))["detail"]
    )
    await desk.take("technician", order_id, "ring")
    body = {"companion_id": "cs-1"}
    assert (
        "confirmed the service form" in (await desk.refused("technician", order_id, "enter", body))["detail"]
    )
    await desk.take("technician", order_id, "show-form", {"confirmed": False, "note": "not what I asked"})
    assert (
        "confirmed the service form" in (await desk.refused("technician", order_id, "enter", body))["detail"]
    )
    item = {"item": "tap", "materials": []}
    assert "not inside" in (await desk.refused("technician", order_id, "confirm-item", item))["detail"]
    await desk.take("technician", order_id, "show-form", {"confirmed": True})
    alone = await desk.refused("technician", order_id, "enter")
    assert (alone["status"], alone["field"]) == (422, "companion_id")
    mate = await desk.refused("technician", order_id, "enter", {"companion_id": "tech-2"})
    assert mate["field"] == "companion_id"
    entered = await desk.take("technician", order_id, "enter", body)
    assert (entered["site"]["place"], entered["site"]["companion_id"]) == ("inside", "cs-1")
    assert (await desk.take("technician", order_id, "confirm-item", item))["status"] == "ITEM_CONFIRMED"


async def test_p017_the_villa_sends_the_worker_alone(settings: Settings) -> None:
    async with open_desk(settings) as desk:
        await desk.staff("engineering", ("tech-1", "technician"))
        order_id = await desk.report()
        await desk.take("technician", order_id, "collect")
        assert (await desk.into_home(order_id))["companion"] == ""


async def test_r9_a_patrol_finding_alone_opens_no_door(desk: Desk) -> None:
    order_id = await garden_report(desk, channel="patrol")
    await called(desk, order_id, 0)
    problem = await desk.refused("technician", order_id, "arrive")
    assert "who orders it (R9)" in problem["detail"]
    told = await desk.take("cs_officer", order_id, "contact", {"ordered_by": "Mrs Wang"})
    assert told["site"]["ordered"]
    assert "ordered_by_household" in await desk.steps()
    assert (await desk.take("technician", order_id, "arrive"))["status"] == "ON_SITE"
    assert b"Mrs Wang" not in b"".join([r["data"] for r in await desk.told()])


async def test_p022_the_real_item_the_owners_material_and_a_price_that_stays(desk: Desk) -> None:
    order_id = await garden_report(desk, fields={"own_materials": True})
    await desk.into_home(order_id, "cs-1")
    body = {"item": "the washer, not the tap", "differs": True}
    untested = await desk.refused("technician", order_id, "confirm-item", body)
    assert untested["field"] == "owner_material"
    poor = body | {"owner_material": "poor_quality"}
    assert (await desk.refused("technician", order_id, "confirm-item", poor))["field"] == "warned"
    found = await desk.take("technician", order_id, "confirm-item", poor | {"warned": True})
    assert (found["item_differs"], found["owner_material"]) == (True, "poor_quality")
    lines = {"lines": [{"code": "tap-replacement"}]}
    early = await desk.refused("technician", order_id, "start")
    assert "agreed to a price" in early["detail"]
    quoted = await desk.take("technician", order_id, "quote", lines)
    await desk.consent(quoted, 4000)
    changed = await desk.refused("technician", order_id, "quote", {"lines": [{"code": "lock-replacement"}]})
    assert "cannot be changed any more" in changed["detail"]
    assert len(await desk.told("work_order.quoted")) == 1
    await desk.take("technician", order_id, "start")
    assert (await desk.refused("technician", order_id, "quote", lines))["status"] == 409


async def test_p017_cleaned_signed_rated_and_p022_who_signs(desk: Desk) -> None:
    order_id = await garden_report(desk)
    await desk.into_home(order_id, "cs-1")
    await desk.take("technician", order_id, "confirm-item", {"item": "tap"})
    quoted = await desk.take("technician", order_id, "quote", {"lines": [{"code": "tap-replacement"}]})
    await desk.consent(quoted, 4000)
    await desk.take("technician", order_id, "start")
    await desk.take("technician", order_id, "complete")
    owner = {"signer": "owner", "mark": "Wang", "rating": 3}
    assert "cleaned" in (await desk.refused("technician", order_id, "sign", owner))["detail"]
    again = await desk.take("technician", order_id, "redo", {"reason": "still drips"})
    assert again["status"] == "STARTED", "not accepted on the spot: the same people go on"
    await desk.take("technician", order_id, "complete", {"cleaned": True})
    unrated = await desk.refused("technician", order_id, "sign", owner | {"rating": None})
    assert (unrated["status"], unrated["field"]) == (422, "rating")
    assert (await desk.refused("technician", order_id, "sign", owner | {"rating": 6}))["field"] == "rating"
    boss = {"signer": "repair_supervisor"}
    assert (await desk.refused("technician", order_id, "sign", boss))["status"] == 403
    assert (await desk.refused("cashier", order_id, "sign", owner))["status"] == 403
    await desk.take("technician", order_id, "sign", owner)
    assert "opened again" in (await desk.refused("technician", order_id, "redo", {"reason": "x"}))["detail"]
    await desk.sign_work(order_id)
    signed = await desk.take("repair_supervisor", order_id, "sign", boss)
    assert (signed["status"], signed["site"]["rating"]) == ("SIGNED", 3)
    [row] = await desk.told("work_order.completed")
    assert orjson.loads(row["data"])["rating"] == 3


async def test_a_half_done_job_is_left_helped_handed_over_and_taken_up_again(desk: Desk) -> None:
    order_id = await garden_report(desk)
    order = await desk.into_home(order_id, "cs-1")
    await desk.take("technician", order_id, "confirm-item", {"item": "tap"})
    quoted = await desk.take("technician", order_id, "quote", {"lines": [{"code": "tap-replacement"}]})
    await desk.consent(quoted, 4000)
    await desk.take("technician", order_id, "start")
    first = order["assignee_id"]
    other = "tech-2" if first == "tech-1" else "tech-1"
    helped = await desk.take("technician", order_id, "add-helper", {"staff_id": other})
    assert (helped["site"]["helpers"], helped["assignee_id"]) == ([other], first)
    same = await desk.refused("technician", order_id, "add-helper", {"staff_id": other})
    assert same["field"] == "staff_id"
    left = await desk.take("technician", order_id, "leave", {"reason": "a part is missing"})
    assert (left["status"], left["site"]["place"]) == ("STARTED", "away")
    assert "not inside" in (await desk.refused("technician", order_id, "complete"))["detail"]
    unannounced = await desk.refused("technician", order_id, "arrive")
    assert "call the owner first" in unannounced["detail"]
    over = {"staff_id": other, "reason": "shift ends"}
    assert (await desk.take("technician", order_id, "hand-over", over))["status"] == "STARTED"
    waits = await desk.take("cs_officer", order_id, "wait-owner", {"reason": "he travels"})
    assert waits["site"]["waiting_since"] is not None
    assert waits["due_at"] == left["due_at"], "the owner's deadline does not pause"
    back = await desk.into_home(order_id, "cs-2")
    assert (back["status"], back["site"]["visits"], back["site"]["waiting_since"]) == ("STARTED", 2, None)
    assert (await desk.take("technician", order_id, "complete", {"cleaned": True}))["status"] == "REPAIRED"


async def test_p022_who_did_the_work_signs_for_it_and_a_supervisor_gives_finished_work_over(
    desk: Desk,
) -> None:
    order_id = await garden_report(desk)
    first = (await desk.into_home(order_id, "cs-1"))["assignee_id"]
    other = "tech-2" if first == "tech-1" else "tech-1"
    await desk.take("technician", order_id, "confirm-item", {"item": "tap"})
    quoted = await desk.take("technician", order_id, "quote", {"lines": [{"code": "tap-replacement"}]})
    await desk.consent(quoted, 4000)
    await desk.take("technician", order_id, "start")
    await desk.take("technician", order_id, "complete", {"cleaned": True})
    await desk.take("technician", order_id, "sign", {"signer": "owner", "mark": "Wang", "rating": 4})
    mine = {"signer": "technician"}
    problem = await desk.refused("technician", order_id, "sign", mine, sub=other)
    assert (problem["status"], problem["type"].rsplit("/", 1)[1]) == (403, "not-the-worker")
    assert (problem["field"], problem["accepted"]) == ("signer", first)
    seen = await desk.call("technician", "GET", f"work-orders/{order_id}", sub=other)
    assert "sign" not in {one["action"] for one in seen.json()["allowed_actions"]}
    over = {"staff_id": other, "reason": "he has left the company"}
    assert (await desk.refused("technician", order_id, "hand-over", over, sub=other))["status"] == 403
    given = await desk.take("repair_supervisor", order_id, "hand-over", over)
    assert (given["status"], given["assignee_id"]) == ("REPAIRED", other)
    await desk.sign_work(order_id)
    done = await desk.take("repair_supervisor", order_id, "sign", {"signer": "repair_supervisor"})
    assert (done["status"], [one["by"] for one in done["signatures"]][1]) == ("SIGNED", other)


async def test_p021_a_public_repair_notes_material_and_bears_the_supervisors_signature(desk: Desk) -> None:
    order_id = await garden_report(
        desk, procedure="repair-report", area="public", channel="patrol", unit_id=""
    )
    arrived = await desk.take("technician", order_id, "arrive")
    assert arrived["site"]["place"] == "inside", "a public place has no door to wait at"
    assert (await desk.refused("technician", order_id, "ring"))["status"] == 409
    unwritten = await desk.refused("technician", order_id, "confirm-item", {"item": "lamp"})
    assert unwritten["field"] == "materials"
    body = {"item": "lamp", "materials": [{"name": "LED 9 W", "quantity": "2"}]}
    found = await desk.take("technician", order_id, "confirm-item", body)
    assert found["site"]["materials"] == [{"name": "LED 9 W", "quantity": "2"}]
    assert (await desk.refused("technician", order_id, "quote", {"lines": []}))["status"] == 409
    await desk.take("technician", order_id, "start")
    await desk.take("technician", order_id, "complete")
    assert (await desk.refused("technician", order_id, "sign", {"signer": "owner", "mark": "x"}))[
        "status"
    ] == 422
    done = await desk.take("repair_supervisor", order_id, "sign", {"signer": "repair_supervisor"})
    assert done["status"] == "CLOSED"
    [row] = await desk.told("work_order.completed")
    assert orjson.loads(row["data"])["amount"] is None, "no owner pays for it"


async def test_a_refused_step_is_recorded_with_who_and_why(desk: Desk) -> None:
    order_id = await garden_report(desk)
    await desk.refused("technician", order_id, "ring", sub="tech-1")
    await desk.refused("cashier", order_id, "collect", sub="cash-1")
    await desk.runtime.denials.flush()
    rows = await desk.db["denials"].find({"property_id": PROPERTY}, {"_id": 0, "at": 0}).to_list()
    path = f"/v1/properties/{PROPERTY}/work-orders/{order_id}"
    same = {"property_id": PROPERTY, "method": "POST"}
    assert sorted(rows, key=lambda row: row["sub"]) == [
        same | {"sub": "cash-1", "path": f"{path}/collect", "kind": "not-allowed"},
        same | {"sub": "tech-1", "path": f"{path}/ring", "kind": "action-not-possible"},
    ]
