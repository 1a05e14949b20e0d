"""Planted and found: requests, work orders, outcomes, numbers and money."""

from __future__ import annotations

from tests.connected.chaos_plants.planting import Plants, planting
from tests.connected.chaos_world import Copy, Document

PLANTS: Plants = {}
plants = planting(PLANTS)


@plants("request-lost")
def _(copy: Copy) -> str:
    row = copy.one("intake", "requests")
    copy.of("intake", "requests").delete_one({"_id": row["_id"]})
    return str(row["id"])


@plants("request-changed")
def _(copy: Copy) -> str:
    row = copy.one("intake", "requests")
    copy.of("intake", "requests").update_one({"_id": row["_id"]}, {"$set": {"reference": "999999"}})
    return str(row["id"])


@plants("request-unknown")
def _(copy: Copy) -> str:
    row = copy.one("intake", "requests")
    copy.of("intake", "requests").insert_one(row | {"_id": "tower:stranger", "id": "stranger"})
    return "stranger"


@plants("reference-twice")
def _(copy: Copy) -> str:
    row = copy.one("intake", "requests")
    again = row | {"_id": f"{row['property_id']}:twin", "id": "twin"}
    copy.of("intake", "requests").insert_one(again)
    return str(row["reference"])


@plants("work-order-missing")
def _(copy: Copy) -> str:
    row = copy.one("dispatch", "work_orders", kind="repair")
    copy.of("dispatch", "work_orders").delete_one({"_id": row["_id"]})
    return str(row["request_id"])


@plants("work-order-twice")
def _(copy: Copy) -> str:
    row = copy.one("dispatch", "work_orders", kind="repair")
    again = row | {"_id": row["_id"] + "2", "id": row["id"] + "2", "slip_number": row["slip_number"] + 9_000}
    copy.of("dispatch", "work_orders").insert_one(again)
    return str(row["request_id"])


@plants("work-order-alone")
def _(copy: Copy) -> str:
    row = copy.one("dispatch", "work_orders")
    copy.of("dispatch", "work_orders").update_one({"_id": row["_id"]}, {"$set": {"request_id": "nobody"}})
    return "nobody"


@plants("response-count")
def _(copy: Copy) -> str:
    row = copy.one("dispatch", "work_orders", kind="response")
    copy.of("dispatch", "work_orders").delete_one({"_id": row["_id"]})
    return str(row["request_id"])


@plants("outcome-twice")
def _(copy: Copy) -> str:
    row = copy.one("intake", "outbox", type="intake.request.closed.v1")
    copy.of("intake", "outbox").insert_one(row | {"_id": "again", "sequence": row["sequence"] + 1})
    return str(row["stream"])


@plants("outcome-untold")
def _(copy: Copy) -> str:
    row = copy.one("intake", "requests", status="OPEN")
    copy.of("intake", "requests").update_one({"_id": row["_id"]}, {"$set": {"status": "SATISFIED"}})
    return str(row["id"])


@plants("outcome-changed")
def _(copy: Copy) -> str:
    def change(rows: list[Document]) -> list[Document]:
        shown = next(row for row in rows if row["kind"] == "shown")
        shown["status"] = "CANCELLED" if shown["status"] != "CANCELLED" else "WITHDRAWN"
        where.append(shown["request_id"])
        return rows

    where: list[str] = []
    copy.rewrite("journal.jsonl", change)
    return where[0]


@plants("outcome-split")
def _(copy: Copy) -> str:
    row = copy.one("intake", "requests", status="CANCELLED")
    query = {"request_id": row["id"], "kind": {"$ne": "response"}}
    copy.of("dispatch", "work_orders").update_one(query, {"$set": {"status": "STARTED"}})
    return str(row["id"])


@plants("number-gap")
def _(copy: Copy) -> str:
    row = copy.one("dispatch", "numbers", number=2)
    copy.of("dispatch", "numbers").delete_one({"_id": row["_id"]})
    copy.of("dispatch", "work_orders").delete_one({"property_id": row["property_id"], "slip_number": 2})
    return str(row["_id"])


@plants("number-twin")
def _(copy: Copy) -> str:
    row = copy.one("dispatch", "work_orders", slip_number=2)
    other = {"property_id": row["property_id"], "slip_number": 1}
    copy.of("dispatch", "work_orders").update_one(other, {"$set": {"slip_number": 2}})
    return f"{row['property_id']}:slip:{row['slip_year']}:2"


@plants("number-void")
def _(copy: Copy) -> str:
    row = copy.one("billing", "numbers")
    void = {"state": "void", "reason": ""}
    copy.of("billing", "numbers").update_one({"_id": row["_id"]}, {"$set": void})
    copy.of("billing", "payments").delete_one({"id": row["of"]})
    return str(row["_id"])


@plants("number-void-used")
def _(copy: Copy) -> str:
    row = copy.one("billing", "numbers")
    void = {"state": "void", "reason": "its unit was never committed"}
    copy.of("billing", "numbers").update_one({"_id": row["_id"]}, {"$set": void})
    return str(row["_id"])


@plants("counter-behind")
def _(copy: Copy) -> str:
    row = copy.one("dispatch", "counters")
    copy.of("dispatch", "counters").update_one({"_id": row["_id"]}, {"$inc": {"last": -1}})
    return str(row["_id"])


@plants("entry-unbalanced")
def _(copy: Copy) -> str:
    row = copy.one("billing", "entries")
    copy.of("billing", "entries").update_one({"_id": row["_id"]}, {"$inc": {"lines.0.amount_minor": 1}})
    return str(row["_id"])


@plants("ledger-unbalanced")
def _(copy: Copy) -> str:
    row = copy.one("billing", "entries")
    copy.of("billing", "entries").update_one({"_id": row["_id"]}, {"$pop": {"lines": 1}})
    return str(row["property_id"])


@plants("ledger-currencies")
def _(copy: Copy) -> str:
    row = copy.one("billing", "entries")
    copy.of("billing", "entries").update_one({"_id": row["_id"]}, {"$set": {"currency": "EUR"}})
    return str(row["property_id"])


@plants("booked-once")
def _(copy: Copy) -> str:
    row = copy.one("billing", "entries", kind="charge_payment")
    copy.of("billing", "entries").insert_one(row | {"_id": "again", "id": "again"})
    return str(row["document_id"])


@plants("receipt-lost")
def _(copy: Copy) -> str:
    row = copy.one("billing", "payments")
    copy.of("billing", "payments").delete_one({"_id": row["_id"]})
    return str(row["id"])


@plants("receipt-changed")
def _(copy: Copy) -> str:
    row = copy.one("billing", "payments")
    copy.of("billing", "payments").update_one({"_id": row["_id"]}, {"$set": {"receipt": "R1999-000001"}})
    return str(row["id"])
