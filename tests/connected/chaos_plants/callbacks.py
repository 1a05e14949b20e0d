"""Planted and found: callbacks missing, strange, unsigned, untold, unheard; a leak no rain reached."""

from __future__ import annotations

from tests.connected.chaos_plants.planting import Plants, planting
from tests.connected.chaos_world import Copy

PLANTS: Plants = {}
plants = planting(PLANTS)


@plants("callback-count")
def _(copy: Copy) -> str:
    callback = copy.one("dispatch", "callbacks", round="second")
    copy.of("dispatch", "callbacks").delete_one({"_id": callback["_id"]})
    return str(callback["work_order_id"])


@plants("callback-alone")
def _(copy: Copy) -> str:
    callback = copy.one("dispatch", "callbacks")
    moved = {"$set": {"work_order_id": "nobody"}}
    copy.of("dispatch", "callbacks").update_one({"_id": callback["_id"]}, moved)
    return "nobody"


@plants("callback-unsigned")
def _(copy: Copy) -> str:
    callback = copy.one("dispatch", "callbacks", status="CLOSED", method="phone")
    copy.of("dispatch", "callbacks").update_one({"_id": callback["_id"]}, {"$pop": {"signatures": 1}})
    return str(callback["id"])


@plants("callback-untold")
def _(copy: Copy) -> str:
    row = copy.one("dispatch", "outbox", type="dispatch.callback.closed.v1")
    copy.of("dispatch", "outbox").insert_one(row | {"_id": "again", "sequence": row["sequence"] + 90})
    return str(row["subject"])


@plants("callback-unheard")
def _(copy: Copy) -> str:
    row = copy.one("dispatch", "callbacks", opinion="not_satisfied")
    unheard = {"stream": row["request_id"], "type": "intake.request.reopened.v1"}
    copy.of("intake", "outbox").delete_one(unheard)
    return str(row["request_id"])


@plants("rain-missed")
def _(copy: Copy) -> str:
    rain = copy.one("dispatch", "rain_events")
    copy.of("dispatch", "rain_events").update_one({"_id": rain["_id"]}, {"$set": {"spread": False}})
    return str(rain["id"])


@plants("callback-left")
def _(copy: Copy) -> str:
    callback = copy.one("dispatch", "callbacks", status="CLOSED", round="first", opinion="satisfied")
    due = {"$set": {"status": "DUE"}}
    copy.of("dispatch", "callbacks").update_one({"_id": callback["_id"]}, due)
    return str(callback["id"])
