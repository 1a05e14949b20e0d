"""Photos, scans and drawn signatures of a request: what is accepted as which, and what becomes of them.

The facts are kept here, the bytes in the store under `key_of`. A row is there before its bytes are, and
outlives them: PENDING until a request takes it, DROPPED when none did in time, REMOVED when a supervisor took
it away, ERASED when its retention term was over or its person was erased.
"""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Literal, get_args

from shared.deadlines import zone_of
from shared.errors import Conflict, Forbidden, Gone, Invalid
from shared.events.intake import AttachmentKind

Status = Literal["PENDING", "ATTACHED", "REMOVED", "ERASED", "DROPPED"]
EraseReason = Literal["retention", "person"]
Bytes = Literal["", "stored", "gone"]
ATTACHMENT_KINDS: tuple[AttachmentKind, ...] = get_args(AttachmentKind)
_PICTURES = ("image/jpeg", "image/png", "image/webp")
MEDIA_TYPES: Mapping[AttachmentKind, tuple[str, ...]] = {
    "photo": _PICTURES,
    "scan": (*_PICTURES, "application/pdf"),
    "signature": ("image/png",),
    "id_copy": (*_PICTURES, "application/pdf"),
}
"""What each class may be. Drawn signatures are PNG: lines on nothing, without loss."""
EXTENSIONS: Mapping[str, str] = {
    "image/jpeg": "jpg",
    "image/png": "png",
    "image/webp": "webp",
    "application/pdf": "pdf",
}
SENSITIVE: frozenset[AttachmentKind] = frozenset({"id_copy"})


@dataclass(frozen=True, slots=True)
class Attachment:
    """One file, without its name and without its bytes.

    `sha256` is of the bytes as they are kept (without metadata), `received_sha256` of those that were sent.
    `sweep_at`: when the keeper has to look at it; `gone_at`: since when the store has no bytes of it.
    `personal_key`: whose data key seals what is personal in its request; erased with it.
    """

    property_id: str
    id: str
    version: int = 0
    kind: AttachmentKind = "photo"
    status: Status = "PENDING"
    request_id: str = ""
    bytes: Bytes = ""
    sha256: str = ""
    received_sha256: str = ""
    media_type: str = ""
    size_bytes: int = 0
    width: int = 0
    height: int = 0
    pages: int = 0
    received_by: str = ""
    received_at: datetime | None = None
    claimed_until: datetime | None = None
    added_by: str = ""
    added_at: datetime | None = None
    removed_by: str = ""
    removed_at: datetime | None = None
    remove_reason: str = ""
    erased_at: datetime | None = None
    erase_reason: EraseReason | Literal[""] = ""
    gone_at: datetime | None = None
    personal_key: str = ""
    sweep_at: datetime | None = None

    @property
    def sensitive(self) -> bool:
        """Whether only the roles named in the policy may add and see it."""
        return self.kind in SENSITIVE


def key_of(property_id: str, attachment_id: str) -> str:
    """Where the bytes lie in the store."""
    return f"{property_id}/{attachment_id}"


def file_name(attachment: Attachment) -> str:
    """What a download is called: nothing of it came from a person."""
    return f"{attachment.kind}-{attachment.id}.{EXTENSIONS[attachment.media_type]}"


@dataclass(frozen=True, slots=True)
class Taking:
    """A request takes a file: which, who added it, and until when it is kept at least."""

    request_id: str
    personal_key: str
    by: str
    keep_until: datetime


def keep_until(ended_at: datetime, years: int, zone: str) -> datetime:
    """When a term of so many years is over: it begins with the month after, when records are bound (P131)."""
    local = ended_at.astimezone(zone_of(zone))
    month = local.year * 12 + local.month  # counted from 0: this is the next one
    begin = datetime(month // 12 + years, month % 12 + 1, 1, tzinfo=zone_of(zone))
    return begin.astimezone(UTC)


def erased(found: Attachment, reason: EraseReason, now: datetime) -> Attachment:
    """The bytes go; that there was a file, its hash and why it went stay."""
    return replace(found, status="ERASED", erased_at=now, erase_reason=reason, sweep_at=now)


def check_bytes(found: Attachment) -> None:
    """Raises Gone where the bytes were taken away."""
    if found.status == "ERASED":
        detail = "This file is no longer kept: its retention term was over, or its person was erased."
        raise Gone("attachment-erased", detail, accepted="a file that is still kept")
    if found.status != "ATTACHED":
        detail = "This attachment was removed."
        raise Gone("attachment-removed", detail, accepted="an attachment that is still there")


def attached(found: Attachment | None, taking: Taking, now: datetime) -> Attachment:
    """The attachment as part of a request. Raises Conflict if there are no bytes for it (any more)."""
    if found is None or found.status == "DROPPED" or (found.status == "PENDING" and found.bytes != "stored"):
        raise Conflict(
            "upload-gone",
            "The uploaded file is no longer there; send it again.",
            field="upload_id",
            accepted="a finished upload",
        )
    if found.status != "PENDING":
        raise Conflict(
            "attached-already",
            "This file was added before.",
            field="upload_id",
            accepted="a new upload",
        )
    return replace(
        found,
        status="ATTACHED",
        request_id=taking.request_id,
        personal_key=taking.personal_key,
        added_by=taking.by,
        added_at=now,
        claimed_until=None,
        sweep_at=taking.keep_until,
    )


def removed(found: Attachment, reason: str, by: str, now: datetime) -> Attachment:
    """The bytes go, the record of it stays."""
    check_there(found)
    return replace(found, status="REMOVED", removed_by=by, removed_at=now, remove_reason=reason, sweep_at=now)


def check_there(found: Attachment) -> None:
    """Raises Conflict for an attachment that was taken away."""
    if found.status != "ATTACHED":
        raise Conflict(
            "attachment-removed", "This attachment was removed.", accepted="an attachment that is still there"
        )


def check_hash(declared: str, found: str) -> None:
    """Raises Invalid if the file is not the one that was announced."""
    if declared and not hmac.compare_digest(declared, found):
        raise Invalid(
            "hash-differs",
            "The file did not arrive as it was sent; send it again.",
            field="sha256",
            accepted="the SHA-256 of the file",
        )


def check_link(expires: str, now: datetime, *, genuine: bool) -> None:
    """Raises Forbidden for a link that is not the caller's, was altered, or has expired."""
    if not genuine or not expires.isdecimal():
        raise Forbidden(
            "link-not-valid",
            "This link was made for somebody else, or was altered.",
            field="mac",
            accepted="a link you asked for yourself",
        )
    if now.timestamp() >= int(expires):
        raise Forbidden(
            "link-expired", "This link has expired.", field="expires", accepted="a new link to the attachment"
        )
