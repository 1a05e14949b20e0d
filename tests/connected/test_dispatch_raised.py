"""A slip that becomes an emergency where it stands: taken back, given out, and watched (J17, J18, P020)."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import orjson
import pytest

from shared.events.intake import UrgencyRaised
from shared.settings import Settings
from tests.connected.dispatch_desk import Desk, Json, open_desk

pytestmark = pytest.mark.connected


@pytest.fixture
async def desk(settings: Settings) -> AsyncIterator[Desk]:
    """A villa estate with two technicians, those above them, and a developer."""
    async with open_desk(settings) as made:
        people = [("tech-1", "technician"), ("tech-2", "technician"), ("boss-1", "repair_supervisor")]
        await made.staff("engineering", *people, ("head-1", "department_head"))
        await made.staff("service", ("cs-1", "cs_officer"), ("cs-boss", "cs_supervisor"))
        body = {"kind": "developer", "name": "Builder", "contacts": [{"name": "Z", "phone": "13800138055"}]}
        answer = await made.call("cs_supervisor", "PUT", "parties/dev-1", body)
        assert answer.status_code == 200, answer.text
        yield made


async def raise_it(desk: Desk, request_id: str = "r1", **more: Any) -> None:
    """Intake tells that the request has become an emergency."""
    event = UrgencyRaised(
        request_id=request_id, urgency="emergency", reason="gushes", raised_at=desk.clock.now(), **more
    )
    await desk.hear(event, lane="urgent")


async def called(desk: Desk) -> list[tuple[str, str]]:
    """Who was called anew so far, and why."""
    facts = [orjson.loads(row["data"]) for row in await desk.told("work_order.assigned")]
    return [(fact["assignee_id"], fact["reason"]) for fact in facts]


async def silences(desk: Desk) -> list[str]:
    """To which roles silence was told."""
    facts = [orjson.loads(row["data"]) for row in await desk.told("escalation.raised")]
    return [fact["to_role"] for fact in facts if fact["kind"] == "not_collected"]


REASON = {"reason": "not ours"}
GIVEN = {"kind": "outside", "party_id": "dev-1", "item": "pipe", "reason": "theirs"}
SOLVED = {"solution": "they come", "due_at": "2026-03-04T01:00:00Z"}
Path = list[tuple[str, str, Json]]
BACK: Path = [("technician", "return-undone", REASON)]
AWAY: Path = [("technician", "report-outside", REASON), ("cs_supervisor", "transfer", GIVEN)]


@pytest.mark.parametrize(
    ("status", "path"),
    [
        ("UNDONE", BACK),
        ("UNDONE_SIGNED", [*BACK, ("department_head", "sign-undone", {})]),
        (
            "UNDONE_WITH_CS",
            [*BACK, ("department_head", "sign-undone", {}), ("office", "pass-undone", {})],
        ),
        ("WITH_SUPERVISOR", AWAY[:1]),
        ("TRANSFERRED", AWAY),
        ("SOLUTION_SET", [*AWAY, ("cs_supervisor", "set-solution", SOLVED)]),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
async def test_p020_an_emergency_is_taken_back_from_where_nobody_works_and_somebody_is_sent(
    desk: Desk, status: str, path: Path
) -> None:
    order_id = await desk.report(urgency="urgent")
    await desk.take("technician", order_id, "collect")
    for role, action, body in path:
        await desk.take(role, order_id, action, body, sub="head-1" if role == "department_head" else "")
    assert (await desk.read(order_id))["status"] == status
    await raise_it(desk)
    order = await desk.read(order_id)
    assert (order["status"], order["urgency"], order["outside"], order["undone"]) == (
        "ISSUED",
        "emergency",
        None,
        None,
    )
    assert await called(desk) == [(order["assignee_id"], "urgency_raised")]
    assert order["assignee_id"] in ("tech-1", "tech-2")
    started = await desk.take("duty_officer", order_id, "start")
    assert started["status"] == "STARTED"
    assert [s for s in await desk.steps() if s == "recalled"] == ["recalled"]


async def test_p020_a_withdrawal_that_waits_for_its_signature_does_not_hold_an_emergency(
    desk: Desk,
) -> None:
    order_id = await desk.report(urgency="urgent")
    await desk.take("technician", order_id, "collect")
    await desk.into_home(order_id)
    marked = {"cause": "price", "reason": "too dear", "owner_mark": "Wang"}
    await desk.take("technician", order_id, "withdraw", marked)
    await raise_it(desk)
    assert (await desk.take("duty_officer", order_id, "start"))["status"] == "STARTED"


async def test_j17_a_rise_that_crosses_the_last_signature_sends_somebody_with_a_new_slip(desk: Desk) -> None:
    order_id = await desk.report(procedure="repair-report", area="public", urgency="urgent")
    await desk.work_done(order_id, "tech-1")
    done = await desk.take("repair_supervisor", order_id, "sign", {"signer": "repair_supervisor"})
    assert done["status"] == "CLOSED"
    await raise_it(desk)
    assert await desk.db["work_orders"].count_documents({}) == 1, "intake has opened a response of its own"
    await raise_it(desk, by_slip=True)
    again = await desk.db["work_orders"].find_one({"rework_of": order_id})
    assert again is not None
    assert (again["urgency"], again["status"], again["slip_number"]) == ("emergency", "ISSUED", 2)
    assert again["assignee_id"] in ("tech-1", "tech-2")
    open_ones = await desk.call("cs_officer", "GET", f"callbacks?work_order_id={order_id}")
    assert open_ones.json()["items"] == [], "it is called back when the new slip is done"


async def test_p020_with_nobody_of_the_department_the_last_resort_is_sent(desk: Desk) -> None:
    order_id = await desk.report(urgency="urgent")
    await desk.take("technician", order_id, "collect")
    await desk.take("technician", order_id, "return-undone", REASON)
    await desk.pass_time(hours=12)  # everybody has gone home
    await desk.staff("management", ("duty-1", "duty_officer"))
    await desk.forget_looks()
    await raise_it(desk)
    assert await called(desk) == [("duty-1", "urgency_raised")]
    kinds = [orjson.loads(r["data"])["kind"] for r in await desk.told("escalation.raised")]
    assert "unassigned" in kinds


async def collected(desk: Desk, order_id: str) -> None:
    await desk.take("technician", order_id, "collect", sub="tech-1")


async def contacted(desk: Desk, order_id: str) -> None:
    await collected(desk, order_id)
    await desk.take("technician", order_id, "contact", {"note": "after two"}, sub="tech-1")


async def gone_for_now(desk: Desk, order_id: str) -> None:
    await collected(desk, order_id)
    await desk.into_home(order_id)
    await desk.take("technician", order_id, "leave", {"reason": "no part"})


@pytest.mark.parametrize("stand", [collected, contacted, gone_for_now])
async def test_j6_a_silent_assignee_of_a_slip_that_became_an_emergency_is_noticed(
    desk: Desk, stand: Any
) -> None:
    order_id = await desk.report(urgency="urgent")
    await stand(desk, order_id)
    had = (await desk.read(order_id))["assignee_id"]
    await desk.pass_time(minutes=40)
    before = len(await silences(desk))
    await raise_it(desk)
    assert (await called(desk))[-1] == (had, "urgency_raised"), "who has it is called at once"
    await desk.pass_time(minutes=4, seconds=59)
    assert len(await silences(desk)) == before
    await desk.pass_time(seconds=1)
    assert len(await silences(desk)) == before + 1
    next_one = (await desk.read(order_id))["assignee_id"]
    assert next_one != had
    assert (await called(desk))[-1] == (next_one, "no_answer")


async def test_j6_who_takes_the_emergency_up_is_not_passed_over(desk: Desk) -> None:
    order_id = await desk.report(urgency="urgent")
    await contacted(desk, order_id)
    await raise_it(desk)
    await desk.take("technician", order_id, "arrive", sub="tech-1")
    had = (await desk.read(order_id))["assignee_id"]
    await desk.pass_time(minutes=10)
    assert await silences(desk) == []
    assert (await desk.read(order_id))["assignee_id"] == had


async def test_p020_what_was_repaired_and_not_signed_bursts_again_and_somebody_is_sent(desk: Desk) -> None:
    order_id = await desk.report(urgency="urgent", area="public", procedure="repair-report")
    await desk.work_done(order_id, "tech-1")
    had = (await desk.read(order_id))["assignee_id"]
    await raise_it(desk)
    order = await desk.read(order_id)
    assert (order["status"], order["urgency"], order["done_at"]) == ("STARTED", "emergency", None)
    assert (order["site"]["place"], order["signatures"]) == ("away", [])
    assert await called(desk) == [(had, "urgency_raised")]
    assert "urgency_raised" in await desk.steps(), "by which intake knows that it was heard"
    await desk.take("technician", order_id, "arrive", sub=had)
    assert (await desk.take("technician", order_id, "complete", sub=had))["status"] == "REPAIRED"


async def test_p025_nobody_is_called_to_what_another_party_has(desk: Desk) -> None:
    await desk.pass_time(hours=12)  # everybody has gone home
    order_id = await desk.report()
    await desk.take("cs_officer", order_id, "report-outside", REASON)
    await desk.take("cs_supervisor", order_id, "transfer", GIVEN)
    await desk.staff("engineering", ("tech-1", "technician"), ("boss-1", "repair_supervisor"))
    await desk.forget_looks()
    await desk.pass_time(hours=1)
    assert await called(desk) == []
    await desk.take("cs_supervisor", order_id, "carry-on", REASON)
    await desk.pass_time(minutes=15)
    assert [reason for _, reason in await called(desk)] == ["found"]


async def test_p025_what_comes_back_from_a_party_is_due_when_it_was_due_to_the_owner(desk: Desk) -> None:
    order_id = await desk.report()
    due = (await desk.read(order_id))["due_at"]
    await desk.take("cs_officer", order_id, "report-outside", REASON)
    late = "2026-04-30T01:00:00Z"
    gone = await desk.take("cs_supervisor", order_id, "transfer", GIVEN | {"due_at": late})
    assert gone["due_at"] > due
    await desk.take("cs_supervisor", order_id, "follow-up", {"note": "later still", "due_at": late})
    back = await desk.take("cs_supervisor", order_id, "carry-on", REASON)
    assert (back["status"], back["due_at"]) == ("COLLECTED", due), "a detour gives nobody more time"
    await desk.pass_time(days=3)
    raised = [orjson.loads(row["data"])["kind"] for row in await desk.told("escalation.raised")]
    assert "breached" in raised
