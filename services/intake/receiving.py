"""How the bytes of an attachment come in, around the unit of work: pieces, the look inside, the store.

Order: pieces are stored and counted one by one; the whole file is looked into; a PENDING row says that bytes
will lie under its key; the bytes are written; the row says so; only then a unit of work gives them to a
request. A process that dies anywhere leaves a row that the keeper finds, never bytes without one.
"""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta
from hashlib import sha256

from services.intake.domain import attachment as rules
from services.intake.domain.attachment import Attachment
from services.intake.repository import attachments as repository
from services.intake.repository.attachments import Upload
from shared.blobs.content import Cleaned, Rules, Unfit
from shared.blobs.sandbox import Bounds, Sandbox
from shared.errors import Busy, Conflict, Gone, Invalid, Transient
from shared.failpoints import failpoint
from shared.http.call import Call
from shared.http.links import Links
from shared.ids import derived_id
from shared.kernel.runtime import Runtime
from shared.texts.say import say

CLAIM_FACTOR = 2


class Receiving:
    """One per process."""

    def __init__(self, runtime: Runtime) -> None:
        settings = runtime.settings
        self._runtime = runtime
        self._settings = settings
        self._sandbox = Sandbox(
            Bounds(
                seconds=settings.attachment_check_seconds,
                memory_mib=settings.attachment_check_memory_mib,
                at_once_max=settings.attachment_checks_at_once_max,
                waiting_max=settings.attachment_checks_waiting_max,
            )
        )
        self.writes = asyncio.Semaphore(settings.upload_writes_at_once_max)
        self.links = Links(settings)

    async def kept(self, upload: Upload) -> Attachment:
        """The row of a whole upload, its bytes in the store. Raises Invalid, Conflict or Busy."""
        id = attachment_id(upload.property_id, upload.id)
        db, now = self._runtime.db, self._runtime.clock.now()
        found = await repository.attachment(db, upload.property_id, id)
        if found is not None and found.status != "PENDING":
            return found  # the unit of work says what is wrong with it, if anything
        if found is not None and found.bytes == "stored":
            return await self._moved(replace(found, sweep_at=now + self._grace))
        if found is not None and found.claimed_until is not None and found.claimed_until > now:
            raise Busy(self._settings.retry_after_seconds)
        if not upload.whole:
            raise Conflict(
                "upload-unfinished",
                say("{offset} of {length} bytes have arrived.", offset=upload.offset, length=upload.length),
                field="upload_id",
                accepted="the rest of the file first",
            )
        async with self._sandbox.turn():  # no more files than have their turn are in memory
            received, cleaned = await self._looked_into(upload)
            claimed = await self._claimed(upload, id, found)
            failpoint("attachment-before-bytes")
            await self._written(claimed, cleaned)
            failpoint("attachment-bytes-written")
            kept = await asyncio.to_thread(_hash, cleaned.data)
            return await self._moved(_with_facts(claimed, received, kept, cleaned))

    @property
    def _grace(self) -> timedelta:
        return timedelta(minutes=self._settings.attachment_orphan_minutes)

    async def _looked_into(self, upload: Upload) -> tuple[str, Cleaned]:
        """The hash of what was sent, and what is kept of it; a refused file is forgotten."""
        data, digest = bytearray(), sha256()
        async for piece in repository.content(self._runtime.db, upload):
            data += piece
            digest.update(piece)  # piece by piece: the event loop has others to serve
        if len(data) != upload.length:
            raise await self._vanished(upload)
        received = digest.hexdigest()
        try:
            rules.check_hash(upload.sha256, received)
            return received, await self._sandbox.clean(bytes(data), self._rules(upload))
        except Unfit as error:
            await repository.forget_upload(self._runtime.db, upload.property_id, upload.id)
            raise Invalid(error.kind, error.detail, field="file", accepted=error.accepted) from error
        except Invalid:
            await repository.forget_upload(self._runtime.db, upload.property_id, upload.id)
            raise

    async def _written(self, claimed: Attachment, cleaned: Cleaned) -> None:
        """The bytes are durable. Raises Transient; after a refusal the same may be tried again at once."""
        key = rules.key_of(claimed.property_id, claimed.id)
        try:
            async with asyncio.timeout(self._settings.attachment_store_seconds):
                await self._runtime.blobs.put(key, cleaned.data, cleaned.media_type)
        except TimeoutError as error:
            raise Transient("the store of attachments does not answer") from error
        except Transient:
            await self._moved(replace(claimed, claimed_until=None))
            raise

    async def _vanished(self, upload: Upload) -> Exception:
        """Its pieces have expired, or another call has just finished with them."""
        id = attachment_id(upload.property_id, upload.id)
        if await repository.attachment(self._runtime.db, upload.property_id, id) is not None:
            return Busy(self._settings.retry_after_seconds)
        return Gone("no-such-upload", "This upload has expired; send the file again.", field="upload_id")

    def _rules(self, upload: Upload) -> Rules:
        settings = self._settings
        media_types = rules.MEDIA_TYPES[upload.kind]
        return Rules(media_types, settings.attachment_pixels_max, settings.attachment_pdf_pages_max)

    async def _claimed(self, upload: Upload, id: str, found: Attachment | None) -> Attachment:
        """The row that says bytes will lie there, held by this call for as long as writing may take."""
        now = self._runtime.clock.now()
        hold = timedelta(seconds=self._settings.attachment_store_seconds * CLAIM_FACTOR)
        row = replace(
            found or Attachment(upload.property_id, id, kind=upload.kind, received_by=upload.by),
            received_at=now,
            claimed_until=now + hold,
            sweep_at=now + self._grace,
        )
        if found is not None:
            return await self._moved(row)
        inserted = await repository.insert_attachment(self._runtime.db, row)
        if inserted is None:
            raise Busy(self._settings.retry_after_seconds)
        return inserted

    async def _moved(self, row: Attachment) -> Attachment:
        after = await repository.replace_attachment(self._runtime.db, row)
        if after is None:
            raise Busy(self._settings.retry_after_seconds)
        return after


def attachment_id(property_id: str, upload_id: str) -> str:
    """An upload becomes this one attachment, however often it is tried."""
    return derived_id("attachment", property_id, upload_id)


def _hash(data: bytes) -> str:
    return sha256(data).hexdigest()


def _with_facts(row: Attachment, received: str, kept: str, cleaned: Cleaned) -> Attachment:
    return replace(
        row,
        bytes="stored",
        claimed_until=None,
        sha256=kept,
        received_sha256=received,
        media_type=cleaned.media_type,
        size_bytes=len(cleaned.data),
        width=cleaned.width,
        height=cleaned.height,
        pages=cleaned.pages,
    )


def receiving_of(call: Call) -> Receiving:
    """The receiving end of the process that serves this call."""
    state = call.request.app.state
    found: Receiving | None = getattr(state, "intake_receiving", None)
    if found is None:
        found = state.intake_receiving = Receiving(call.runtime)
    return found
