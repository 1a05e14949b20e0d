"""Planted and found: complaints, inquiries and messages that ended otherwise than told; late clocks."""

from __future__ import annotations

import json
from datetime import timedelta

from tests.connected.chaos_plants.planting import Plants, planting
from tests.connected.chaos_world import Copy, Document

PLANTS: Plants = {}
plants = planting(PLANTS)
ALARM = "intake.case.alarmed.v1"


@plants("case-count")
def _(copy: Copy) -> str:
    case = copy.one("intake", "inquiries")
    copy.of("intake", "inquiries").delete_one({"_id": case["_id"]})
    return str(case["id"])


@plants("case-split")
def _(copy: Copy) -> str:
    case = copy.one("intake", "complaints", state="CLOSED")
    copy.of("intake", "complaints").update_one({"_id": case["_id"]}, {"$set": {"state": "HANDLED"}})
    return str(case["id"])


@plants("case-round")
def _(copy: Copy) -> str:
    case = copy.one("intake", "complaints")
    copy.of("intake", "complaints").update_one({"_id": case["_id"]}, {"$inc": {"round": 1}})
    return str(case["id"])


@plants("case-told")
def _(copy: Copy) -> str:
    row = copy.one("intake", "outbox", type="intake.message.acknowledged.v1")
    copy.of("intake", "outbox").insert_one(row | {"_id": "again", "sequence": row["sequence"] + 90})
    return str(row["stream"])


def _alarm(copy: Copy, kind: str) -> Document:
    rows = copy.of("intake", "outbox").find({"type": ALARM}, sort=[("_id", 1)])
    return next(row for row in rows if json.loads(row["data"])["kind"] == kind)


@plants("alarm-twice")
def _(copy: Copy) -> str:
    row = _alarm(copy, "report_late")
    copy.of("intake", "outbox").insert_one(row | {"_id": "again", "sequence": row["sequence"] + 90})
    return str(json.loads(row["data"])["request_id"])


@plants("alarm-major")
def _(copy: Copy) -> str:
    row = _alarm(copy, "report_late")
    body = json.loads(row["data"]) | {"kind": "major"}
    copy.of("intake", "outbox").insert_one(row | {"_id": "again", "data": _same_type(row["data"], body)})
    return str(body["request_id"])


@plants("clock-unfired")
def _(copy: Copy) -> str:
    row = _alarm(copy, "report_late")
    copy.of("intake", "outbox").delete_one({"_id": row["_id"]})
    return str(json.loads(row["data"])["request_id"])


@plants("clock-late")
def _(copy: Copy) -> str:
    row = _alarm(copy, "report_late")
    late = {"$set": {"time": row["time"] + timedelta(minutes=2)}}
    copy.of("intake", "outbox").update_one({"_id": row["_id"]}, late)
    return str(json.loads(row["data"])["request_id"])


def _same_type(data: str | bytes, body: Document) -> str | bytes:
    text = json.dumps(body)
    return text if isinstance(data, str) else text.encode()
