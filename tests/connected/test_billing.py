"""Billing through a real database and its own HTTP: from quote to receipt, and what is refused on the way."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from shared.clock import ManualClock
from shared.deadlines import local_year
from shared.kernel.unit import Parked
from shared.settings import Settings
from tests.connected.billing_kit import VILLA, Billing, billing, body, owing, pay, zero
from tests.connected.sweeping import sweeper_of

pytestmark = pytest.mark.connected


@pytest.fixture
async def desk(settings: Settings) -> AsyncIterator[Billing]:
    """A process with an open property."""
    async with billing(settings) as process:
        yield process


# --- the way most requests go -----------------------------------------------------------------------------


async def test_a_repair_from_quote_to_receipt(desk: Billing) -> None:
    await owing(desk)
    account = await desk.get("requests/r1/account", "cashier")
    assert (account["owed"], account["settled"]) == (body(13_000), False)
    [action] = account["allowed_actions"]
    assert (action["path"], action["body"]) == (f"/v1/properties/{VILLA}/payments", "PaymentBody")
    assert await zero(desk) == {"receivable": 13_000, "revenue": -13_000}

    answer = await pay(desk, 13_000)
    assert answer.status_code == 201
    year = local_year(desk.runtime.clock.now(), "Asia/Shanghai")
    assert answer.json()["receipt"] == f"R{year}-000001"
    assert answer.headers["location"].endswith(f"/payments/{answer.json()['payment_id']}")

    account = await desk.get("requests/r1/account")
    assert (account["owed"], account["settled"], account["allowed_actions"]) == (body(0), True, [])
    assert [e["kind"] for e in account["entries"]] == ["charge", "charge_payment"]
    assert await zero(desk) == {"cash_drawer": 13_000, "revenue": -13_000}
    assert await desk.emitted("r1") == [
        "quote.offered",
        "quote.consented",
        "charge.posted",
        "payment.received",
        "request.settled",
    ]


async def test_a_car_from_deposit_to_applied(desk: Billing) -> None:
    await desk.accept("r1", "car-hire", area="public")
    await desk.applied(desk.hired("r1"), "r1")
    await desk.post("quotes/q-r1/consent", {}, "butler")
    [deposit] = (await desk.get("deposits", status="REQUESTED"))["items"]
    assert deposit["amount"] == body(8_000)
    assert (await pay(desk, 8_000, purpose="deposit", method="card")).status_code == 422
    assert (await pay(desk, 8_000, purpose="deposit")).status_code == 201
    assert await zero(desk) == {"cash_drawer": 8_000, "deposits_held": -8_000}
    await desk.applied(desk.completed("r1", 80_000), "r1")
    account = await desk.get("requests/r1/account")
    assert (account["owed"], account["held"]) == (body(72_000), body(0))
    assert (await pay(desk, 72_000, method="transfer", reference="BOC 8841")).status_code == 201
    assert await zero(desk) == {"bank": 72_000, "cash_drawer": 8_000, "partner_payable": -80_000}
    assert (await desk.emitted("r1"))[-1] == "request.settled"


async def test_a_late_cancellation_waits_for_a_decision(settings: Settings) -> None:
    clock = ManualClock(datetime(2026, 3, 1, 2, 0, tzinfo=UTC))
    async with billing(settings, clock) as desk:
        await desk.accept("r1", "car-hire", area="public")
        await desk.applied(desk.hired("r1"), "r1")
        await desk.post("quotes/q-r1/consent", {}, "butler")
        await pay(desk, 8_000, purpose="deposit")
        await desk.applied(desk.cancelled("r1", in_time=False), "r1")
        [deposit] = (await desk.get("deposits", "director", status="DISPUTED"))["items"]
        path = f"deposits/{deposit['deposit_id']}"
        sweeper = sweeper_of(desk.runtime)
        assert await sweeper.sweep() == 0
        for _ in range(2):
            clock.advance(timedelta(days=7))
            assert await sweeper.sweep() == 1
        shown = await desk.get(path, "director")
        assert shown["status"] == "DISPUTED"
        assert (await desk.emitted("r1"))[-2:] == ["deposit.forfeiture_overdue"] * 2
        assert [a["action"] for a in shown["allowed_actions"]] == [
            "billing.approve_forfeiture",
            "billing.waive_forfeiture",
        ]
        assert (await desk.get(path, "cashier"))["allowed_actions"] == []

        stale = await desk.post(f"{path}/approve-forfeiture", {}, "director", headers={"If-Match": '"1"'})
        assert stale.status_code == 412
        assert (await desk.post(f"{path}/approve-forfeiture", {}, "cashier")).status_code == 403
        match = {"If-Match": f'"{shown["version"]}"'}
        done = await desk.post(f"{path}/approve-forfeiture", {"reason": "no call"}, "director", headers=match)
        assert (done.status_code, done.json()["status"]) == (200, "FORFEITED")
        assert done.headers["etag"] == f'"{shown["version"] + 1}"'
        assert (await desk.post(f"{path}/waive-forfeiture", {"reason": "x"}, "director")).status_code == 409
        assert await zero(desk) == {"cash_drawer": 8_000, "forfeited_income": -8_000}
        assert await desk.db["timers"].count_documents({}) == 0


async def test_an_in_time_cancellation_is_paid_back_at_the_desk(desk: Billing) -> None:
    await desk.accept("r1", "car-hire", area="public")
    await desk.applied(desk.hired("r1"), "r1")
    await desk.post("quotes/q-r1/consent", {}, "butler")
    await pay(desk, 8_000, purpose="deposit")
    await desk.applied(desk.cancelled("r1", in_time=True), "r1")
    [deposit] = (await desk.get("deposits", request_id="r1"))["items"]
    assert (deposit["status"], deposit["refund"]) == ("REFUNDED", "due")
    assert await zero(desk) == {"cash_drawer": 8_000, "refunds_due": -8_000}
    answer = await desk.post(f"deposits/{deposit['deposit_id']}/refund", {}, "cashier")
    assert (answer.status_code, answer.json()["refund"]) == (200, "paid")
    assert await zero(desk) == {}


READERS = ("cs_officer", "butler", "cashier", "finance", "director", "property_manager")
STEPS = {
    "billing.consent_quote": ("quotes/q-r1/consent", {}),
    "billing.refuse_quote": ("quotes/q-r1/refuse", {}),
    "billing.receive_payment": ("payments", {"request_id": "r1", "purpose": "deposit", "method": "cash"}),
    "billing.refund_deposit": ("refund", {"reason": "goodwill"}),
    "billing.approve_forfeiture": ("approve-forfeiture", {"reason": "no call"}),
    "billing.waive_forfeiture": ("waive-forfeiture", {"reason": "illness"}),
}


async def _unlisted_is_refused(desk: Billing) -> dict[str, set[str]]:
    """In this state whatever a role does not see listed is refused to it; what each role sees."""
    seen: dict[str, set[str]] = {}
    for role in READERS:
        quote = await desk.get("quotes/q-r1", role)
        deposits = (await desk.get("deposits", role, request_id="r1"))["items"]
        for deposit in deposits:
            alone = await desk.get(f"deposits/{deposit['deposit_id']}", role)
            assert deposit["allowed_actions"] == alone["allowed_actions"], "a list says the same as one alone"
        things = [quote, *deposits]
        listed = seen[role] = {one["action"] for thing in things for one in thing["allowed_actions"]}
        for name in STEPS.keys() - listed:
            path, given = STEPS[name]
            if not path.startswith(("quotes", "payments")):
                if not deposits:
                    continue
                path = f"deposits/{deposits[0]['deposit_id']}/{path}"
            more = {"amount": body(8_000)} if path == "payments" else {}
            answer = await desk.post(path, {**given, **more}, role)
            assert answer.status_code in (403, 409), (role, name, answer.status_code, answer.text)
    return seen


async def test_j23_deposits_and_quotes_list_exactly_what_each_role_may_do(desk: Billing) -> None:
    await desk.accept("r1", "car-hire", area="public")
    await desk.applied(desk.hired("r1"), "r1")
    seen = await _unlisted_is_refused(desk)
    assert seen["butler"] == {"billing.consent_quote", "billing.refuse_quote"}
    assert seen["finance"] == set()
    assert (await desk.post("quotes/q-r1/consent", {}, "butler")).status_code == 200
    seen = await _unlisted_is_refused(desk)
    assert [role for role, names in seen.items() if names] == ["cashier"], "who collects by the catalogue"
    assert (await pay(desk, 8_000, purpose="deposit")).status_code == 201
    seen = await _unlisted_is_refused(desk)
    assert seen["director"] == {"billing.refund_deposit"}
    assert seen["cashier"] == set(), "what is held is released by who decides"
    await desk.applied(desk.cancelled("r1", in_time=False), "r1")
    seen = await _unlisted_is_refused(desk)
    assert seen["property_manager"] == {"billing.approve_forfeiture", "billing.waive_forfeiture"}
    [deposit] = (await desk.get("deposits", request_id="r1"))["items"]
    path = f"deposits/{deposit['deposit_id']}"
    assert (await desk.post(f"{path}/waive-forfeiture", {"reason": "ill"}, "director")).status_code == 200
    seen = await _unlisted_is_refused(desk)
    assert {role for role, names in seen.items() if names} == {"cashier"}
    assert (await desk.post(f"{path}/refund", {}, "cashier")).status_code == 200
    assert not any((await _unlisted_is_refused(desk)).values())


# --- what is refused --------------------------------------------------------------------------------------


async def test_too_much_is_refused_with_what_is_owed(desk: Billing) -> None:
    await owing(desk)
    answer = await pay(desk, 13_001)
    assert answer.status_code == 409
    problem = answer.json()
    assert (problem["type"].rsplit("/", 1)[1], problem["field"]) == ("overpayment", "amount")
    assert "130.00 CNY" in problem["accepted"]
    assert await desk.db["numbers"].count_documents({}) == 0


async def test_who_takes_no_money(desk: Billing) -> None:
    await owing(desk)
    for role in ("technician", "repair_supervisor", "butler", "gate_guard", "director"):
        assert (await pay(desk, 13_000, role=role)).status_code == 403
    assert await desk.db["payments"].count_documents({}) == 0


NO_PAYMENTS: list[tuple[dict[str, Any], int, str]] = [
    ({"amount": {"amount_minor": 0, "currency": "CNY"}}, 422, "amount.amount_minor"),
    ({"amount": {"amount_minor": 1.5, "currency": "CNY"}}, 422, "amount.amount_minor"),
    ({"amount": {"amount_minor": 10**12, "currency": "CNY"}}, 422, "amount.amount_minor"),
    ({"amount": {"amount_minor": 1, "currency": "USD"}}, 422, "amount.currency"),
    ({"amount": {"amount_minor": 1, "currency": "yuan"}}, 422, "amount.currency"),
    ({"method": "cheque"}, 422, "method"),
    ({"purpose": "gift"}, 422, "purpose"),
    ({"payment_id": "../x"}, 422, "payment_id"),
    ({"request_id": "r9"}, 404, "request_id"),
    ({"tip": 1}, 422, "tip"),
    ({"reference": "x" * 65}, 422, "reference"),
]


async def test_a_payment_that_is_none(desk: Billing) -> None:
    await owing(desk)
    fields = {"request_id": "r1", "purpose": "charge", "amount": body(100), "method": "cash"}
    for change, status, field in NO_PAYMENTS:
        answer = await desk.post("payments", {**fields, **change}, "cashier")
        assert (answer.status_code, answer.json()["field"]) == (status, field), answer.text
        assert answer.headers["content-type"] == "application/problem+json"
    assert await desk.db["payments"].count_documents({}) == 0


async def test_what_is_not_there(desk: Billing) -> None:
    async with desk.client("finance") as client:
        for path in ("requests/x/account", "quotes/x", "deposits/x", "payments/x"):
            assert (await client.get(path)).status_code == 404
        for path in ("payments?cursor=%21", "payments?method=gold", "receipts/gaps?year=1"):
            assert (await client.get(path)).status_code in (404, 422)
        for at in ("2026-01-01T00:00:00", "0.5", "1767225600", "0001-01-01T00:00:00%2B14:00", "soon"):
            assert (await client.get(f"ledger/trial-balance?at={at}")).status_code == 422
        for place in ("x", "2026-01-01T00:00:00|p1", "0001-01-01T00:00:00+14:00|p1"):
            cursor = base64.urlsafe_b64encode(place.encode()).decode()
            assert (await client.get("payments", params={"cursor": cursor})).status_code == 422
    assert (await desk.post("quotes/x/consent", {}, "cs_officer")).status_code == 404
    assert (await desk.post("deposits/x/refund", {}, "cashier")).status_code == 404


async def test_an_event_that_breaks_a_rule_is_parked_with_the_rule(desk: Billing) -> None:
    await owing(desk)
    await desk.accept("r2")
    outcome = await desk.feed(desk.completed("r2", 500), "r2")
    assert isinstance(outcome, Parked)
    assert outcome.reason == "no-consent: 5.00 CNY was written on a slip without a consented quote"
    assert (await pay(desk, 13_000)).status_code == 201  # other streams go on
    assert await zero(desk) == {"cash_drawer": 13_000, "revenue": -13_000}


# --- once, and at the same time -----------------------------------------------------------------------------


async def test_the_same_payment_again_and_at_once_is_one(desk: Billing) -> None:
    await owing(desk)
    answers = await asyncio.gather(*(pay(desk, 13_000, payment_id="p1") for _ in range(8)))
    assert {a.status_code for a in answers} == {201}
    assert len({a.text for a in answers}) == 1
    keyed = [
        await desk.post(
            "payments",
            {"request_id": "r1", "purpose": "charge", "amount": body(1), "method": "cash"},
            "cashier",
            headers={"Idempotency-Key": "k1"},
        )
        for _ in range(2)
    ]
    assert [a.status_code for a in keyed] == [409, 409]
    assert await desk.db["payments"].count_documents({}) == 1


async def test_many_pay_at_once_and_nobody_too_much(desk: Billing) -> None:
    await owing(desk)
    answers = await asyncio.gather(*(pay(desk, 1_000, payment_id=f"p{n}") for n in range(20)))
    codes = [a.status_code for a in answers]
    assert (codes.count(201), codes.count(409)) == (13, 7)
    assert await zero(desk) == {"cash_drawer": 13_000, "revenue": -13_000}
    gaps = await desk.get("receipts/gaps")
    assert (gaps["last"], gaps["used"], gaps["complete"], gaps["void"]) == (13, 13, True, [])


async def test_many_requests_at_once_leave_no_gap_and_a_balance(desk: Billing) -> None:
    ids = [f"r{n}" for n in range(30)]
    await asyncio.gather(*(owing(desk, request) for request in ids))
    await asyncio.gather(*(pay(desk, 13_000, request) for request in ids))
    assert await zero(desk) == {"cash_drawer": 30 * 13_000, "revenue": -30 * 13_000}
    gaps = await desk.get("receipts/gaps")
    assert (gaps["last"], gaps["complete"], gaps["missing"], gaps["twins"]) == (30, True, [], [])
    assert all([(await desk.get(f"requests/{r}/account"))["settled"] for r in ids])


async def test_j18_an_emergency_that_began_as_routine_has_an_account_of_its_own(desk: Billing) -> None:
    from shared.events.intake import EmergencyRaised

    await desk.accept("r1")
    now = desk.runtime.clock.now()
    raised = EmergencyRaised(
        request_id="r1",
        procedure="repair-indoor",
        category="plumbing",
        area="indoor",
        place="3-1",
        first_contact_id="lin",
        reported_at=now,
        raised_at=now,
    )
    stream = "emergency:r1"
    await desk.applied(raised, stream, lane="urgent")
    await desk.applied(raised, stream, lane="urgent")  # lowered meanwhile, and raised again (J18)
    await desk.applied(desk.quoted("r1", work_order_id="w2"), stream, lane="urgent")
    await desk.post("quotes/q-r1/consent", {}, "technician")
    done = desk.completed("r1", 13_000).model_copy(update={"work_order_id": "w2"})
    await desk.applied(done, stream, lane="urgent")
    assert (await desk.get("requests/r1/account"))["owed"] == body(13_000)
    assert (await pay(desk, 13_000)).status_code == 201
    assert (await desk.emitted(stream))[-1] == "request.settled"
    assert await desk.emitted("r1") == []
