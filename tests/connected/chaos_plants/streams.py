"""Planted and found: streams, timers, deadlines, seals and answers."""

from __future__ import annotations

from datetime import timedelta

from tests.connected.chaos_plants.planting import Plants, planting
from tests.connected.chaos_world import Copy, Document

PLANTS: Plants = {}
plants = planting(PLANTS)


@plants("sequence-twin")
def _(copy: Copy) -> str:
    row = copy.one("dispatch", "outbox", sequence=2)
    copy.of("dispatch", "outbox").insert_one(row | {"_id": "again"})
    return str(row["stream"])


@plants("sequence-gap")
def _(copy: Copy) -> str:
    row = copy.one("dispatch", "outbox", sequence=2)
    copy.of("dispatch", "outbox").delete_one(
        {"property_id": row["property_id"], "stream": row["stream"], "sequence": 1}
    )
    return str(row["stream"])


@plants("sequence-count")
def _(copy: Copy) -> str:
    row = copy.one("intake", "progress", own={"$gt": 0})
    copy.of("intake", "progress").update_one({"_id": row["_id"]}, {"$inc": {"own": 1}})
    return str(row["stream"])


@plants("not-caught-up")
def _(copy: Copy) -> str:
    row = copy.one("billing", "progress", **{"seen.dispatch": {"$gt": 0}})
    copy.of("billing", "progress").update_one({"_id": row["_id"]}, {"$inc": {"seen.dispatch": -1}})
    return f"billing:{row['_id']}"


@plants("seen-unpublished")
def _(copy: Copy) -> str:
    row = copy.one("notify", "progress", **{"seen.billing": {"$exists": False}})
    copy.of("notify", "progress").update_one({"_id": row["_id"]}, {"$set": {"seen.billing": 1}})
    return f"notify:{row['_id']}"


@plants("waiting")
def _(copy: Copy) -> str:
    row = {"_id": "tower:s:intake:7", "since": copy.recording.now}
    copy.of("notify", "waiting").insert_one(row)
    return "tower:s:intake:7"


@plants("parked")
def _(copy: Copy) -> str:
    row = {"_id": "odd", "state": "parked", "type": "x", "reason": "Bug", "parked_at": copy.recording.now}
    copy.of("billing", "parked").insert_one(row)
    return "billing:odd"


@plants("timer-overdue")
def _(copy: Copy) -> str:
    row = copy.one("dispatch", "timers")
    due = copy.recording.now - timedelta(seconds=31)
    copy.of("dispatch", "timers").update_one({"_id": row["_id"]}, {"$set": {"due_at": due}})
    return str(row["_id"])


@plants("timer-unreadable")
def _(copy: Copy) -> str:
    row = copy.one("dispatch", "timers")
    copy.of("dispatch", "timers").update_one({"_id": row["_id"]}, {"$set": {"urgency": 9}})
    return str(row["_id"])


def _escalation(copy: Copy) -> Document:
    return copy.one("dispatch", "outbox", type="dispatch.escalation.raised.v1")


@plants("deadline-unfired")
def _(copy: Copy) -> str:
    alarm = _escalation(copy)
    _move_back(copy, str(alarm["subject"]))
    copy.of("dispatch", "outbox").delete_many({"stream": alarm["stream"]})
    return str(alarm["subject"])


@plants("deadline-late")
def _(copy: Copy) -> str:
    """The alarm came in time for the clock it had."""
    alarm = _escalation(copy)
    _move_back(copy, str(alarm["subject"]))
    return str(alarm["subject"])


def _move_back(copy: Copy, order_id: str) -> None:
    """The order's clock, by three minutes."""
    order = copy.one("dispatch", "work_orders", id=order_id)
    back = timedelta(minutes=3)
    moved = {name: order[name] - back for name in ("issued_at", "clock_from", "due_at")}
    copy.of("dispatch", "work_orders").update_one({"_id": order["_id"]}, {"$set": moved})


@plants("seal-altered")
def _(copy: Copy) -> str:
    row = copy.one("intake", "outbox", sequence=1)
    copy.of("intake", "outbox").update_one({"_id": row["_id"]}, {"$set": {"actor": "somebody-else"}})
    return str(row["_id"])


@plants("seal-missing")
def _(copy: Copy) -> str:
    row = copy.one("notify", "outbox", sequence=1)
    copy.of("notify", "outbox").delete_one({"_id": row["_id"]})
    return str(row["_id"])


@plants("seal-added")
def _(copy: Copy) -> str:
    row = copy.one("dispatch", "outbox", sequence=1)
    past = row["time"] - timedelta(hours=1)
    copy.of("dispatch", "outbox").insert_one(row | {"_id": "slipped-in", "time": past})
    return "slipped-in"


@plants("seal-tail")
def _(copy: Copy) -> str:
    row = copy.one("dispatch", "outbox", sequence=1, lane="routine")
    young = copy.recording.now - timedelta(seconds=11)
    copy.of("dispatch", "outbox").insert_one(row | {"_id": "unsealed", "time": young})
    return "dispatch:routine"


@plants("seal-seal")
def _(copy: Copy) -> str:
    row = copy.one("billing", "seals")
    copy.of("billing", "seals").update_one({"_id": row["_id"]}, {"$set": {"mac": b"forged"}})
    return str(row["_id"])


@plants("answer-5xx")
def _(copy: Copy) -> str:
    said = {"kind": "finding", "property_id": "", "rule": "answer-5xx", "where": "intake POST", "what": "500"}
    copy.rewrite("journal.jsonl", lambda rows: [*rows, said])
    return "intake POST"
