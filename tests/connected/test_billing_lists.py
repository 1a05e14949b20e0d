"""What billing lists and adds up: pages, balances, each property for itself, each query on an index."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import pytest

from services.billing import repository
from services.billing.domain.payment import Payment
from services.billing.repository import INDEXES
from shared.deadlines import local_year
from shared.settings import Settings
from tests.connected.billing_kit import VILLA, Billing, billing, body, cny, owing, pay, zero

pytestmark = pytest.mark.connected


@pytest.fixture
async def desk(settings: Settings) -> AsyncIterator[Billing]:
    """A process with an open property."""
    async with billing(settings) as process:
        yield process


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
