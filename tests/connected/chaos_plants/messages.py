"""Planted and found: what the gateways took, and what notify says."""

from __future__ import annotations

from tests.connected.chaos_plants.planting import Plants, planting
from tests.connected.chaos_world import Copy, Document

PLANTS: Plants = {}
plants = planting(PLANTS)


def again(copy: Copy, name: str) -> str:
    where: list[str] = []

    def change(rows: list[Document]) -> list[Document]:
        where.append(rows[0]["key"])
        return [*rows, rows[0]]

    copy.rewrite(name, change)
    return where[0]


def without_one(copy: Copy, name: str, channel: str) -> str:
    sent = copy.one("notify", "messages", state="sent", channel=channel)
    key = next(hop["key"] for hop in sent["plan"] if hop["channel"] == channel)
    copy.rewrite(name, lambda rows: [row for row in rows if row["key"] != key])
    return str(sent["id"])


def from_nowhere(copy: Copy, name: str) -> str:
    copy.rewrite(name, lambda rows: [*rows, rows[0] | {"key": "nobody-knows-me"}])
    return "nobody-knows-me"


PLANTS |= {
    "gateway-twice": lambda copy: again(copy, "sms.jsonl"),
    "gateway-missing": lambda copy: without_one(copy, "sms.jsonl", "sms"),
    "gateway-unknown": lambda copy: from_nowhere(copy, "sms.jsonl"),
    "mail-twice": lambda copy: again(copy, "smtp.jsonl"),
    "mail-missing": lambda copy: without_one(copy, "smtp.jsonl", "email"),
    "mail-unknown": lambda copy: from_nowhere(copy, "smtp.jsonl"),
}


@plants("message-unsent")
def _(copy: Copy) -> str:
    row = copy.one("notify", "messages", state="sent")
    copy.of("notify", "messages").update_one({"_id": row["_id"]}, {"$set": {"state": "sending"}})
    return str(row["id"])


@plants("message-unexplained")
def _(copy: Copy) -> str:
    row = copy.one("notify", "messages", state="sent")
    failed = {"state": "failed", "reason": ""}
    copy.of("notify", "messages").update_one({"_id": row["_id"]}, {"$set": failed})
    return str(row["id"])


@plants("call-to-staff")
def _(copy: Copy) -> str:
    row = copy.one("notify", "messages", template="new_work_order")
    copy.of("notify", "messages").delete_one({"_id": row["_id"]})
    return str(row["stream"])
