"""Repairs through dispatch on a real MongoDB.

P018, P020-P023, P027, P033, J5, J6, J17, J18, J20, J21, J23.
"""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta

import orjson
import pytest

from services.dispatch.handlers.rules import first_order_id
from shared.events.intake import (
    RequestAmended,
    RequestCancelled,
    RequestReopened,
)
from shared.kernel.unit import Applied, Parked
from shared.settings import Settings
from tests.connected.dispatch_desk import PROPERTY, Desk, open_desk

pytestmark = pytest.mark.connected
LINES = {"lines": [{"code": "tap-replacement"}]}


async def test_p018_a_report_becomes_a_slip_with_number_person_deadline_and_timer(desk: Desk) -> None:
    order_id = await desk.report()
    order = await desk.read(order_id)
    assert (order["slip"], order["status"], order["period"]) == ("2026-000001", "ISSUED", "2026-03")
    assert order["assignee_id"] in ("tech-1", "tech-2"), "the villa's duty officer sends slips out directly"
    assert datetime.fromisoformat(order["due_at"]) == desk.clock.now() + timedelta(days=3)
    [row] = await desk.told("work_order.issued")
    data = orjson.loads(row["data"])
    assert (data["slip"], data["department"]) == ("2026-000001", "engineering")
    assert b"+8613800138" not in row["data"], "the technician's telephone is sealed (J9)"
    assert b"Name tech" not in row["data"]
    timers = {t["command"] async for t in desk.db["timers"].find()}
    assert timers == {"dispatch.escalate", "dispatch.check_answer"}, "collected here within 30 minutes"


async def test_p022_a_repair_from_ring_to_receipt(desk: Desk) -> None:
    order_id = await desk.report()
    await desk.take("technician", order_id, "collect", {"note": ""})
    await desk.into_home(order_id)
    await desk.take("technician", order_id, "confirm-item", {"item": "washer of the tap", "differs": True})
    quoted = await desk.take("technician", order_id, "quote", LINES)
    assert (quoted["status"], quoted["quote"]["state"]) == ("QUOTED", "offered")
    refused = await desk.call("technician", "POST", f"work-orders/{order_id}/start", {})
    assert refused.status_code == 409
    problem = refused.json()
    assert "has not answered yet" in problem["detail"]
    assert "withdraw" in problem["accepted"]
    await desk.consent(quoted, 4000)
    await desk.take("technician", order_id, "start")
    await desk.take("technician", order_id, "complete", {"cleaned": True})
    await desk.take("technician", order_id, "sign", {"signer": "owner", "mark": "Wang", "rating": 4})
    await desk.sign_work(order_id)
    signed = await desk.take("repair_supervisor", order_id, "sign", {"signer": "repair_supervisor"})
    assert (signed["status"], signed["signatures_missing"]) == ("SIGNED", [])
    await desk.settle(signed)
    closed = await desk.read(order_id)
    assert (closed["status"], closed["open"], closed["allowed_actions"]) == ("CLOSED", False, [])
    left = {"command": {"$ne": "dispatch.check_callback"}}
    assert await desk.db["timers"].count_documents(left) == 0, "only the callback is left"
    steps = [orjson.loads(r["data"]).get("step") for r in await desk.told("work_order.step_taken")]
    assert steps == [
        "collected",
        "contacted",
        "arrived",
        "bell_1",
        "form_confirmed",
        "entered",
        "item_confirmed",
        "consented",
        "started",
        "repaired",
        "cleaned",
        "signed_by_owner",
        "signed_by_technician",
        "signed_by_repair_supervisor",
    ]
    journal = b"".join([r["data"] for r in await desk.told()])
    assert b"after two" not in journal, "what a person said is sealed (J9)"
    assert b"Wang" not in journal


async def test_p023_objected_then_withdrawn_with_the_supervisors_signature(desk: Desk) -> None:
    order_id = await desk.report(urgency="urgent")
    await desk.take("technician", order_id, "collect")
    await desk.into_home(order_id)
    await desk.take("technician", order_id, "confirm-item", {"item": "pump"})
    quoted = await desk.take("technician", order_id, "quote", LINES)
    await desk.object_to(quoted)
    body = {"reason": "too dear", "owner_mark": "signature", "cause": "price"}
    marked = await desk.take("technician", order_id, "withdraw", body)
    assert marked["status"] == "WITHDRAWAL_MARKED"
    forbidden = await desk.call(
        "technician", "POST", f"work-orders/{order_id}/sign", {"signer": "repair_supervisor"}
    )
    assert forbidden.status_code == 403
    done = await desk.take("repair_supervisor", order_id, "sign", {"signer": "repair_supervisor"})
    assert (done["status"], done["slip_number"]) == ("WITHDRAWN", 1)
    [row] = await desk.told("work_order.withdrawn")
    assert orjson.loads(row["data"])["reason"] == "price"
    assert b"too dear" not in row["data"]


