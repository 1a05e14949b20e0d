"""Billing through a real database and its own HTTP: from quote to receipt, and what is refused on the way."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from services.billing import repository
from services.billing.domain.payment import Payment
from services.billing.repository import INDEXES
from shared.clock import ManualClock
from shared.deadlines import local_year
from shared.kernel.lease import Lease
from shared.kernel.timers import Sweeper
from shared.kernel.unit import Parked
from shared.settings import Settings
from tests.connected.billing_kit import VILLA, Billing, billing, body, cny

pytestmark = pytest.mark.connected


@pytest.fixture
async def desk(settings: Settings) -> AsyncIterator[Billing]:
    """A process with an open property."""
    async with billing(settings) as process:
        yield process


async def owing(desk: Billing, request_id: str = "r1") -> None:
    """130.00 is owed for a repair."""
    await desk.accept(request_id)
    await desk.applied(desk.quoted(request_id), request_id)
    answer = await desk.post(f"quotes/q-{request_id}/consent", {"total": body(13_000)}, "technician")
    assert answer.status_code == 200, answer.text
    await desk.applied(desk.completed(request_id, 13_000), request_id)


async def pay(desk: Billing, minor: int, request_id: str = "r1", role: str = "cashier", **more: Any) -> Any:
    fields = {"request_id": request_id, "purpose": "charge", "amount": body(minor), "method": "cash"}
    return await desk.post("payments", {**fields, **more}, role)


async def zero(desk: Billing) -> dict[str, int]:
    """The trial balance, which must be zero; what is not zero in it."""
    answer = await desk.get("ledger/trial-balance")
    assert answer["sum_minor"] == 0
    return {a["account"]: a["balance_minor"] for a in answer["accounts"] if a["balance_minor"]}


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
        sweeper = Sweeper(
            desk.db,
            desk.runtime.committer,
            clock,
            {command.NAME: command for command in desk.runtime.wiring.commands},
            Lease(desk.db, "timers", "test", 10),
            sweep_ms=100,
            batch_max=10,
            database_clock=False,
        )
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


# --- lists ------------------------------------------------------------------------------------------------


async def test_lists_go_page_by_page(desk: Billing) -> None:
    await owing(desk)
    for n in range(5):
        await pay(desk, 1_000, payment_id=f"p{n}", role="cashier" if n % 2 else "cs_officer")
    seen: list[str] = []
    cursor = ""
    for _ in range(3):
        page = await desk.get("payments", limit=2, cursor=cursor)
        seen += [p["payment_id"] for p in page["items"]]
        cursor = page["next"] or ""
    assert (seen, cursor) == (["p4", "p3", "p2", "p1", "p0"], "")
    mine = await desk.get("payments", collected_by="cashier")
    assert [p["payment_id"] for p in mine["items"]] == ["p3", "p1"]
    entries = await desk.get("ledger/entries", limit=4)
    assert [len(entries["items"]), sum(x["amount_minor"] for e in entries["items"] for x in e["lines"])] == [
        4,
        0,
    ]
    assert len((await desk.get("ledger/entries", limit=4, cursor=entries["next"]))["items"]) == 2


async def test_the_balance_of_an_earlier_moment(desk: Billing) -> None:
    await owing(desk)
    before = await desk.get("ledger/trial-balance")
    await pay(desk, 13_000)
    then = await desk.get("ledger/trial-balance", at=before["at"])
    assert then["accounts"] == before["accounts"]
    assert await zero(desk) == {"cash_drawer": 13_000, "revenue": -13_000}


async def test_cash_from_doors_is_cleared_by_finance(desk: Billing) -> None:
    await owing(desk)
    await pay(desk, 3_000, payment_id="p1", role="cs_officer")
    await pay(desk, 2_000, payment_id="p2", role="cs_officer")
    [row] = (await desk.get("door-cash"))["items"]
    assert (row["staff_id"], row["amount_minor"], row["payments"]) == ("cs_officer", 5_000, 2)
    carried = await desk.get("door-cash/cs_officer")
    ids = [p["payment_id"] for p in carried["items"]]
    assert (ids, carried["amount_minor"]) == (["p1", "p2"], 5_000)
    path, counted = "door-cash/cs_officer/clear", {"payment_ids": ids, "counted": body(4_000)}
    assert (await desk.post(path, counted, "cashier")).status_code == 403
    assert (await desk.post(path, counted, "finance")).status_code == 409
    assert (await desk.post(path, {**counted, "counted": body(5_000)}, "finance")).status_code == 200
    assert (await desk.get("door-cash"))["items"] == []
    assert (await desk.post(path, {**counted, "counted": body(5_000)}, "finance")).status_code == 409
    assert (await zero(desk))["cash_drawer"] == 5_000


# --- property by property ---------------------------------------------------------------------------------


async def test_another_property_sees_nothing(desk: Billing) -> None:
    await owing(desk)
    await desk.configure("tower", "tower", "HKD")
    async with desk.client("finance", "tower") as client:
        for path in ("requests/r1/account", "quotes/q-r1"):
            assert (await client.get(path)).status_code == 404
        balance = (await client.get("ledger/trial-balance")).json()
        assert (balance["currency"], {a["lines"] for a in balance["accounts"]}) == ("HKD", {0})
        foreign = await client.get(f"http://billing/v1/properties/{VILLA}/payments")
    assert foreign.status_code == 404


async def test_a_ledger_keeps_its_currency(desk: Billing) -> None:
    await desk.configure(currency="USD")
    await owing(desk)
    assert (await desk.get("ledger/trial-balance"))["currency"] == "CNY"


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


# --- indexes ------------------------------------------------------------------------------------------------


async def test_queries_are_served_by_their_indexes(desk: Billing) -> None:
    await owing(desk)
    await pay(desk, 1_000, role="cs_officer")
    db = desk.db
    queries: list[tuple[str, dict[str, Any], list[tuple[str, int]]]] = [
        ("entries", {"property_id": VILLA, "posted_at": {"$lte": datetime.now(UTC)}}, []),
        ("entries", {"property_id": VILLA}, [("posted_at", -1), ("id", -1)]),
        ("payments", {"property_id": VILLA, "collected_by": "x"}, [("received_at", -1), ("id", -1)]),
        ("payments", {"property_id": VILLA, "method": "cash"}, [("received_at", -1), ("id", -1)]),
        ("payments", {"property_id": VILLA, "in_hands_of": {"$gt": ""}}, []),
        ("payments", {"property_id": VILLA, "receipt_year": 2026}, [("receipt_number", 1)]),
        ("deposits", {"property_id": VILLA, "status": "HELD"}, [("requested_at", -1), ("id", -1)]),
        *((c, {"property_id": VILLA, "request_id": "r1"}, []) for c in ("accounts", "quotes", "charges")),
    ]
    for collection, query, order in queries:
        cursor = db[collection].find(query)
        plan = await (cursor.sort(order) if order else cursor).explain()
        text = str(plan["queryPlanner"]["winningPlan"])
        assert "IXSCAN" in text, (collection, query)
        assert "COLLSCAN" not in text
        assert "'SORT'" not in text, (collection, query)
    assert all(index.keys[0] == ("property_id", 1) for index in INDEXES)


async def test_a_missing_receipt_is_found(desk: Billing) -> None:
    await owing(desk)
    for n in range(3):
        await pay(desk, 1_000, payment_id=f"p{n}")
    await desk.db["payments"].delete_one({"_id": f"{VILLA}:p1"})
    later = desk.runtime.clock.now() + repository.PENDING_FOR * 2
    year = local_year(later, "Asia/Shanghai")
    found = await repository.receipts(desk.db, VILLA, "receipt", year, later)
    assert (found.missing, found.pending) == ((2,), ())
    twin = await desk.db["payments"].find_one({"_id": f"{VILLA}:p2"})
    assert twin is not None
    await desk.db["payments"].insert_one({**twin, "_id": f"{VILLA}:p9", "id": "p9"})
    assert (await repository.receipts(desk.db, VILLA, "receipt", year, later)).twins == (3,)
    payment = await repository.one(desk.db, Payment, VILLA, "p2")
    assert payment is not None
    assert payment.amount == type(payment.amount)(1_000, "CNY")
    assert cny(1_000).amount_minor == payment.amount.amount_minor
