"""Planted and found: numbers on paper, refused slips, consent and charge, slips that follow, joining."""

from __future__ import annotations

from datetime import timedelta

from tests.connected.chaos_plants.planting import Plants, planting
from tests.connected.chaos_world import Copy, Document

PLANTS: Plants = {}
plants = planting(PLANTS)
LONG = timedelta(minutes=5)


def _sheet(copy: Copy, was: str, **changed: object) -> str:
    """A number on paper in that state, changed; where it stands."""
    block = copy.one("dispatch", "paper_blocks", **{"numbers.state": was})
    place, sheet = next((n, one) for n, one in enumerate(block["numbers"]) if one["state"] == was)
    harm = {f"numbers.{place}.{name}": value for name, value in changed.items()}
    copy.of("dispatch", "paper_blocks").update_one({"_id": block["_id"]}, {"$set": harm})
    return f"{block['property_id']}:{block['year']}:{sheet['number']}"


@plants("paper-lost")
def _(copy: Copy) -> str:
    return _sheet(copy, "used", state="open", request_id="")


@plants("paper-split")
def _(copy: Copy) -> str:
    return _sheet(copy, "used", request_id="somebody-else")


@plants("paper-void")
def _(copy: Copy) -> str:
    return _sheet(copy, "void", reason="")


def _refused(copy: Copy) -> Document:
    return copy.one("dispatch", "work_orders", status="NOT_DONE")


@plants("refused-untold")
def _(copy: Copy) -> str:
    order = _refused(copy)
    told = {"subject": order["id"], "type": "dispatch.work_order.not_done.v1"}
    copy.of("dispatch", "outbox").delete_one(told)
    return str(order["id"])


@plants("refused-unsigned")
def _(copy: Copy) -> str:
    order = _refused(copy)
    copy.of("dispatch", "work_orders").update_one({"_id": order["_id"]}, {"$set": {"undone.signed_by": ""}})
    return str(order["id"])


@plants("charge-unconsented")
def _(copy: Copy) -> str:
    charge = copy.one("billing", "charges")
    copy.of("billing", "quotes").update_one({"id": charge["quote_id"]}, {"$set": {"consent": None}})
    return str(charge["id"])


@plants("charge-differs")
def _(copy: Copy) -> str:
    charge = copy.one("billing", "charges")
    dearer = {"$inc": {"total.amount_minor": 1}}
    copy.of("billing", "quotes").update_one({"id": charge["quote_id"]}, dearer)
    return str(charge["id"])


@plants("charge-alone")
def _(copy: Copy) -> str:
    charge = copy.one("billing", "charges")
    copy.of("billing", "charges").update_one({"_id": charge["_id"]}, {"$set": {"work_order_id": "nobody"}})
    return str(charge["id"])


@plants("charge-count")
def _(copy: Copy) -> str:
    charge = copy.one("billing", "charges")
    copy.of("billing", "charges").insert_one(charge | {"_id": "again", "id": "again"})
    return str(charge["work_order_id"])


@plants("successor-count")
def _(copy: Copy) -> str:
    order = copy.one("dispatch", "work_orders", rework_of={"$ne": ""})
    copy.of("dispatch", "work_orders").update_one({"_id": order["_id"]}, {"$set": {"rework_of": ""}})
    return str(order["request_id"])


def _joined(copy: Copy) -> Document:
    return copy.one("intake", "requests", status="JOINED")


def _closed(copy: Copy, request_id: str, earlier: timedelta) -> None:
    closed = {"stream": request_id, "type": "intake.request.closed.v1"}
    row = copy.one("intake", "outbox", **closed)
    moved = {"$set": {"time": row["time"] - earlier}}
    copy.of("intake", "outbox").update_one({"_id": row["_id"]}, moved)


@plants("joined-alone")
def _(copy: Copy) -> str:
    request = _joined(copy)
    told = {"stream": request["id"], "type": "intake.request.joined.v1"}
    copy.of("intake", "outbox").delete_one(told)
    return str(request["id"])


@plants("joined-early")
def _(copy: Copy) -> str:
    request = _joined(copy)
    _closed(copy, request["id"], LONG)
    return str(request["id"])


@plants("joined-left")
def _(copy: Copy) -> str:
    request = _joined(copy)
    _closed(copy, request["joined_to"], LONG)
    copy.of("intake", "requests").update_one({"_id": request["_id"]}, {"$set": {"status": "OPEN"}})
    return str(request["id"])
