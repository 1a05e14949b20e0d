"""What billing lists and adds up: pages, balances, each property for itself, each query on an index."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from services.billing import repository
from services.billing.domain.payment import Payment
from services.billing.repository import INDEXES
from shared.deadlines import local_year
from tests.connected.billing_kit import VILLA, Billing, body, cny, owing, pay, zero

pytestmark = pytest.mark.connected


async def test_lists_go_page_by_page(till: Billing) -> None:
    await owing(till)
    for n in range(5):
        await pay(till, 1_000, payment_id=f"p{n}", role="cashier" if n % 2 else "cs_officer")
    seen: list[str] = []
    cursor = ""
    for _ in range(3):
        page = await till.get("payments", limit=2, cursor=cursor)
        seen += [p["payment_id"] for p in page["items"]]
        cursor = page["next"] or ""
    assert (seen, cursor) == (["p4", "p3", "p2", "p1", "p0"], "")
    mine = await till.get("payments", collected_by="cashier")
    assert [p["payment_id"] for p in mine["items"]] == ["p3", "p1"]
    entries = await till.get("ledger/entries", limit=4)
    assert [len(entries["items"]), sum(x["amount_minor"] for e in entries["items"] for x in e["lines"])] == [
        4,
        0,
    ]
    assert len((await till.get("ledger/entries", limit=4, cursor=entries["next"]))["items"]) == 2


async def test_the_balance_of_an_earlier_moment(till: Billing) -> None:
    await owing(till)
    before = await till.get("ledger/trial-balance")
    await pay(till, 13_000)
    then = await till.get("ledger/trial-balance", at=before["at"])
    assert then["accounts"] == before["accounts"]
    assert await zero(till) == {"cash_drawer": 13_000, "revenue": -13_000}


async def test_cash_from_doors_is_cleared_by_finance(till: Billing) -> None:
    await owing(till)
    await pay(till, 3_000, payment_id="p1", role="cs_officer")
    await pay(till, 2_000, payment_id="p2", role="cs_officer")
    [row] = (await till.get("door-cash"))["items"]
    assert (row["staff_id"], row["amount_minor"], row["payments"]) == ("cs_officer", 5_000, 2)
    carried = await till.get("door-cash/cs_officer")
    ids = [p["payment_id"] for p in carried["items"]]
    assert (ids, carried["amount_minor"]) == (["p1", "p2"], 5_000)
    path, counted = "door-cash/cs_officer/clear", {"payment_ids": ids, "counted": body(4_000)}
    assert (await till.post(path, counted, "cashier")).status_code == 403
    assert (await till.post(path, counted, "finance")).status_code == 409
    assert (await till.post(path, {**counted, "counted": body(5_000)}, "finance")).status_code == 200
    assert (await till.get("door-cash"))["items"] == []
    assert (await till.post(path, {**counted, "counted": body(5_000)}, "finance")).status_code == 409
    assert (await zero(till))["cash_drawer"] == 5_000


async def test_another_property_sees_nothing(till: Billing) -> None:
    await owing(till)
    await till.configure("tower", "tower", "HKD")
    async with till.client("finance", "tower") as client:
        for path in ("requests/r1/account", "quotes/q-r1"):
            assert (await client.get(path)).status_code == 404
        balance = (await client.get("ledger/trial-balance")).json()
        assert (balance["currency"], {a["lines"] for a in balance["accounts"]}) == ("HKD", {0})
        foreign = await client.get(f"http://billing/v1/properties/{VILLA}/payments")
    assert foreign.status_code == 404


async def test_a_ledger_keeps_its_currency(till: Billing) -> None:
    await till.configure(currency="USD")
    await owing(till)
    assert (await till.get("ledger/trial-balance"))["currency"] == "CNY"


async def test_queries_are_served_by_their_indexes(till: Billing) -> None:
    await owing(till)
    await pay(till, 1_000, role="cs_officer")
    db = till.db
    queries: list[tuple[str, dict[str, Any], list[tuple[str, int]]]] = [
        ("entries", {"property_id": VILLA, "posted_at": {"$lte": datetime.now(UTC)}}, []),
        ("entries", {"property_id": VILLA}, [("posted_at", -1), ("id", -1)]),
        ("payments", {"property_id": VILLA, "collected_by": "x"}, [("received_at", -1), ("id", -1)]),
        ("payments", {"property_id": VILLA, "method": "cash"}, [("received_at", -1), ("id", -1)]),
        ("payments", {"property_id": VILLA, "in_hands_of": {"$gt": ""}}, []),
        ("payments", {"property_id": VILLA, "receipt_year": 2026}, [("receipt_number", 1)]),
        ("deposits", {"property_id": VILLA, "status": "HELD"}, [("requested_at", -1), ("id", -1)]),
        ("deposits", {"property_id": VILLA, "refund": "due"}, [("requested_at", -1), ("id", -1)]),
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


async def test_a_missing_receipt_is_found(till: Billing) -> None:
    await owing(till)
    for n in range(3):
        await pay(till, 1_000, payment_id=f"p{n}")
    await till.db["payments"].delete_one({"_id": f"{VILLA}:p1"})
    later = till.runtime.clock.now() + repository.PENDING_FOR * 2
    year = local_year(later, "Asia/Shanghai")
    found = await repository.receipts(till.db, VILLA, "receipt", year, later)
    assert (found.missing, found.pending) == ((2,), ())
    twin = await till.db["payments"].find_one({"_id": f"{VILLA}:p2"})
    assert twin is not None
    await till.db["payments"].insert_one({**twin, "_id": f"{VILLA}:p9", "id": "p9"})
    assert (await repository.receipts(till.db, VILLA, "receipt", year, later)).twins == (3,)
    payment = await repository.one(till.db, Payment, VILLA, "p2")
    assert payment is not None
    assert payment.amount == type(payment.amount)(1_000, "CNY")
    assert cny(1_000).amount_minor == payment.amount.amount_minor
