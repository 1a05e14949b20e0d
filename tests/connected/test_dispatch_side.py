"""Besides the work, through dispatch on a real MongoDB: P024, P025, P026, P027, P028, P029."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from typing import Any

import orjson
import pytest

from services.dispatch.audit import AUDIT
from services.dispatch.slipwatch import SlipWatch
from shared.events.intake import RequestReopened
from shared.settings import Settings
from tests.connected.audit_kit import overdue
from tests.connected.dispatch_desk import PROPERTY, Desk, open_desk

pytestmark = pytest.mark.connected


@pytest.fixture
async def desk(settings: Settings) -> AsyncIterator[Desk]:
    """A villa estate with everybody a slip may need."""
    async with open_desk(settings) as made:
        people = [("tech-1", "technician"), ("boss-1", "repair_supervisor"), ("head-1", "department_head")]
        await made.staff("engineering", *people, hours=20)
        await made.staff("service", ("cs-1", "cs_officer"), ("cs-boss", "cs_supervisor"), hours=20)
        people = [("office-1", "office"), ("buyer-1", "buyer"), ("director-1", "director")]
        await made.staff("management", *people, hours=20)
        await made.staff("gardens", ("head-2", "department_head"), hours=20)
        yield made


async def alarms(desk: Desk) -> list[tuple[str, str]]:
    """The calls for a person so far: kind and role."""
    facts = [orjson.loads(row["data"]) for row in await desk.told("work_order.alarm_raised")]
    return [(fact["kind"], fact["to_role"]) for fact in facts]


async def collected(desk: Desk, request_id: str = "r1", **changes: Any) -> str:
    """A slip that the department has."""
    order_id = await desk.report(request_id, **changes)
    await desk.take("technician", order_id, "collect", sub="tech-1")
    return order_id


async def party(desk: Desk, party_id: str, kind: str, **changes: Any) -> None:
    """A party is recorded."""
    body = {
        "kind": kind,
        "name": f"Company {party_id}",
        "contacts": [{"name": "Zhao", "phone": "13800138055"}],
        **changes,
    }
    answer = await desk.call("cs_supervisor", "PUT", f"parties/{party_id}", body)
    assert answer.status_code == 200, answer.text


async def test_p028_the_head_reports_in_three_days_of_the_collection_and_the_deadline_runs(
    desk: Desk,
) -> None:
    order_id = await desk.report()
    missing = {"material": "cartridge", "quantity": "1"}
    assert (await desk.refused("technician", order_id, "lack-material", missing))["status"] == 409
    collected_at = desk.clock.now()
    await desk.take("technician", order_id, "collect")
    await desk.pass_time(days=1)
    lacks = await desk.take("technician", order_id, "lack-material", missing)
    due = datetime.fromisoformat(lacks["material"]["report_due_at"])
    assert due == collected_at + timedelta(days=3), "the clock starts at the collection, not at the shortage"
    assert datetime.fromisoformat(lacks["due_at"]) == collected_at + timedelta(days=3), "it does not pause"
    twice = await desk.refused("technician", order_id, "lack-material", missing)
    assert "being looked for already" in twice["detail"]
    assert await alarms(desk) == [("material_to_report", "department_head")]
    await desk.pass_time(days=1, hours=23, minutes=59)
    assert len(await alarms(desk)) == 1
    await desk.pass_time(minutes=1)
    assert ("material_report_late", "director") in await alarms(desk)
    assert ("slip_return_late", "department_head") in await alarms(desk), "three days for the slip too (P027)"
    kinds = {orjson.loads(r["data"])["kind"] for r in await desk.told("escalation.raised")}
    assert "breached" in kinds, "the owner's deadline has passed and is told"


async def test_p028_from_the_report_to_the_purchase_slip_and_the_buyers_explanation(desk: Desk) -> None:
    order_id = await collected(desk)
    missing = {"material": "cartridge", "quantity": "1"}
    await desk.take("technician", order_id, "lack-material", missing)
    assert (await desk.refused("office", order_id, "file-purchase"))["status"] == 409
    assert (await desk.refused("technician", order_id, "report-material"))["status"] == 403
    foreign = await desk.refused("department_head", order_id, "report-material", sub="head-2")
    assert "heads gardens" in foreign["detail"]
    await desk.take("department_head", order_id, "report-material", sub="head-1")
    filed = await desk.take("office", order_id, "file-purchase")
    assert (filed["material"]["state"], filed["material"]["purchase_slip"]) == ("ORDERED", "P2026-000001")
    assert (await desk.refused("buyer", order_id, "unobtainable", {}))["field"] == "explanation"
    body = {"explanation": "the maker is closed"}
    ended = await desk.take("buyer", order_id, "unobtainable", body)
    assert (ended["material"]["state"], ended["material"]["explanation"]) == (
        "UNOBTAINABLE",
        "the maker is closed",
    )
    assert await alarms(desk) == [
        ("material_to_report", "department_head"),
        ("material_reported", "office"),
        ("purchase_filed", "buyer"),
        ("material_unobtainable", "office"),
        ("material_unobtainable", "department_head"),
    ]
    again = await desk.take("technician", order_id, "lack-material", {"material": "tap", "quantity": "1"})
    await desk.take("department_head", order_id, "report-material", sub="head-1")
    filed = await desk.take("office", order_id, "file-purchase")
    assert filed["material"]["purchase_slip"] == "P2026-000002"
    bought = await desk.take("buyer", order_id, "bought")
    assert (bought["material"]["state"], bought["due_at"]) == ("BOUGHT", again["due_at"])
    assert b"maker is closed" not in b"".join([r["data"] for r in await desk.told()])


async def test_p029_an_undone_slip_goes_head_office_service_owner_and_is_visible_until_told(
    desk: Desk,
) -> None:
    order_id = await desk.report()
    reason = {"reason": "the pipe is the city's"}
    uncollected = await desk.refused("technician", order_id, "return-undone", reason)
    assert uncollected["status"] == 409, "nobody refuses a slip before it is collected (R6)"
    await desk.take("technician", order_id, "collect")
    back = await desk.take("technician", order_id, "return-undone", reason)
    assert (back["status"], back["open"]) == ("UNDONE", True)
    for role, action in (("office", "pass-undone"), ("cs_officer", "tell-undone")):
        assert (
            await desk.refused(role, order_id, action, {"reason": "x"} if action != "pass-undone" else {})
        )["status"] == 409, "no step is left out"
    assert (await desk.refused("repair_supervisor", order_id, "sign-undone"))["status"] == 403
    assert (await desk.refused("department_head", order_id, "sign-undone", sub="head-2"))["status"] == 403
    worked = await desk.take("department_head", order_id, "carry-on", {"reason": "try again"}, sub="head-1")
    assert worked["status"] == "COLLECTED"
    await desk.take("technician", order_id, "return-undone", reason)
    await desk.take("department_head", order_id, "sign-undone", sub="head-1")
    await desk.take("office", order_id, "pass-undone")
    listed = (await desk.call("cs_officer", "GET", "work-orders?status=UNDONE_WITH_CS")).json()
    assert [item["work_order_id"] for item in listed["items"]] == [order_id]
    told = await desk.take("cs_officer", order_id, "tell-undone", {"reason": "explained by telephone"})
    assert (told["status"], told["open"], told["slip_number"]) == ("NOT_DONE", False, 1)
    assert [role for kind, role in await alarms(desk) if kind.startswith("undone")] == [
        "department_head",
        "department_head",
        "office",
        "cs_officer",
    ]
    assert len(await desk.told("work_order.not_done")) == 1
    assert await desk.db["timers"].count_documents({}) == 0
    now = desk.clock.now()
    await desk.hear(RequestReopened(request_id="r1", reason="the city says it is ours", reopened_at=now))
    again = await desk.db["work_orders"].find_one({"property_id": PROPERTY, "rework_of": order_id})
    assert again is not None
    assert again["slip_number"] == 2


async def test_p024_a_warranty_item_goes_to_the_developer_and_nobody_is_charged(desk: Desk) -> None:
    await party(desk, "dev-1", "developer", answer_within_hours=48)
    await party(desk, "shop-1", "partner")
    order_id = await collected(desk)
    body = {"kind": "warranty", "party_id": "dev-1", "item": "window frame"}
    assert (await desk.refused("repair_supervisor", order_id, "transfer", body))["field"] == "delivered_on"
    tomorrow = body | {"delivered_on": "2026-03-03"}
    assert (await desk.refused("repair_supervisor", order_id, "transfer", tomorrow))[
        "field"
    ] == "delivered_on"
    body |= {"delivered_on": "2025-06-30"}
    for wrong, role, status in (("shop-1", "repair_supervisor", 422), ("dev-1", "cs_supervisor", 403)):
        refused = await desk.refused(role, order_id, "transfer", body | {"party_id": wrong})
        assert refused["status"] == status
    unknown = await desk.call(
        "repair_supervisor", "POST", f"work-orders/{order_id}/transfer", body | {"party_id": "nobody"}
    )
    assert (unknown.status_code, unknown.json()["field"]) == (404, "party_id")
    given = await desk.take("repair_supervisor", order_id, "transfer", body)
    assert (given["status"], given["outside"]["party_name"]) == ("TRANSFERRED", "Company dev-1")
    assert datetime.fromisoformat(given["due_at"]) == desk.clock.now() + timedelta(days=7), "its own deadline"
    assert "transferred_warranty" in await desk.steps()
    await desk.pass_time(days=2)
    assert ("party_silent", "cs_supervisor") in await alarms(desk)
    early = await desk.refused("repair_supervisor", order_id, "finish-outside")
    assert "Nobody has asked the developer" in early["detail"]
    until = desk.clock.now() + timedelta(days=3)
    follow = {"note": "comes on Thursday", "answered": True, "due_at": until.isoformat()}
    followed = await desk.take("cs_officer", order_id, "follow-up", follow)
    assert (datetime.fromisoformat(followed["due_at"]), followed["outside"]["followed"]) == (until, 1)
    done = await desk.take("repair_supervisor", order_id, "finish-outside")
    assert (done["status"], done["open"]) == ("CLOSED", False)
    [row] = await desk.told("work_order.completed")
    fact = orjson.loads(row["data"])
    assert (fact["free"], fact["amount"], fact["quote_id"]) == ("warranty", None, "")
    assert {row["command"] async for row in desk.db["timers"].find()} <= {"dispatch.check_callback"}


async def test_p024_the_warranty_counts_from_the_recorded_delivery_for_the_months_of_the_catalogue(
    desk: Desk,
) -> None:
    await party(desk, "dev-1", "developer")
    body = {"kind": "warranty", "party_id": "dev-1", "item": "window frame"}
    known = await collected(desk, "r1", delivered_on="2025-06-30")
    other = await desk.refused("repair_supervisor", known, "transfer", body | {"delivered_on": "2025-07-01"})
    assert (other["field"], "was delivered on 2025-06-30" in other["detail"]) == ("delivered_on", True)
    given = await desk.take("repair_supervisor", known, "transfer", body)
    assert given["outside"]["delivered_on"] == "2025-06-30", "nobody has to type what is recorded"
    old = await collected(desk, "r2", delivered_on="2024-03-01")
    over = await desk.refused("repair_supervisor", old, "transfer", body)
    assert (over["field"], "under warranty until 2026-03-01" in over["detail"]) == ("delivered_on", True)
    wall = await collected(desk, "r3", delivered_on="2024-03-01", category="structure")
    assert (await desk.take("repair_supervisor", wall, "transfer", body))["status"] == "TRANSFERRED", (
        "60 months"
    )
    nonsense = await collected(desk, "r4")
    said = body | {"delivered_on": "1025-06-30"}
    assert (await desk.refused("repair_supervisor", nonsense, "transfer", said))["field"] == "delivered_on"
    park = await collected(desk, "r5", area="public")
    none = await desk.refused("repair_supervisor", park, "transfer", body | {"delivered_on": "2025-06-30"})
    assert none["field"] == "kind", "what is public has no unit that was delivered"


async def test_p025_an_outside_problem_goes_to_the_supervisor_at_once(desk: Desk) -> None:
    await party(desk, "gas-1", "outside_unit")
    order_id = await desk.report()
    told = await desk.take("cs_officer", order_id, "report-outside", {"reason": "it is the gas company's"})
    assert told["status"] == "WITH_SUPERVISOR"
    assert await alarms(desk) == [("outside_problem", "cs_supervisor")]
    due = (desk.clock.now() + timedelta(days=2)).isoformat()
    body = {"kind": "outside", "party_id": "gas-1", "item": "meter"}
    passed = body | {"due_at": (desk.clock.now() - timedelta(hours=1)).isoformat()}
    assert (await desk.refused("cs_supervisor", order_id, "transfer", passed))["field"] == "due_at"
    assert (await desk.refused("cs_officer", order_id, "transfer", body))["status"] == 403
    await desk.take("cs_supervisor", order_id, "transfer", body)
    solution = {"solution": "a new meter on Wednesday", "due_at": due}
    solved = await desk.take("cs_supervisor", order_id, "set-solution", solution)
    assert (solved["status"], solved["outside"]["solution"]) == ("SOLUTION_SET", "a new meter on Wednesday")
    early = await desk.refused("cs_officer", order_id, "finish-outside")
    assert "has not been told of the solution" in early["detail"]
    await desk.take("cs_officer", order_id, "tell-solution", {"note": "content"})
    assert (await desk.refused("cs_officer", order_id, "tell-solution"))["status"] == 409
    done = await desk.take("cs_officer", order_id, "finish-outside")
    assert done["status"] == "CLOSED"
    [row] = await desk.told("work_order.completed")
    assert orjson.loads(row["data"])["free"] == "outside"
    assert b"gas company" not in b"".join([r["data"] for r in await desk.told()])


async def test_p026_a_notice_is_signed_by_the_supervisor_before_the_trade_is_told(settings: Settings) -> None:
    async with open_desk(settings) as desk:
        await desk.open_property(profile="garden")
        await desk.staff("engineering", ("tech-1", "technician"), ("boss-1", "repair_supervisor"))
        await desk.staff(
            "service", ("cs-1", "cs_officer"), ("cs-2", "cs_officer"), ("sup-1", "cs_supervisor")
        )
        order_id = await desk.report(procedure="repair-me-dispatch", profile="garden", area="public")
        order = await desk.read(order_id)
        assert (order["assignee_id"], order["last_resort"], order["escalations"]) == ("", False, 1)
        assert await alarms(desk) == [("notice_to_sign", "cs_supervisor")]
        assert await desk.pass_time(hours=1) == 0, "nobody is looked for before it is signed"
        assert "not signed the notice" in (await desk.refused("technician", order_id, "collect"))["detail"]
        assert (await desk.refused("technician", order_id, "sign-notice"))["status"] == 403
        wrong = {"follower_id": "tech-1"}
        assert (await desk.refused("cs_supervisor", order_id, "sign-notice", wrong))["field"] == "follower_id"
        signed = await desk.take("cs_supervisor", order_id, "sign-notice", {"follower_id": "cs-1"})
        assert (signed["assignee_id"], signed["notice"]["follower_id"]) == ("tech-1", "cs-1")
        assert (await desk.refused("cs_supervisor", order_id, "sign-notice"))["status"] == 409
        await desk.take("technician", order_id, "arrive")
        await desk.take("technician", order_id, "confirm-item", {"item": "pump", "materials": []})
        await desk.take("technician", order_id, "start")
        await desk.take("technician", order_id, "complete")
        await desk.take("technician", order_id, "sign", {"signer": "technician"}, sub="tech-1")
        beside = {"signer": "cs_officer"}
        other = await desk.refused("cs_officer", order_id, "sign", beside, sub="cs-2")
        assert (other["status"], other["accepted"]) == (403, "cs-1")
        done = await desk.take("cs_officer", order_id, "sign", beside, sub="cs-1")
        assert done["status"] == "CLOSED", "signed by both who were there"


async def test_p027_the_slip_is_due_back_days_after_its_collection(desk: Desk) -> None:
    await desk.open_property(settings={"slip.return_days": 1})
    await desk.forget_looks()
    order_id = await desk.report()
    await desk.pass_time(minutes=20)
    taken = await desk.take("technician", order_id, "collect")
    due = desk.clock.now() + timedelta(days=1)
    assert datetime.fromisoformat(taken["return_due_at"]) == due
    await desk.pass_time(hours=23, minutes=59)
    assert await alarms(desk) == []
    desk.clock.advance(timedelta(minutes=2))  # the timers are down: the auditor finds it all the same
    await SlipWatch(desk.runtime).look()
    found = await overdue(AUDIT, desk.db, desk.clock.now(), PROPERTY)
    assert found == {("slip_return_late", order_id)}
    await desk.pass_time(seconds=1)
    assert await alarms(desk) == [("slip_return_late", "department_head")]
    assert await overdue(AUDIT, desk.db, desk.clock.now(), PROPERTY) == set(), "it was told"
    assert await desk.pass_time(hours=1) == 0, "and is told once"
