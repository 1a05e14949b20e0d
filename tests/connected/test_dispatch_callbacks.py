"""Callbacks after repairs through HTTP, events and timers on a real MongoDB: P031, P127, P009, R18, J7."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from io import BytesIO

import openpyxl
import pytest
import pytest_asyncio

from services.dispatch.audit import AUDIT
from services.dispatch.rain import RainRounds
from shared.events.intake import Outcome, RequestClosed, RequestReopened
from shared.settings import Settings
from tests.connected import audit_kit
from tests.connected.callback_kit import facts, listed, post, repaired
from tests.connected.dispatch_desk import PROPERTY, Desk, open_desk

pytestmark = [
    pytest.mark.connected,
    pytest.mark.asyncio(loop_scope="module"),
    pytest.mark.usefixtures("absences"),
]
DAY = timedelta(days=1)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def desk(desk_settings: Settings) -> AsyncIterator[Desk]:
    """A villa estate whose people are called back about."""
    async with open_desk(desk_settings) as made:
        await made.staff("engineering", ("tech-1", "technician"), ("boss-1", "repair_supervisor"), hours=20)
        await made.staff("service", ("super-1", "cs_supervisor"), hours=20)
        yield made


async def test_p031_an_urgent_repair_is_called_back_twice_and_proven_by_two_people(desk: Desk) -> None:
    order_id = await repaired(desk, urgency="urgent")
    first, second = await listed(desk, f"work_order_id={order_id}")
    done = datetime.fromisoformat(first["repaired_at"])
    assert datetime.fromisoformat(first["due_at"]) == done + timedelta(hours=24)
    assert datetime.fromisoformat(second["due_at"]) == done + 7 * DAY
    assert {a["action"] for a in first["allowed_actions"]} == {"attempt", "opinion"}
    busy = await post(desk, first, "attempt", {"result": "not_reached", "note": "engaged"}, sub="lin")
    assert (busy.status_code, busy.json()["unreached"]) == (200, 1)
    said = await post(desk, first, "opinion", {"opinion": "satisfied", "words": "all fine"}, sub="lin")
    assert (said.json()["status"], said.json()["signatures_missing"]) == ("ANSWERED", 1)
    again = await post(desk, first, "sign", {}, sub="lin")
    assert again.status_code == 409
    assert "two different people" in again.json()["detail"]
    signed = await post(desk, first, "sign", {}, sub="mei")
    assert (signed.json()["status"], signed.json()["result"]) == ("CLOSED", "satisfied")
    rows = await desk.told("callback.closed")
    [closed] = [f for f in facts(rows) if f["callback_id"] == first["id"]]
    assert (closed["signers"], closed["proven"], closed["last"]) == (["lin", "mei"], True, False)
    journal = b"".join(row["data"] for row in await desk.told())
    assert b"all fine" not in journal, "what the owner said is sealed (J9)"
    assert b"engaged" not in journal


async def test_p031_a_leak_waits_for_rain_and_is_called_back_after_it(desk: Desk) -> None:
    order_id = await repaired(desk, fields={"leak": True})
    first, rain = await listed(desk, f"work_order_id={order_id}")
    assert (first["kind"], first["round"], rain["status"]) == ("leak", "first", "AWAITING_RAIN")
    early = await post(desk, rain, "opinion", {"opinion": "satisfied"}, sub="lin")
    assert early.status_code == 409
    assert "not rained yet" in early.json()["detail"]
    future = {"rained_at": (desk.clock.now() + timedelta(hours=2)).isoformat()}
    refused = await desk.call("cs_officer", "POST", "rain-events", future)
    assert (refused.status_code, refused.json()["field"]) == (422, "rained_at")
    desk.clock.advance(timedelta(hours=1))
    told = await desk.call("cs_officer", "POST", "rain-events", {}, headers={"Idempotency-Key": "rain-1"})
    assert told.status_code == 201, told.text
    rounds = RainRounds(desk.runtime)
    assert not await rounds.spread()
    [started] = await listed(
        desk, f"work_order_id={order_id}&status=DUE&kind=leak&due_before=2026-03-04T00:00:00Z"
    )
    assert datetime.fromisoformat(started["due_at"]) == desk.clock.now() + DAY
    assert not await rounds.spread(), "each rain starts a callback once"
    [event] = (await desk.call("cs_officer", "GET", "rain-events")).json()["items"]
    assert event["spread"]
    later = await repaired(desk, fields={"leak": True})
    await rounds.spread()
    assert len(await listed(desk, f"work_order_id={later}&status=AWAITING_RAIN")) == 1, "repaired after it"


async def test_p031_not_satisfied_opens_it_again_with_notice_new_slip_and_deadline(desk: Desk) -> None:
    order_id = await repaired(desk, urgency="urgent")
    before = await desk.read(order_id)
    first, _ = await listed(desk, f"work_order_id={order_id}")
    wrong = await post(desk, first, "opinion", {"opinion": "not_satisfied"}, sub="lin")
    assert (wrong.status_code, wrong.json()["field"]) == (422, "problem")
    body = {"opinion": "not_satisfied", "problem": "came_back", "words": "drips again"}
    own = await post(desk, first, "opinion", body, sub="tech-1")
    assert own.status_code == 403
    other = await post(desk, first, "opinion", body, sub="mei")
    assert (other.status_code, other.json()["field"]) == (422, "on_behalf_reason")
    said = await post(desk, first, "opinion", {**body, "on_behalf_reason": "on leave"}, sub="mei")
    assert said.json()["opinion"] == "not_satisfied"
    [notice] = [
        f for f in facts(await desk.told("callback.problem_noticed")) if f["callback_id"] == first["id"]
    ]
    assert (notice["staff_id"], notice["problem"]) == ("tech-1", "came_back")
    assert datetime.fromisoformat(notice["read_by_at"]) == desk.clock.now() + DAY
    desk.clock.advance(timedelta(minutes=5))
    reopened = RequestReopened(
        request_id=before["request_id"], reason="callback: came_back", reopened_at=desk.clock.now()
    )
    await desk.hear(reopened, lane="urgent")
    found = await desk.call("cs_officer", "GET", f"work-orders?request_id={before['request_id']}")
    new = next(o for o in found.json()["items"] if o["work_order_id"] != order_id)
    assert (new["rework_of"], new["status"]) == (order_id, "ISSUED")
    assert new["slip_number"] > before["slip_number"]
    assert datetime.fromisoformat(new["due_at"]) == desk.clock.now() + timedelta(hours=24)
    left = await listed(desk, f"work_order_id={order_id}&open_only=false")
    assert sorted((c["round"], c["result"]) for c in left) == [("first", ""), ("second", "superseded")]
    other = await desk.call("technician", "POST", f"callbacks/{first['id']}/read-notice", {}, sub="tech-9")
    assert other.status_code == 403, "he has no part in it"
    read = await desk.call("technician", "POST", f"callbacks/{first['id']}/read-notice", {}, sub="tech-1")
    assert read.json()["notice_read_at"] is not None
    signed = await post(desk, first, "sign", {}, sub="lin")
    assert signed.json()["result"] == "problem"


async def test_p031_a_signed_slip_that_is_not_paid_yet_is_done_again_too(desk: Desk) -> None:
    order_id = await desk.report("unpaid", first_contact_id="lin")
    await desk.take("technician", order_id, "collect")
    await desk.into_home(order_id)
    await desk.take("technician", order_id, "confirm-item", {"item": "tap"})
    lines = {"lines": [{"code": "tap-replacement"}]}
    await desk.consent(await desk.take("technician", order_id, "quote", lines, sub="tech-1"), 4000)
    await desk.take("technician", order_id, "start", sub="tech-1")
    await desk.take("technician", order_id, "complete", {"cleaned": True}, sub="tech-1")
    await desk.take("technician", order_id, "sign", {"signer": "owner", "mark": "Wang", "rating": 4})
    assert await listed(desk, f"work_order_id={order_id}") == [], "not all have signed"
    await desk.take("technician", order_id, "sign", {"signer": "technician"}, sub="tech-1")
    signed = await desk.take("repair_supervisor", order_id, "sign", {"signer": "repair_supervisor"})
    assert signed["status"] == "SIGNED"
    [callback] = await listed(desk, f"work_order_id={order_id}")
    assert callback["kind"] == "other"
    await desk.hear(
        RequestReopened(request_id="unpaid", reason="callback: not_fixed", reopened_at=desk.clock.now())
    )
    found = await desk.call("cs_officer", "GET", "work-orders?request_id=unpaid")
    assert len(found.json()["items"]) == 2


async def test_p031_late_callbacks_and_unread_notices_are_told_once(desk: Desk) -> None:
    order_id = await repaired(desk, urgency="urgent")
    first, second = await listed(desk, f"work_order_id={order_id}")
    body = {"opinion": "not_satisfied", "problem": "damage", "method": "visit"}
    assert (await post(desk, second, "opinion", body, sub="lin")).json()["result"] == "problem"
    await desk.pass_time(hours=24, minutes=1)
    raised = [f for f in facts(await desk.told("callback.overdue")) if f["work_order_id"] == order_id]
    kinds = {(f["kind"], f["to_role"]) for f in raised}
    assert kinds == {("callback_late", "cs_supervisor"), ("notice_late", "repair_supervisor")}
    assert (await listed(desk, f"work_order_id={order_id}"))[0]["late"]
    await desk.pass_time(hours=48)
    again = [f for f in facts(await desk.told("callback.overdue")) if f["work_order_id"] == order_id]
    assert len(again) == len(raised)
    assert first["id"] != second["id"]


async def test_j7_nobody_is_reached_and_a_supervisor_gives_up(desk: Desk) -> None:
    order_id = await repaired(desk)
    [callback] = await listed(desk, f"work_order_id={order_id}")
    for _ in range(2):
        await post(desk, callback, "attempt", {"result": "not_reached"}, sub="lin")
    early = await post(desk, callback, "close-unreached", {}, sub="boss-2", role="cs_supervisor")
    assert early.status_code == 409
    assert "3 recorded attempts" in early.json()["accepted"]
    night = timedelta(hours=(23 - (desk.clock.now().hour + 8) % 24) % 24)
    desk.clock.advance(night)
    quiet = await post(desk, callback, "attempt", {"result": "not_reached"}, sub="lin")
    assert (quiet.json()["tried"], quiet.json()["unreached"]) == (3, 2), "in quiet hours it does not count"
    desk.clock.advance(timedelta(hours=11))
    await post(desk, callback, "attempt", {"result": "not_reached"}, sub="lin")
    officer = await post(desk, callback, "close-unreached", {}, sub="lin")
    assert officer.status_code == 403
    closed = await post(desk, callback, "close-unreached", {}, sub="boss-2", role="cs_supervisor")
    assert (closed.json()["result"], closed.json()["status"]) == ("unreached", "CLOSED")
    over = await post(desk, callback, "opinion", {"opinion": "satisfied"}, sub="lin")
    assert (over.status_code, over.json()["type"].rsplit("/", 1)[-1]) == (409, "callback-not-due")


async def over(desk: Desk, order_id: str, outcome: Outcome) -> list[tuple[str, str, str]]:
    """The request has ended in intake; round, result and reason of its callbacks afterwards."""
    request_id = (await desk.read(order_id))["request_id"]
    await desk.hear(RequestClosed(request_id=request_id, outcome=outcome, closed_at=desk.clock.now()))
    found = await listed(desk, f"work_order_id={order_id}&open_only=false")
    return sorted((c["round"], c["result"], c["ended_with"]) for c in found)


async def test_p127_the_end_of_the_request_ends_its_callbacks_with_the_reason(desk: Desk) -> None:
    given_up = await repaired(desk, urgency="urgent", fields={"leak": True})
    assert await over(desk, given_up, "UNREACHED") == [
        ("first", "unreached", "UNREACHED"),
        ("rain", "unreached", "UNREACHED"),
        ("second", "unreached", "UNREACHED"),
    ]
    rows = [f for f in facts(await desk.told("callback.closed")) if f["work_order_id"] == given_up]
    assert {(f["result"], f["reason"], f["proven"]) for f in rows} == {("unreached", "UNREACHED", False)}
    before = len(await desk.told("callback.overdue"))
    await desk.pass_time(days=100)
    late = facts((await desk.told("callback.overdue"))[before:])
    assert [f for f in late if f["work_order_id"] == given_up] == [], "nobody is reminded of what is over"
    first, *_ = await listed(desk, f"work_order_id={given_up}&open_only=false&kind=urgent")
    again = await post(desk, first, "opinion", {"opinion": "satisfied"}, sub="lin")
    assert again.status_code == 409


async def test_p031_a_confirmed_leak_is_still_called_back_after_rain(desk: Desk) -> None:
    order_id = await repaired(desk, fields={"leak": True})
    assert await over(desk, order_id, "SATISFIED") == [
        ("first", "ended", "SATISFIED"),
        ("rain", "", ""),
    ]
    [closed] = [f for f in facts(await desk.told("callback.closed")) if f["work_order_id"] == order_id]
    assert (closed["result"], closed["reason"]) == ("superseded", "SATISFIED")
    assert (await listed(desk, f"work_order_id={order_id}"))[0]["status"] == "AWAITING_RAIN"


async def test_the_auditor_finds_callbacks_and_notices_that_no_timer_told_of(desk: Desk) -> None:
    order_id = await repaired(desk, urgency="urgent", fields={"leak": True})
    first, second, rain = await listed(desk, f"work_order_id={order_id}")
    body = {"opinion": "not_satisfied", "problem": "damage", "method": "visit"}
    await post(desk, second, "opinion", body, sub="lin")
    await desk.db["timers"].delete_many({"command": "dispatch.check_callback"})

    async def overdue() -> set[tuple[str, str]]:
        ids = {first["id"], second["id"], rain["id"]}
        found = await audit_kit.found(AUDIT, desk.db, desk.clock.now())
        return {(f.subject, f.kind) for f in found if f.subject in ids}

    desk.clock.advance(timedelta(hours=24))
    assert await overdue() == set(), "within the grace"
    desk.clock.advance(timedelta(seconds=31))
    late = {(first["id"], "callback_late"), (second["id"], "notice_late")}
    assert await overdue() == late, "an overdue notice of a closed callback too"
    desk.clock.advance(timedelta(days=90))
    assert await overdue() == late | {(rain["id"], "rain_missing")}


async def test_p031_p127_j28_the_rates_of_callbacks_are_those_counted_in_the_store(desk: Desk) -> None:
    await repaired(desk)
    stored = await desk.db["callbacks"].find({"property_id": PROPERTY}).to_list()
    first = [c for c in stored if c["round"] == "first" and c["result"] != "superseded"]
    proven = [c for c in first if c["status"] == "CLOSED" and c["result"] in ("satisfied", "problem")]
    answered = [c for c in stored if c["answered_at"] is not None and c["result"] != "superseded"]
    happy = [c for c in answered if c["opinion"] == "satisfied"]
    assert 0 < len(proven) < len(first), "something to tell apart"
    since, until = min(c["repaired_at"] for c in stored), desk.clock.now()
    query = f"since={since:%Y-%m-%d}&until={until + DAY:%Y-%m-%d}&language=en"
    read = (await desk.call("director", "GET", f"reports/callbacks?{query}")).json()
    rates = {rate["name"]: (rate["numerator"], rate["denominator"]) for rate in read["rates"]}
    assert rates["callbacks_closed"] == (len(proven), len(first))
    assert rates["owners_satisfied"] == (len(happy), len(answered))
    sheet = await desk.call("director", "GET", f"reports/callbacks?{query}&format=xlsx")
    book = openpyxl.load_workbook(BytesIO(sheet.content), read_only=True)
    rows = {row[0]: row[1:3] for row in book.worksheets[0].iter_rows(values_only=True)}
    assert rows["Repairs called back"] == (len(proven), len(first)), "the sheet has the same numbers"
    assert rows["Owners satisfied"] == (len(happy), len(answered))
    text = await desk.call("director", "GET", f"reports/callbacks?{query}&format=csv")
    assert f"Repairs called back,{len(proven)},{len(first)}," in text.content.decode("utf-8-sig")
