"""Uploads, their pieces, and rows of attachments: the part of the repository that writes outside of units.

Every change names the version (of an attachment) or the offset (of an upload) it stands on, so that of two
writers one wins.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from bson import Binary
from pymongo.errors import DuplicateKeyError

from services.intake.domain.attachment import Attachment
from shared.events.intake import AttachmentKind
from shared.kernel.kinds import Kinds, document_id
from shared.kernel.unit import Index
from shared.kernel.vault import Erased
from shared.mongo.client import Database

ATTACHMENTS, UPLOADS, PIECES = "attachments", "uploads", "upload_pieces"
DUE = {"$type": "date"}
"""Part of the query too: only so is it served by the partial index."""
INDEXES = (
    Index(
        ATTACHMENTS,
        (("property_id", 1), ("request_id", 1), ("added_at", 1), ("id", 1)),
        serves="the attachments of a request, in the order they were added",
    ),
    Index(
        ATTACHMENTS,
        (("sweep_at", 1),),
        serves="bytes to be deleted, of all properties",
        partial={"sweep_at": DUE},
    ),
    Index(
        ATTACHMENTS,
        (("property_id", 1), ("personal_key", 1), ("added_at", 1)),
        serves="the files of a person who was erased",
        partial={"status": "ATTACHED"},
    ),
    Index(UPLOADS, (("property_id", 1), ("by", 1)), serves="the unfinished uploads of a person"),
    Index(UPLOADS, (("expires_at", 1),), serves="expiry", expire_after_seconds=0),
    Index(PIECES, (("property_id", 1), ("upload_id", 1)), serves="the pieces of an upload that ends"),
    Index(PIECES, (("expires_at", 1),), serves="expiry", expire_after_seconds=0),
)
QUERY_MS_MAX = 5_000
_KINDS = Kinds({Attachment: ATTACHMENTS})


@dataclass(frozen=True, slots=True)
class Upload:
    """A file on its way: `offset` of `length` bytes have arrived, as `pieces` (their ids, in order)."""

    property_id: str
    id: str
    by: str
    kind: AttachmentKind
    length: int
    sha256: str
    expires_at: datetime
    offset: int = 0
    pieces: tuple[str, ...] = ()

    @property
    def whole(self) -> bool:
        """Whether all of it has arrived."""
        return self.offset == self.length


@dataclass(frozen=True, slots=True)
class Piece:
    """Some bytes of an upload, already stored."""

    id: str
    size: int


async def create_upload(db: Database, upload: Upload) -> bool:
    """Begin an upload; False if one with this id exists."""
    try:
        await db[UPLOADS].insert_one(_upload_row(upload))
    except DuplicateKeyError:
        return False
    return True


async def upload_of(db: Database, property_id: str, id: str, by: str, now: datetime) -> Upload | None:
    """An upload of this person that has not expired."""
    row = await db[UPLOADS].find_one({"_id": document_id(property_id, id)})
    if row is None or row["by"] != by or row["expires_at"] <= now:
        return None
    del row["_id"]
    return Upload(**{**row, "pieces": tuple(row["pieces"])})


async def count_uploads(db: Database, property_id: str, by: str, now: datetime, limit: int) -> int:
    """How many uploads this person has under way, counted up to a limit."""
    query = {"property_id": property_id, "by": by, "expires_at": {"$gt": now}}
    return int(await db[UPLOADS].count_documents(query, limit=limit, maxTimeMS=QUERY_MS_MAX))


async def put_piece(db: Database, upload: Upload, id: str, data: bytes) -> Piece:
    """Store some bytes; they count once `advance` has named them."""
    await db[PIECES].insert_one(
        {
            "_id": document_id(upload.property_id, id),
            "property_id": upload.property_id,
            "upload_id": upload.id,
            "data": Binary(data),
            "expires_at": upload.expires_at,
        }
    )
    return Piece(id, len(data))


async def advance(db: Database, upload: Upload, pieces: Sequence[Piece]) -> Upload | None:
    """The upload with these pieces at its end; None if it has moved on meanwhile."""
    ids = [piece.id for piece in pieces]
    offset = upload.offset + sum(piece.size for piece in pieces)
    result = await db[UPLOADS].update_one(
        {"_id": document_id(upload.property_id, upload.id), "offset": upload.offset},
        {"$set": {"offset": offset}, "$push": {"pieces": {"$each": ids}}},
    )
    if result.matched_count == 0:
        return None
    return replace(upload, offset=offset, pieces=(*upload.pieces, *ids))


async def drop_pieces(db: Database, upload: Upload, pieces: Sequence[Piece]) -> None:
    """Forget pieces that do not count."""
    ids = [document_id(upload.property_id, piece.id) for piece in pieces]
    await db[PIECES].delete_many({"_id": {"$in": ids}})


async def content(db: Database, upload: Upload) -> AsyncIterator[bytes]:
    """The pieces of an upload in their order; one that has expired is left out."""
    for id in upload.pieces:
        row = await db[PIECES].find_one({"_id": document_id(upload.property_id, id)})
        if row is not None:
            yield bytes(row["data"])


async def forget_upload(db: Database, property_id: str, id: str) -> None:
    """The upload, then its pieces; those it leaves behind expire."""
    await db[UPLOADS].delete_one({"_id": document_id(property_id, id)})
    await db[PIECES].delete_many({"property_id": property_id, "upload_id": id})


async def attachment(db: Database, property_id: str, id: str) -> Attachment | None:
    """One row, whatever its state."""
    row = await db[ATTACHMENTS].find_one({"_id": document_id(property_id, id)})
    return None if row is None else _KINDS.aggregate(Attachment, row)


async def insert_attachment(db: Database, attachment: Attachment) -> Attachment | None:
    """The first version of a row; None if there is one."""
    first = replace(attachment, version=1)
    try:
        await db[ATTACHMENTS].insert_one(_KINDS.document(first))
    except DuplicateKeyError:
        return None
    return first


async def replace_attachment(db: Database, attachment: Attachment) -> Attachment | None:
    """The next version of a row; None if it has moved on meanwhile."""
    after = replace(attachment, version=attachment.version + 1)
    key = {"_id": document_id(after.property_id, after.id), "version": attachment.version}
    result = await db[ATTACHMENTS].replace_one(key, _KINDS.document(after))
    return after if result.matched_count else None


async def delete_dropped(db: Database, attachment: Attachment) -> None:
    """Forget a row no request ever took, once its bytes are gone."""
    key = document_id(attachment.property_id, attachment.id)
    await db[ATTACHMENTS].delete_one({"_id": key, "status": "DROPPED"})


async def to_sweep(db: Database, now: datetime, limit: int) -> list[Attachment]:
    """What the keeper has to look at, of all properties, longest due first."""
    query = {"sweep_at": {**DUE, "$lte": now}}
    cursor = db[ATTACHMENTS].find(query, max_time_ms=QUERY_MS_MAX)
    rows = await cursor.sort("sweep_at", 1).limit(limit).to_list(limit)
    return [_KINDS.aggregate(Attachment, row) for row in rows]


async def of_erased(db: Database, erased: Erased, limit: int) -> list[Attachment]:
    """Files of a person, or of a request of nobody known, that were added before the data key was deleted."""
    query = {
        "property_id": erased.property_id,
        "status": "ATTACHED",
        "personal_key": erased.name,
        "added_at": {"$lte": erased.erased_at},
    }
    rows = await db[ATTACHMENTS].find(query, max_time_ms=QUERY_MS_MAX).limit(limit).to_list(limit)
    return [_KINDS.aggregate(Attachment, row) for row in rows]


async def drop_expired_uploads(db: Database, now: datetime, limit: int) -> int:
    """Forget uploads that were never finished, with their pieces; how many."""
    query = {"expires_at": {"$lte": now}}
    cursor = db[UPLOADS].find(query, {"property_id": 1, "id": 1}, max_time_ms=QUERY_MS_MAX)
    rows = await cursor.sort("expires_at", 1).limit(limit).to_list(limit)
    for row in rows:
        await forget_upload(db, row["property_id"], row["id"])
    return len(rows)


async def attachments(db: Database, property_id: str, request_id: str, limit: int) -> list[Attachment]:
    """The attachments of a request, oldest first, removed ones too."""
    query = {"property_id": property_id, "request_id": request_id}
    cursor = db[ATTACHMENTS].find(query, max_time_ms=QUERY_MS_MAX)
    rows = await cursor.sort([("added_at", 1), ("id", 1)]).limit(limit).to_list(limit)
    return [_KINDS.aggregate(Attachment, row) for row in rows]


def _upload_row(upload: Upload) -> dict[str, Any]:
    return {
        "_id": document_id(upload.property_id, upload.id),
        "property_id": upload.property_id,
        "id": upload.id,
        "by": upload.by,
        "kind": upload.kind,
        "length": upload.length,
        "sha256": upload.sha256,
        "expires_at": upload.expires_at,
        "offset": upload.offset,
        "pieces": list(upload.pieces),
    }
