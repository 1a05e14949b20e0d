"""Planted and found: files that are lost, changed, kept though taken away, untold, or nobody's."""

from __future__ import annotations

from tests.connected.chaos_plants.planting import Plants, planting
from tests.connected.chaos_world import Copy, Document

PLANTS: Plants = {}
plants = planting(PLANTS)


def _file(copy: Copy) -> Document:
    return copy.one("intake", "attachments", status="ATTACHED")


@plants("file-lost")
def _(copy: Copy) -> str:
    row = _file(copy)
    copy.of("intake", "attachments").delete_one({"_id": row["_id"]})
    return str(row["id"])


@plants("file-changed")
def _(copy: Copy) -> str:
    row = _file(copy)
    chunk = copy.one("blobs", "blobs.chunks", files_id=f"{row['property_id']}/{row['id']}")
    other = bytes(chunk["data"][:-1]) + bytes([chunk["data"][-1] ^ 1])
    copy.of("blobs", "blobs.chunks").update_one({"_id": chunk["_id"]}, {"$set": {"data": other}})
    return str(row["id"])


@plants("file-kept")
def _(copy: Copy) -> str:
    row = _file(copy)
    copy.of("intake", "attachments").update_one({"_id": row["_id"]}, {"$set": {"status": "REMOVED"}})
    return str(row["id"])


@plants("file-untold")
def _(copy: Copy) -> str:
    row = _file(copy)
    told = {"stream": row["request_id"], "type": "intake.attachment.added.v1"}
    copy.of("intake", "outbox").delete_many(told)
    return str(row["id"])


@plants("file-alone")
def _(copy: Copy) -> str:
    copy.of("blobs", "blobs.files").insert_one({"_id": "tower/stranger", "length": 0})
    return "tower/stranger"
