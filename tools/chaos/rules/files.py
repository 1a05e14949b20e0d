"""Files: the bytes are those that were told, and nothing that was sent to its last byte is lost."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from tools.chaos.facts import Violation
from tools.chaos.facts_files import Arrived, Blob, File, Given, Sent

ATTACHED, REMOVED = "ATTACHED", "REMOVED"


def promised(
    sent: Iterable[Sent], given: Iterable[Given], files: Iterable[File], arrived: Iterable[Arrived]
) -> Iterator[Violation]:
    """What a client was told about its files still holds."""
    rows = {(one.property_id, one.id): one for one in files}
    received = {(one.property_id, one.sent_sha256) for one in rows.values()}
    whole = {(one.property_id, one.id) for one in arrived if one.offset == one.length}
    for one in sent:
        there = (one.property_id, one.sha256) in received or (one.property_id, one.upload_id) in whole
        if not there:
            where = f"{one.property_id}:{one.upload_id}"
            yield Violation("file-lost", where, f"{one.size} bytes were taken to the last and are nowhere")
    for added in given:
        where = f"{added.property_id}:{added.attachment_id}"
        found = rows.get((added.property_id, added.attachment_id))
        if found is None or found.request_id != added.request_id:
            yield Violation("file-lost", where, f"it was added to {added.request_id} and is not there")
            continue
        expected = REMOVED if added.removed else ATTACHED
        if found.status != expected:
            yield Violation("file-lost", where, f"a client was told {expected}, kept is {found.status}")
        if (found.sha256, found.sent_sha256) != (added.sha256, added.sent_sha256):
            yield Violation("file-changed", where, "its hashes are not those its sender was told")


def kept(files: Iterable[File], blobs: Iterable[Blob]) -> Iterator[Violation]:
    """The bytes of an attachment are there with its hash, those of a removed one are not; none has no row."""
    stored = {blob.key: blob for blob in blobs}
    for one in files:
        where = f"{one.property_id}:{one.id}"
        blob = stored.pop(f"{one.property_id}/{one.id}", None)
        if one.status == ATTACHED:
            yield from _bytes(where, one, blob)
        elif one.status == REMOVED and (blob is not None or one.bytes != "gone"):
            yield Violation("file-kept", where, "it was taken away, and its bytes are still there")
        if one.status in (ATTACHED, REMOVED) and one.told != (one.sha256,):
            what = f"told {len(one.told)} times, its hash {one.sha256[:12]}"
            yield Violation("file-untold", where, what)
    for key in stored:
        yield Violation("file-alone", key, "bytes without a row")


def _bytes(where: str, one: File, blob: Blob | None) -> Iterator[Violation]:
    if blob is None:
        yield Violation("file-lost", where, "its bytes are not in the store")
    elif (blob.sha256, blob.size, blob.length) != (one.sha256, one.size, one.size):
        what = f"{blob.size} bytes of {blob.sha256[:12]}, told were {one.size} of {one.sha256[:12]}"
        yield Violation("file-changed", where, what)
