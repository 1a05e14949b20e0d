"""Files on their way in: resumable uploads by the tus 1.0 protocol.

Its extensions: creation, expiration, checksum, termination.
A connection that breaks costs nothing: what arrived is kept, HEAD says how much, PATCH goes on from there.
Only who began an upload sees it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta

from fastapi import APIRouter, Request, Response
from starlette.requests import ClientDisconnect

from services.intake.api import tus
from services.intake.api.common import PREFIX, PathId
from services.intake.domain.attachment import ATTACHMENT_KINDS, MEDIA_TYPES
from services.intake.domain.attachment_commands import adding
from services.intake.receiving import Receiving, receiving_of
from services.intake.repository import attachments as repository
from services.intake.repository.attachments import Piece, Upload
from shared.blobs.content import accepted_types
from shared.errors import Conflict, Gone, Invalid, Rejected, TooLarge, TooMany, Unsupported, WrongChecksum
from shared.events.intake import AttachmentKind
from shared.http.call import Call, CallDep
from shared.ids import new_id
from shared.texts.say import as_is, say, words

router = APIRouter(prefix=PREFIX, tags=["uploads"], route_class=tus.TusRoute)
PIECE_BYTES = 512 * 1024


@router.options("/uploads", status_code=204)
async def upload_options(call: CallDep) -> Response:
    """What this end of the protocol can do, and how large a file may be."""
    return Response(
        status_code=204,
        headers={
            "Tus-Version": tus.VERSION,
            "Tus-Extension": tus.EXTENSIONS,
            "Tus-Max-Size": str(call.settings.attachment_bytes_max),
            "Tus-Checksum-Algorithm": "sha1,sha256",
        },
    )


@router.post("/uploads", status_code=201)
async def create_upload(call: CallDep, request: Request) -> Response:
    """Begin an upload: Upload-Length, and in Upload-Metadata kind (its class) and, if known, sha256."""
    known = tus.metadata(request)
    kind = _kind(known.get("kind", ""))
    call.authorise(adding(kind).NAME)
    upload = Upload(
        property_id=call.property_id,
        id=call.derived_id("upload"),
        by=call.principal.sub,
        kind=kind,
        length=_length(call, request, kind),
        sha256=tus.declared_hash(known.get("sha256", "")),
        expires_at=call.now + timedelta(hours=call.settings.upload_expires_hours),
    )
    await _check_room(call)
    if not await repository.create_upload(call.db, upload):
        upload = await _found(call, upload.id)  # the same call again, by its Idempotency-Key
    location = f"/v1/properties/{call.property_id}/uploads/{upload.id}"
    return Response(status_code=201, headers={"Location": location, **tus.progress(upload)})


@router.head("/uploads/{upload_id}")
async def upload_offset(call: CallDep, upload_id: PathId) -> Response:
    """How much has arrived."""
    upload = await _found(call, upload_id)
    headers = {"Upload-Length": str(upload.length), "Cache-Control": "no-store", **tus.progress(upload)}
    return Response(headers=headers)


@router.patch("/uploads/{upload_id}", status_code=204)
async def append_to_upload(call: CallDep, request: Request, upload_id: PathId) -> Response:
    """More of the file, from Upload-Offset on; with Upload-Checksum all of this body counts or none of it."""
    if request.headers.get("content-type", "") != tus.BODY_TYPE:
        raise Unsupported(
            "upload-type",
            "This is not how a file is sent.",
            field="Content-Type",
            accepted=as_is(tus.BODY_TYPE),
        )
    checksum = tus.Checksum(request)
    upload = await _found(call, upload_id)
    offset = tus.number(request, "Upload-Offset")
    if offset != upload.offset:
        raise _elsewhere(upload.offset)
    announced = request.headers.get("content-length", "0")
    if announced.isdigit() and int(announced) > upload.length - upload.offset:
        raise _too_long(upload)
    arriving = _Arriving(call, receiving_of(call), upload, checksum)
    return Response(status_code=204, headers=tus.progress(await arriving.take(request)))


@router.delete("/uploads/{upload_id}", status_code=204)
async def end_upload(call: CallDep, upload_id: PathId) -> Response:
    """Give up: what arrived is forgotten."""
    upload = await _found(call, upload_id)
    await repository.forget_upload(call.db, upload.property_id, upload.id)
    return Response(status_code=204)


async def upload_of(call: Call, upload_id: str) -> Upload | None:
    """The caller's upload, if it is there and has not expired."""
    return await repository.upload_of(call.db, call.property_id, upload_id, call.principal.sub, call.now)


