"""What billing refuses: too much money, who takes none, and what is not there; each a clear problem."""

from __future__ import annotations

import base64
from typing import Any

import pytest

from shared.kernel.unit import Parked
from tests.connected.billing_kit import Billing, body, owing, pay, zero

pytestmark = pytest.mark.connected


async def test_too_much_is_refused_with_what_is_owed(till: Billing) -> None:
    await owing(till)
    answer = await pay(till, 13_001)
    assert answer.status_code == 409
    problem = answer.json()
    assert (problem["type"].rsplit("/", 1)[1], problem["field"]) == ("overpayment", "amount")
    assert "130.00 CNY" in problem["accepted"]
    assert await till.db["numbers"].count_documents({}) == 0


async def test_who_takes_no_money(till: Billing) -> None:
    await owing(till)
    for role in ("technician", "repair_supervisor", "butler", "gate_guard", "director"):
        assert (await pay(till, 13_000, role=role)).status_code == 403
    assert await till.db["payments"].count_documents({}) == 0


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


async def test_a_payment_that_is_none(till: Billing) -> None:
    await owing(till)
    fields = {"request_id": "r1", "purpose": "charge", "amount": body(100), "method": "cash"}
    for change, status, field in NO_PAYMENTS:
        answer = await till.post("payments", {**fields, **change}, "cashier")
        assert (answer.status_code, answer.json()["field"]) == (status, field), answer.text
        assert answer.headers["content-type"] == "application/problem+json"
    assert await till.db["payments"].count_documents({}) == 0


async def test_what_is_not_there(till: Billing) -> None:
    async with till.client("finance") as client:
        for path in ("requests/x/account", "quotes/x", "deposits/x", "payments/x"):
            assert (await client.get(path)).status_code == 404
        for path in ("payments?cursor=%21", "payments?method=gold", "receipts/gaps?year=1"):
            assert (await client.get(path)).status_code in (404, 422)
        for at in ("2026-01-01T00:00:00", "0.5", "1767225600", "0001-01-01T00:00:00%2B14:00", "soon"):
            assert (await client.get(f"ledger/trial-balance?at={at}")).status_code == 422
        for place in ("x", "2026-01-01T00:00:00|p1", "0001-01-01T00:00:00+14:00|p1"):
            cursor = base64.urlsafe_b64encode(place.encode()).decode()
            assert (await client.get("payments", params={"cursor": cursor})).status_code == 422
    assert (await till.post("quotes/x/consent", {}, "cs_officer")).status_code == 404
    assert (await till.post("deposits/x/refund", {}, "cashier")).status_code == 404


async def test_an_event_that_breaks_a_rule_is_parked_with_the_rule(till: Billing) -> None:
    await owing(till)
    await till.accept("r2")
    outcome = await till.feed(till.completed("r2", 500), "r2")
    assert isinstance(outcome, Parked)
    assert outcome.reason == "no-consent: 5.00 CNY was written on a slip without a consented quote"
    assert (await pay(till, 13_000)).status_code == 201  # other streams go on
    assert await zero(till) == {"cash_drawer": 13_000, "revenue": -13_000}
