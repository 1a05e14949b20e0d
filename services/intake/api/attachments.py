"""Attachments over HTTP: added to a request, listed, linked to, read through the link, removed."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated

from fastapi import APIRouter, Query, Response
from fastapi.responses import StreamingResponse

from services.intake.answers import Items
from services.intake.api.common import PREFIX, PathId, answer, found, offered
from services.intake.api.uploads import upload_of
from services.intake.attachment_answers import (
    AttachmentItem,
    AttachmentState,
    LinkAnswer,
    attachment_actions,
    attachment_state,
)
from services.intake.desk import desk_of
from services.intake.domain import attachment as rules
from services.intake.domain import attachment_commands as commands
from services.intake.domain.attachment import Attachment
from services.intake.domain.request import Request
from services.intake.downloads import pieces_of
from services.intake.receiving import attachment_id, receiving_of
from services.intake.repository import attachments as repository
from shared.errors import Gone, NotFound
from shared.http.call import Call, CallDep
from shared.http.page import PageDep

router = APIRouter(prefix=PREFIX, tags=["attachments"])
LIST = commands.LinkPhoto.NAME


@router.post("/requests/{request_id}/attachments", status_code=201, response_model=AttachmentState)
async def attach(call: CallDep, request_id: PathId, body: commands.AttachBody) -> Response:
    """Add a finished upload to a request. The file is looked into first, and kept without its metadata."""
    call.authorise(commands.AddAttachment.NAME)
    lane = await desk_of(call).lane_of_request(call.property_id, request_id)
    upload = await upload_of(call, body.upload_id)
    id = attachment_id(call.property_id, body.upload_id)
    if upload is not None:
        call.authorise(commands.adding(upload.kind).NAME)
        row = await receiving_of(call).kept(upload)
    else:  # taken before: the answer to the same call again
        row = await found_by_receiver(call, id)
    command = commands.adding(row.kind)(request_id=request_id, attachment_id=id)
    response = await call.run(
        command,
        stream=request_id,
        lane=lane,
        status=201,
        location=f"/v1/properties/{call.property_id}/attachments/{id}",
    )
    if response.status_code == 201:
        await repository.forget_upload(call.db, call.property_id, body.upload_id)
    return response


@router.get("/requests/{request_id}/attachments", response_model=Items)
async def list_attachments(call: CallDep, page: PageDep, request_id: PathId) -> Response:
    """The attachments of a request, oldest first, removed ones too; never more than a request may have."""
    call.authorise(LIST)
    request = await found(call, Request, request_id)
    limit = call.settings.attachments_per_request_max
    rows = await repository.attachments(call.db, call.property_id, request.id, limit)
    begin = int(page.after) if page.after.isdigit() else 0
    shown = rows[begin : begin + page.limit]
    last = str(begin + page.limit) if len(rows) > begin + page.limit else None
    return page.answer([AttachmentItem.model_validate(row) for row in shown], last)


@router.get("/attachments/{attachment_id}", response_model=AttachmentState)
async def read_attachment(call: CallDep, attachment_id: PathId) -> Response:
    """One attachment: what it is, and what the caller may do with it."""
    call.authorise(LIST)
    row = await _attached(call, attachment_id)
    return answer(attachment_state(row, offered(call, *attachment_actions(row))), row.version)


@router.post("/attachments/{attachment_id}/link", response_model=LinkAnswer)
async def link(call: CallDep, attachment_id: PathId) -> Response:
    """A link to the bytes, good for some minutes and only together with the caller's own token."""
    row = await _attached(call, attachment_id)
    command = commands.LINKS[row.kind]
    call.authorise(command.NAME)
    expires_at = (call.now + timedelta(minutes=call.settings.attachment_link_minutes)).replace(microsecond=0)
    expires = int(expires_at.timestamp())
    mac = receiving_of(call).links.sign(call.property_id, row.id, call.principal.sub, expires)
    url = f"/v1/properties/{call.property_id}/attachments/{row.id}/content?expires={expires}&mac={mac}"
    lane = await desk_of(call).lane_of_request(call.property_id, row.request_id)
    asked = command(request_id=row.request_id, attachment_id=row.id, expires_at=expires_at, url=url)
    return await call.run(asked, stream=row.request_id, lane=lane)


@router.get("/attachments/{attachment_id}/content", response_class=Response)
async def content(
    call: CallDep,
    attachment_id: PathId,
    expires: Annotated[str, Query(max_length=20)],
    mac: Annotated[str, Query(max_length=200)],
) -> Response:
    """The bytes, through a link the same person asked for."""
    links = receiving_of(call).links
    genuine = links.genuine(mac, call.property_id, attachment_id, call.principal.sub, expires)
    rules.check_link(expires, call.now, genuine=genuine)
    row = await _attached(call, attachment_id)
    call.authorise(commands.LINKS[row.kind].NAME)
    rules.check_bytes(row)
    pieces = await pieces_of(call.runtime.blobs, row)
    return StreamingResponse(
        pieces,
        media_type=row.media_type,
        headers={
            "Content-Length": str(row.size_bytes),
            "Content-Disposition": f'attachment; filename="{rules.file_name(row)}"',
            "Content-Security-Policy": "default-src 'none'; sandbox",
            "X-Content-Type-Options": "nosniff",
            "Cache-Control": "private, no-store",
        },
    )


@router.post("/attachments/{attachment_id}/remove", response_model=AttachmentState)
async def remove(call: CallDep, attachment_id: PathId, body: commands.RemoveAttachmentBody) -> Response:
    """Take it away, with a reason: the bytes go, the record stays."""
    call.authorise(commands.RemoveAttachment.NAME)
    row = await _attached(call, attachment_id)
    lane = await desk_of(call).lane_of_request(call.property_id, row.request_id)
    command = commands.RemoveAttachment(request_id=row.request_id, attachment_id=row.id, body=body)
    return await call.run(command, stream=row.request_id, lane=lane)


async def _attached(call: Call, id: str) -> Attachment:
    """An attachment that belongs to a request. Raises NotFound."""
    row = await found(call, Attachment, id)
    if not row.request_id:
        raise NotFound("not-found", "There is no such attachment in this property.")
    return row


async def found_by_receiver(call: Call, id: str) -> Attachment:
    """The row of an upload that is gone, for who sent it. Raises Gone."""
    row = await repository.attachment(call.db, call.property_id, id)
    if row is None or row.received_by != call.principal.sub:
        raise Gone(
            "no-such-upload",
            "There is no such upload, or it has expired; send the file again.",
            field="upload_id",
            accepted="a finished upload",
        )
    return row