@dataclass(slots=True)
class _Arriving:
    """The body of one PATCH, stored in pieces of a bounded size as they come."""

    call: Call
    receiving: Receiving
    upload: Upload
    checksum: tus.Checksum
    held: bytearray = field(default_factory=bytearray)
    uncounted: list[Piece] = field(default_factory=list)

    async def take(self, request: Request) -> Upload:
        """Read to the end, or to where the sender was cut off; the upload as it is then."""
        try:
            async for data in request.stream():
                self.held += data
                self.checksum.update(data)
                if len(self.held) + sum(piece.size for piece in self.uncounted) > self._room:
                    raise _too_long(self.upload)
                while len(self.held) >= PIECE_BYTES:
                    await self._store(PIECE_BYTES)
            await self._store(len(self.held))
            if not self.checksum.right:
                raise WrongChecksum(
                    "wrong-checksum",
                    "This part of the file did not arrive as it was sent; send it again.",
                    field="Upload-Checksum",
                    accepted="a body with this checksum",
                )
            await self._count()
        except ClientDisconnect:
            if self.checksum.given:  # a part of it proves nothing, and must not fill the store
                await repository.drop_pieces(self.call.db, self.upload, self.uncounted)
            else:
                await self._store(len(self.held))
        except Rejected:
            await repository.drop_pieces(self.call.db, self.upload, self.uncounted)
            raise
        return self.upload

    @property
    def _room(self) -> int:
        return self.upload.length - self.upload.offset

    async def _store(self, size: int) -> None:
        """Store so much of what is held; without a checksum it counts at once."""
        if size == 0:
            return
        pieces = len(self.upload.pieces) + len(self.uncounted)
        if pieces >= self.call.settings.upload_pieces_max:
            raise TooLarge(
                "too-many-pieces",
                "The file comes in too many pieces; begin again with larger ones.",
                field="Content-Length",
                accepted=say(
                    "at most {upload_pieces_max} pieces",
                    upload_pieces_max=self.call.settings.upload_pieces_max,
                ),
            )
        data = bytes(self.held[:size])
        del self.held[:size]
        async with self.receiving.writes:
            self.uncounted.append(await repository.put_piece(self.call.db, self.upload, new_id(), data))
        if not self.checksum.given:
            await self._count()

    async def _count(self) -> None:
        if not self.uncounted:
            return
        moved = await repository.advance(self.call.db, self.upload, self.uncounted)
        if moved is None:
            raise _elsewhere(None)
        self.upload, self.uncounted = moved, []


def _kind(text: str) -> AttachmentKind:
    if text not in ATTACHMENT_KINDS:
        raise Invalid(
            "unknown-kind",
            "What is it that you send?",
            field="kind",
            accepted=say("in Upload-Metadata one of {choices}", choices=words(ATTACHMENT_KINDS)),
        )
    return text


def _length(call: Call, request: Request, kind: AttachmentKind) -> int:
    length, most = tus.number(request, "Upload-Length"), call.settings.attachment_bytes_max
    if length > most:
        raise TooLarge(
            "file-too-large",
            say("The file has {length} bytes.", length=length),
            field="Upload-Length",
            accepted=say("at most {most} bytes", most=most),
        )
    if length == 0:
        accepted = accepted_types(MEDIA_TYPES[kind])
        raise Invalid("file-empty", "The file is empty.", field="Upload-Length", accepted=accepted)
    return length


async def _check_room(call: Call) -> None:
    most = call.settings.uploads_open_max
    if await repository.count_uploads(call.db, call.property_id, call.principal.sub, call.now, most) >= most:
        raise TooMany(
            "too-many-uploads",
            say("You have {most} unfinished uploads.", most=most),
            field="uploads",
            accepted="finish or delete one first",
        )


async def _found(call: Call, upload_id: str) -> Upload:
    found = await upload_of(call, upload_id)
    if found is None:
        raise Gone(
            "no-such-upload",
            "There is no such upload, or it has expired; send the file again.",
            accepted="a new upload",
        )
    return found


def _elsewhere(offset: int | None) -> Conflict:
    at: str = "where HEAD says" if offset is None else as_is(offset)
    return Conflict("upload-offset", "The file goes on elsewhere.", field="Upload-Offset", accepted=at)


def _too_long(upload: Upload) -> TooLarge:
    return TooLarge(
        "upload-too-long",
        "This is more than the file was said to have.",
        field="Content-Length",
        accepted=say("at most {most} bytes", most=upload.length - upload.offset),
    )
