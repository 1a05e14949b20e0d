"""HTTP of notify: the messages of a property, and the list of those a person has to see to."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Path, Query, Response
from pydantic import BaseModel, ConfigDict, Field

from services.notify import repository
from services.notify.answers import MessageAnswer, message_answer
from services.notify.domain.commands import NOTE_CHARS_MAX, ResolveUnknown
from services.notify.domain.message import Message, State
from shared.errors import NotFound
from shared.http.call import Call, CallDep
from shared.http.page import PageDep, cursor, place
from shared.ids import ID_PATTERN
from shared.moments import Instant

router = APIRouter(prefix="/v1/properties/{property_id}", tags=["messages"])
READ = "notify.read"
MessageId = Annotated[str, Path(pattern=ID_PATTERN)]


class ResolveBody(BaseModel):
    """What a person found out: the reader has been told (`arrived`), or it has to go out again."""

    model_config = ConfigDict(extra="forbid")

    resolution: Literal["arrived", "send_again"]
    note: Annotated[str, Field(max_length=NOTE_CHARS_MAX)] = ""


class MessagePage(BaseModel):
    """Messages, newest first; `next` is the cursor of the page after this one."""

    items: list[MessageAnswer]
    next: str | None


@router.get("/messages", response_model=MessagePage)
async def list_messages(
    call: CallDep,
    page: PageDep,
    request_id: Annotated[str, Query(pattern=f"^$|{ID_PATTERN}", description="Of this request only")] = "",
    state: Annotated[
        State | None, Query(description="In this state only; `failed` and `unknown` need a person")
    ] = None,
) -> Response:
    """The messages of the property, of a request, or in a state."""
    call.authorise(READ)
    found = await repository.newest(
        call.db, call.property_id, request_id, state or "", place(page), page.limit + 1
    )
    items = [_answer(call, message) for message in found[: page.limit]]
    last = found[page.limit - 1] if len(found) > page.limit else None
    return page.answer(items, None if last is None else cursor(last.created_at, last.id))


class MessageSummary(BaseModel):
    """Messages made since then, by state."""

    since: datetime
    messages: dict[str, int]


@router.get("/summary", response_model=MessageSummary)
async def read_summary(
    call: CallDep, since: Annotated[Instant, Query(description="Messages made from this time on")]
) -> Response:
    """How many messages went out, wait, or need a person."""
    call.authorise(READ)
    body = MessageSummary(since=since, messages=await repository.counts(call.db, call.property_id, since))
    return Response(body.model_dump_json(), media_type="application/json")


@router.get("/messages/{message_id}", response_model=MessageAnswer)
async def read_message(call: CallDep, message_id: MessageId) -> Response:
    """One message with its attempts; addresses are masked."""
    call.authorise(READ)
    message = await _message(call, message_id)
    body = _answer(call, message).model_dump_json()
    return Response(body, media_type="application/json", headers={"ETag": f'"{message.version}"'})


@router.post("/messages/{message_id}/resolve", response_model=MessageAnswer)
async def resolve_message(call: CallDep, message_id: MessageId, body: ResolveBody) -> Response:
    """Settle a message that stands on the list."""
    call.authorise(ResolveUnknown.NAME)
    message = await _message(call, message_id)
    command = ResolveUnknown(message_id=message_id, resolution=body.resolution, note=body.note)
    emergency = message.queue == "emergency"
    return await call.run(command, stream=message.stream, lane=message.lane, emergency=emergency)


async def _message(call: Call, message_id: str) -> Message:
    found = await repository.message(call.db, call.property_id, message_id)
    if found is None:
        raise NotFound("no-such-message", "there is no such message here")
    return found


def _answer(call: Call, message: Message) -> MessageAnswer:
    return message_answer(message, call.roles, call.runtime.policy)


ROUTERS = (router,)
