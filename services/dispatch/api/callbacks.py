"""Callbacks and rain over HTTP (P031, P127): the due list, what was tried and said, signatures."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Query, Response
from pydantic import BaseModel, ConfigDict

from services.dispatch import repository
from services.dispatch.api.common import READ, PathId, Until, Wanted, answer, cursor, place
from services.dispatch.domain import bodies
from services.dispatch.domain import callback_bodies as callback_bodies
from services.dispatch.domain import callback_commands as commands
from services.dispatch.domain.callback import Callback
from services.dispatch.domain.flow import Actor
from services.dispatch.handlers.callback_answers import CallbackAnswer, CallbackDetail, detail_of, state_of
from services.dispatch.handlers.callbacks import RainAnswer
from services.dispatch.rain import STREAM as RAIN_STREAM
from shared.errors import NotFound
from shared.http.call import Call, CallDep
from shared.http.page import PageDep

router = APIRouter(prefix="/v1/properties/{property_id}", tags=["callbacks"])
NOTE, REMARK = bodies.NoteBody(), bodies.RemarkBody()
Status = Annotated[
    Literal["", "AWAITING_RAIN", "DUE", "ANSWERED", "CLOSED"], Query(description="In this state; empty: any")
]
Kind = Annotated[
    Literal["", "urgent", "leak", "safety", "other"], Query(description="Of this kind; empty: any")
]


class CallbackPage(BaseModel):
    """A page of callbacks."""

    items: list[CallbackAnswer]
    next: str | None


class RainView(BaseModel):
    """Rain as recorded."""

    model_config = ConfigDict(from_attributes=True)
    id: str
    rained_at: datetime
    recorded_by: str
    recorded_at: datetime
    spread: bool


class RainPage(BaseModel):
    """A page of rain."""

    items: list[RainView]
    next: str | None


async def _callback(call: Call, callback_id: str) -> Callback:
    found = await repository.callback(call.db, call.property_id, callback_id)
    if found is None:
        raise NotFound("callback", "There is no such callback in this property.", field="callback_id")
    return found


async def _run(call: Call, callback_id: str, command: commands.CallbackCommand) -> Response:
    """On the stream of the work order, in its lane."""
    call.authorise(command.NAME)
    callback = await _callback(call, callback_id)
    return await call.run(command, stream=callback.stream, lane=callback.lane)


@router.get("/callbacks", response_model=CallbackPage)
async def list_callbacks(
    call: CallDep,
    page: PageDep,
    status: Status = "",
    kind: Kind = "",
    first_contact_id: Wanted = "",
    work_order_id: Wanted = "",
    due_before: Until = None,
    open_only: Annotated[bool, Query(description="Only those that are not over")] = True,
) -> Response:
    """The due list: callbacks, most pressing first. What waits for rain is listed by its status."""
    call.authorise(READ)
    found = await repository.callbacks(
        call.db,
        call.property_id,
        {
            "status": status,
            "kind": kind,
            "first_contact_id": first_contact_id,
            "work_order_id": work_order_id,
        },
        open_only=open_only,
        due_before=due_before,
        after=place(page),
        limit=page.limit + 1,
    )
    shown = found[: page.limit]
    last = shown[-1] if len(found) > page.limit else None
    reader = Actor(call.principal.sub, call.roles)
    copies = await repository.attachment_copies(call.db, call.property_id, shown)
    items = [state_of(c, reader, call.runtime.policy, call.now, copies) for c in shown]
    return page.answer(items, cursor(last.due_at, last.id) if last is not None else None)


@router.get("/callbacks/{callback_id}", response_model=CallbackDetail)
async def read_callback(call: CallDep, callback_id: PathId) -> Response:
    """One callback with what the owner said, and what may be done next."""
    call.authorise(READ)
    found = await _callback(call, callback_id)
    reader = Actor(call.principal.sub, call.roles)
    copies = await repository.attachment_copies(call.db, call.property_id, [found])
    return answer(detail_of(found, reader, call.runtime.policy, call.now, copies), found.version)


@router.post("/callbacks/{callback_id}/attempt", response_model=CallbackAnswer)
async def record_attempt(call: CallDep, callback_id: PathId, body: callback_bodies.AttemptBody) -> Response:
    """The owner was tried and gave no opinion."""
    return await _run(call, callback_id, commands.RecordAttempt(callback_id=callback_id, body=body))


@router.post("/callbacks/{callback_id}/opinion", response_model=CallbackAnswer)
async def record_opinion(call: CallDep, callback_id: PathId, body: callback_bodies.OpinionBody) -> Response:
    """The owner said whether he is satisfied; not satisfied opens the request again."""
    return await _run(call, callback_id, commands.RecordOpinion(callback_id=callback_id, body=body))


@router.post("/callbacks/{callback_id}/sign", response_model=CallbackAnswer)
async def sign_callback(call: CallDep, callback_id: PathId, body: bodies.NoteBody = NOTE) -> Response:
    """The second signature, by another person."""
    return await _run(call, callback_id, commands.SignCallback(callback_id=callback_id, body=body))


@router.post("/callbacks/{callback_id}/close-unreached", response_model=CallbackAnswer)
async def close_unreached(call: CallDep, callback_id: PathId, body: bodies.RemarkBody = REMARK) -> Response:
    """Nobody could be reached."""
    return await _run(call, callback_id, commands.CloseCallbackUnreached(callback_id=callback_id))


@router.post("/callbacks/{callback_id}/read-notice", response_model=CallbackAnswer)
async def read_notice(call: CallDep, callback_id: PathId, body: bodies.RemarkBody = REMARK) -> Response:
    """The notice about a problem has been read."""
    return await _run(call, callback_id, commands.ReadNotice(callback_id=callback_id))


@router.post("/rain-events", status_code=201, response_model=RainAnswer)
async def record_rain(call: CallDep, body: callback_bodies.RainBody) -> Response:
    """It has rained: leaks that were repaired before are called back once more."""
    command = commands.RecordRain(rain_id=call.derived_id("rain"), rained_at=body.rained_at or call.now)
    return await call.run(command, stream=RAIN_STREAM, status=201)


@router.get("/rain-events", response_model=RainPage)
async def list_rain(call: CallDep, page: PageDep) -> Response:
    """The rain of the property, latest first."""
    call.authorise(READ)
    found = await repository.rain_events(call.db, call.property_id, place(page), page.limit + 1)
    shown = found[: page.limit]
    last = shown[-1] if len(found) > page.limit else None
    items = [RainView.model_validate(rain) for rain in shown]
    return page.answer(list(items), cursor(last.rained_at, last.id) if last is not None else None)
