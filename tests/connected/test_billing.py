"""Billing through a real database and its own HTTP: from quote to receipt, and all of it at the same time."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from shared.clock import ManualClock
from shared.deadlines import local_year
from shared.ids import new_id
from shared.settings import Settings
from tests.connected.billing_kit import VILLA, Billing, billing, body, disputed, owing, pay, zero
from tests.connected.sweeping import sweeper_of
from tests.events import emergency_raised

pytestmark = pytest.mark.connected


async def test_a_repair_from_quote_to_receipt(till: Billing) -> None:
    await owing(till)
    account = await till.get("requests/r1/account", "cashier")
    assert (account["owed"], account["settled"]) == (body(13_000), False)
    [action] = account["allowed_actions"]
    assert (action["path"], action["body"]) == (f"/v1/properties/{VILLA}/payments", "PaymentBody")
    assert await zero(till) == {"receivable": 13_000, "revenue": -13_000}

    answer = await pay(till, 13_000)
    assert answer.status_code == 201
    year = local_year(till.runtime.clock.now(), "Asia/Shanghai")
    assert answer.json()["receipt"] == f"R{year}-000001"
    assert answer.headers["location"].endswith(f"/payments/{answer.json()['payment_id']}")

    account = await till.get("requests/r1/account")
    assert (account["owed"], account["settled"], account["allowed_actions"]) == (body(0), True, [])
    assert [e["kind"] for e in account["entries"]] == ["charge", "charge_payment"]
    assert await zero(till) == {"cash_drawer": 13_000, "revenue": -13_000}
    assert await till.emitted("r1") == [
        "quote.offered",
        "quote.consented",
        "charge.posted",
        "charge.noted",
        "payment.received",
        "request.settled",
    ]


async def test_a_car_from_deposit_to_applied(till: Billing) -> None:
    await till.accept("r1", "car-hire", area="public")
    await till.applied(till.hired("r1"), "r1")
    await till.post("quotes/q-r1/consent", {}, "butler")
    [deposit] = (await till.get("deposits", status="REQUESTED"))["items"]
    assert deposit["amount"] == body(8_000)
    assert (await pay(till, 8_000, purpose="deposit", method="card")).status_code == 422
    assert (await pay(till, 8_000, purpose="deposit")).status_code == 201
    assert await zero(till) == {"cash_drawer": 8_000, "deposits_held": -8_000}
    await till.applied(till.completed("r1", 80_000), "r1")
    account = await till.get("requests/r1/account")
    assert (account["owed"], account["held"]) == (body(72_000), body(0))
    assert (await pay(till, 72_000, method="transfer", reference="BOC 8841")).status_code == 201
    assert await zero(till) == {"bank": 72_000, "cash_drawer": 8_000, "partner_payable": -80_000}
    assert (await till.emitted("r1"))[-1] == "request.settled"


async def test_a_late_cancellation_waits_for_a_decision(settings: Settings) -> None:
    clock = ManualClock(datetime(2026, 3, 1, 2, 0, tzinfo=UTC))
    async with billing(settings, clock) as till:
        deposit = await disputed(till)
        path = f"deposits/{deposit['deposit_id']}"
        sweeper = sweeper_of(till.runtime)
        assert await sweeper.sweep() == 0
        for _ in range(2):
            clock.advance(timedelta(days=7))
            assert await sweeper.sweep() == 1
        shown = await till.get(path, "director")
        assert shown["status"] == "DISPUTED"
        assert (await till.emitted("r1"))[-2:] == ["deposit.forfeiture_overdue"] * 2
        assert [a["action"] for a in shown["allowed_actions"]] == [
            "billing.approve_forfeiture",
            "billing.waive_forfeiture",
        ]
        assert (await till.get(path, "cashier"))["allowed_actions"] == []

        stale = await till.post(f"{path}/approve-forfeiture", {}, "director", headers={"If-Match": '"1"'})
        assert stale.status_code == 412
        assert (await till.post(f"{path}/approve-forfeiture", {}, "cashier")).status_code == 403
        match = {"If-Match": f'"{shown["version"]}"'}
        done = await till.post(f"{path}/approve-forfeiture", {"reason": "no call"}, "director", headers=match)
        assert (done.status_code, done.json()["status"]) == (200, "FORFEITED")
        assert done.headers["etag"] == f'"{shown["version"] + 1}"'
        assert (await till.post(f"{path}/waive-forfeiture", {"reason": "x"}, "director")).status_code == 409
        assert await zero(till) == {"cash_drawer": 8_000, "forfeited_income": -8_000}
        assert await till.db["timers"].count_documents({}) == 0


async def test_a_deposit_that_is_named_is_paid_on_its_own_account(till: Billing) -> None:
    await till.accept("r1", "car-hire", area="public")
    await till.applied(till.hired("r1"), "r1")
    await till.post("quotes/q-r1/consent", {}, "butler")
    await till.applied(
        emergency_raised("r1", till.runtime.clock.now(), procedure="car-hire"), "emergency:r1", lane="urgent"
    )
    other = till.hired("r1").model_copy(update={"work_order_id": "w2", "quote_id": "q2"})
    await till.applied(other, "emergency:r1", lane="urgent")
    await till.post("quotes/q2/consent", {}, "butler")
    for deposit in (await till.get("deposits", request_id="r1"))["items"]:
        answer = await pay(
            till, 8_000, purpose="deposit", deposit_id=deposit["deposit_id"], payment_id=new_id()
        )
        assert answer.status_code == 201, answer.text


async def test_an_in_time_cancellation_is_paid_back_at_the_desk(till: Billing) -> None:
    await till.accept("r1", "car-hire", area="public")
    await till.applied(till.hired("r1"), "r1")
    await till.post("quotes/q-r1/consent", {}, "butler")
    await pay(till, 8_000, purpose="deposit")
    await till.applied(till.cancelled("r1", in_time=True), "r1")
    [deposit] = (await till.get("deposits", refund="due"))["items"]
    assert (deposit["status"], deposit["refund"]) == ("REFUNDED", "due")
    assert await zero(till) == {"cash_drawer": 8_000, "refunds_due": -8_000}
    answer = await till.post(f"deposits/{deposit['deposit_id']}/refund", {}, "cashier")
    assert (answer.status_code, answer.json()["refund"]) == (200, "paid")
    assert (await till.get("deposits", refund="due"))["items"] == []
    assert await zero(till) == {}


async def test_the_same_payment_again_and_at_once_is_one(till: Billing) -> None:
    await owing(till)
    answers = await asyncio.gather(*(pay(till, 13_000, payment_id="p1") for _ in range(8)))
    assert {a.status_code for a in answers} == {201}
    assert len({a.text for a in answers}) == 1
    keyed = [
        await till.post(
            "payments",
            {"request_id": "r1", "purpose": "charge", "amount": body(1), "method": "cash"},
            "cashier",
            headers={"Idempotency-Key": "k1"},
        )
        for _ in range(2)
    ]
    assert [a.status_code for a in keyed] == [409, 409]
    assert await till.db["payments"].count_documents({}) == 1


async def test_many_pay_at_once_and_nobody_too_much(till: Billing) -> None:
    await owing(till)
    answers = await asyncio.gather(*(pay(till, 1_000, payment_id=f"p{n}") for n in range(20)))
    codes = [a.status_code for a in answers]
    assert (codes.count(201), codes.count(409)) == (13, 7)
    assert await zero(till) == {"cash_drawer": 13_000, "revenue": -13_000}
    gaps = await till.get("receipts/gaps")
    assert (gaps["last"], gaps["used"], gaps["complete"], gaps["void"]) == (13, 13, True, [])


async def test_many_requests_at_once_leave_no_gap_and_a_balance(till: Billing) -> None:
    ids = [f"r{n}" for n in range(30)]
    await asyncio.gather(*(owing(till, request) for request in ids))
    await asyncio.gather(*(pay(till, 13_000, request) for request in ids))
    assert await zero(till) == {"cash_drawer": 30 * 13_000, "revenue": -30 * 13_000}
    gaps = await till.get("receipts/gaps")
    assert (gaps["last"], gaps["complete"], gaps["missing"], gaps["twins"]) == (30, True, [], [])
    assert all([(await till.get(f"requests/{r}/account"))["settled"] for r in ids])


async def test_j18_an_emergency_that_began_as_routine_has_an_account_of_its_own(till: Billing) -> None:
    await till.accept("r1")
    stream, event = (
        "emergency:r1",
        emergency_raised("r1", till.runtime.clock.now(), procedure="repair-indoor"),
    )
    await till.applied(event, stream, lane="urgent")
    await till.applied(event, stream, lane="urgent")  # lowered meanwhile, and raised again (J18)
    await till.applied(till.quoted("r1", work_order_id="w2"), stream, lane="urgent")
    await till.post("quotes/q-r1/consent", {}, "technician")
    done = till.completed("r1", 13_000).model_copy(update={"work_order_id": "w2"})
    await till.applied(done, stream, lane="urgent")
    assert (await till.get("requests/r1/account"))["owed"] == body(13_000)
    assert (await pay(till, 13_000)).status_code == 201
    assert (await till.emitted(stream))[-1] == "request.settled"
    assert await till.emitted("r1") == []