async def test_j20_numbers_have_no_gap_and_the_year_is_that_of_the_report(desk: Desk) -> None:
    old = datetime(2025, 12, 31, 15, 59, tzinfo=UTC)
    new = datetime(2025, 12, 31, 16, 1, tzinfo=UTC)
    for request_id, moment in (("r1", old), ("r2", new), ("r3", new)):
        await desk.report(request_id, reported_at=moment, recorded_at=moment)
    slips = [(await desk.read(first_order_id(PROPERTY, r)))["slip"] for r in ("r1", "r2", "r3")]
    assert slips == ["2025-000001", "2026-000001", "2026-000002"]
    gaps = (await desk.call("cs_officer", "GET", "slips/gaps?year=2026")).json()
    assert (gaps["last"], gaps["used"], gaps["complete"], gaps["missing"]) == (2, 2, True, [])
    await desk.db["work_orders"].delete_one({"slip_number": 1, "slip_year": 2026})
    await desk.db["numbers"].delete_one({"number": 1, "year": 2026})
    gaps = (await desk.call("cs_officer", "GET", "slips/gaps?year=2026")).json()
    assert (gaps["complete"], gaps["missing"]) == (False, [1]), "a lost slip is a major work failure (P033)"


async def test_p033_void_slips_are_listed_with_their_reason(desk: Desk) -> None:
    await desk.report()
    row = {
        "_id": f"{PROPERTY}:slip:2026:2",
        "property_id": PROPERTY,
        "series": "slip",
        "year": 2026,
        "number": 2,
        "of": "void:2:w",
        "state": "void",
        "reason": "its unit was never committed",
        "taken_at": desk.clock.now(),
    }
    await desk.db["numbers"].insert_one(row)
    await desk.db["counters"].update_one({"_id": f"{PROPERTY}:slip:2026"}, {"$set": {"last": 2}})
    gaps = (await desk.call("cs_officer", "GET", "slips/gaps")).json()
    assert gaps["complete"]
    assert [v["number"] for v in gaps["void"]] == [2]
    listed = (await desk.call("cs_officer", "GET", "numbers/void?year=2026")).json()
    assert [(v["number"], v["reason"]) for v in listed["items"]] == [(2, "its unit was never committed")]


async def test_a_routine_report_whose_rules_are_lost_is_parked_not_guessed(desk: Desk) -> None:
    cause = desk.cause(desk.accepted(catalogue_version="lost"), "r1")
    [outcome] = await desk.runtime.committer.submit([cause])
    assert isinstance(outcome, Parked)
    assert "lost" in outcome.reason
    assert await desk.db["work_orders"].count_documents({}) == 0


async def test_j5_a_cancelled_repair_keeps_its_number_and_stops_its_timers(desk: Desk) -> None:
    order_id = await desk.report()
    now = desk.clock.now()
    await desk.hear(
        RequestCancelled(request_id="r1", reason="done myself", notice_received_at=now, cancelled_at=now)
    )
    order = await desk.read(order_id)
    assert (order["status"], order["slip_number"]) == ("CANCELLED", 1)
    assert await desk.db["timers"].count_documents({}) == 0
    assert len(await desk.told("work_order.cancelled")) == 1


async def test_a_report_and_its_cancellation_in_one_batch_see_each_other(desk: Desk) -> None:
    now = desk.clock.now()
    cancelled = RequestCancelled(request_id="r1", reason="x", notice_received_at=now, cancelled_at=now)
    causes = [desk.cause(desk.accepted(), "r1"), desk.cause(cancelled, "r1")]
    outcomes = await desk.runtime.committer.submit(causes)
    assert all(isinstance(o, Applied) for o in outcomes)
    assert (await desk.read(first_order_id(PROPERTY, "r1")))["status"] == "CANCELLED"


async def test_p014_a_line_without_price_is_refused_before_billing_sees_it(desk: Desk) -> None:
    order_id = await desk.report(urgency="urgent")
    await desk.take("technician", order_id, "collect")
    await desk.into_home(order_id)
    await desk.take("technician", order_id, "confirm-item", {"item": "tap"})
    lines = [{"code": "tap-replacement"}, {"code": "gold-tap"}]
    answer = await desk.call("technician", "POST", f"work-orders/{order_id}/quote", {"lines": lines})
    assert (answer.status_code, answer.json()["field"]) == (422, "lines.1.code")
    assert "tap-replacement" in answer.json()["accepted"]
    assert await desk.told("work_order.quoted") == []


async def test_j25_another_trade_calls_somebody_who_knows_it(desk: Desk) -> None:
    await desk.staff("engineering", ("mason-1", "technician"), skills=["mason"])
    await desk.forget_looks()
    order_id = await desk.report()
    changed = {"category": "structure"}
    now = desk.clock.now()
    await desk.hear(RequestAmended(request_id="r1", reason="it is the wall", changed=changed, amended_at=now))
    order = await desk.read(order_id)
    assert (order["skill"], order["assignee_id"], order["slip_number"]) == ("mason", "mason-1", 1)


async def test_j25_an_amended_place_keeps_the_slip(desk: Desk) -> None:
    order_id = await desk.report()
    await desk.hear(
        RequestAmended(
            request_id="r1", reason="wrong door", unit_id="l1-4", place="L1-4", amended_at=desk.clock.now()
        )
    )
    order = await desk.read(order_id)
    assert (order["unit_id"], order["place"], order["slip_number"]) == ("l1-4", "L1-4", 1)


async def test_a_reopened_request_gets_a_new_slip_for_the_same_need(desk: Desk) -> None:
    order_id = await desk.report()
    now = desk.clock.now()
    reopened = RequestReopened(request_id="r1", reason="drips again", reopened_at=now)
    await desk.hear(reopened)
    assert await desk.db["work_orders"].count_documents({}) == 1, "the first is still open"
    await desk.hear(RequestCancelled(request_id="r1", reason="x", notice_received_at=now, cancelled_at=now))
    await desk.hear(reopened)
    again = await desk.db["work_orders"].find_one({"rework_of": order_id})
    assert again is not None
    assert (again["slip_number"], again["status"]) == (2, "ISSUED")


async def test_r9_a_new_slip_of_a_reopened_request_keeps_what_was_known_at_the_door(desk: Desk) -> None:
    order_id = await desk.report(hazard="burst_pipe", fields={"own_materials": True})
    now = desk.clock.now()
    changed = {"$set": {"site.ordered": False}}
    await desk.db["work_orders"].update_one({"id": order_id}, changed)
    await desk.hear(RequestCancelled(request_id="r1", reason="x", notice_received_at=now, cancelled_at=now))
    await desk.hear(RequestReopened(request_id="r1", reason="drips again", reopened_at=now))
    again = await desk.db["work_orders"].find_one({"rework_of": order_id})
    assert again is not None
    assert again["hazard"] == "burst_pipe"
    assert (again["site"]["ordered"], again["site"]["own_material"]) == (False, True)


async def test_history_makes_no_slip(desk: Desk) -> None:
    await desk.hear(desk.accepted(origin="history"))
    assert await desk.db["work_orders"].count_documents({}) == 0
    assert await desk.told() == []


async def test_five_hundred_reports_in_one_batch_are_spread_and_numbered_without_gap(
    settings: Settings,
) -> None:
    async with open_desk(settings, batch_records_max=500) as desk:
        team = [(f"tech-{n}", "technician") for n in range(8)]
        await desk.staff("engineering", *team, load_max=200)
        causes = [desk.cause(desk.accepted(f"r{n}"), f"r{n}") for n in range(500)]
        outcomes = await desk.runtime.committer.submit(causes)
        assert all(isinstance(o, Applied) for o in outcomes)
        rows = await desk.db["work_orders"].find({}, {"assignee_id": 1, "slip_number": 1}).to_list()
        given = Counter(r["assignee_id"] for r in rows)
        assert len(given) == 8
        assert max(given.values()) < 500 / 8 * 1.6
        assert sorted(r["slip_number"] for r in rows) == list(range(1, 501))
        await desk.roll_up()
        listed = (await desk.call("cs_officer", "GET", "staff?department=engineering")).json()
        assert {s["staff_id"]: s["load"] for s in listed["items"]} == dict(given)


@pytest.mark.parametrize("answer", ["", "agrees", "objects"])
async def test_p021_what_turns_out_to_be_public_waits_for_no_price(desk: Desk, answer: str) -> None:
    order_id = await desk.report(urgency="urgent", procedure="repair-report")
    await desk.take("technician", order_id, "collect")
    await desk.into_home(order_id)
    await desk.take("technician", order_id, "confirm-item", {"item": "riser"})
    quoted = await desk.take("technician", order_id, "quote", LINES)
    if answer:
        await (desk.consent(quoted, 4000) if answer == "agrees" else desk.object_to(quoted))
    changed = {"area": "public"}
    now = desk.clock.now()
    await desk.hear(RequestAmended(request_id="r1", reason="a riser", changed=changed, amended_at=now))
    order = await desk.read(order_id)
    assert (order["status"], order["quote"]) == ("ITEM_CONFIRMED", None)
    await desk.consent(quoted, 4000)
    await desk.take("technician", order_id, "start")
    await desk.take("technician", order_id, "complete")
    done = await desk.take("repair_supervisor", order_id, "sign", {"signer": "repair_supervisor"})
    assert done["status"] == "CLOSED"
    [row] = await desk.told("work_order.completed")
    assert (orjson.loads(row["data"])["amount"], orjson.loads(row["data"])["quote_id"]) == (None, "")
