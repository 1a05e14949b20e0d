"""Special clients over HTTP: the director's conversations that are due, and one that was held (P009)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from fastapi import APIRouter, Response
from pydantic import BaseModel

from services.intake.answers import Answer, RequestState
from services.intake.api.common import PREFIX, READ, PathId, act, cursor, place
from services.intake.domain.special import HoldTalk, TalkBody
from services.intake.repository.special import talks
from shared.http.call import CallDep
from shared.http.page import PageDep

router = APIRouter(prefix=PREFIX, tags=["special clients"])


class TalkItem(Answer):
    """A conversation that is due."""

    request_id: str
    reference: str
    place: str
    status: str
    closed_at: datetime | None
    due_at: datetime | None
    late: bool


class Talks(BaseModel):
    """A page of conversations that are due."""

    items: list[TalkItem]
    next: str | None


@router.get("/director-talks", response_model=Talks)
async def list_talks(call: CallDep, page: PageDep) -> Any:
    """Special clients whose matter was handled and to whom the director has still to talk."""
    call.authorise(READ)
    found = await talks(call.db, call.property_id, place(page), page.limit + 1)
    shown = found[: page.limit]
    items = [
        TalkItem(
            request_id=one.id,
            reference=one.reference,
            place=one.place,
            status=one.status,
            closed_at=one.closed_at,
            due_at=one.talk.due_at,
            late=one.talk.due_at is not None and one.talk.due_at < call.now,
        )
        for one in shown
    ]
    last = cursor(shown[-1].talk.due_at, shown[-1].id) if len(found) > page.limit else None
    return page.answer(items, last)


@router.post("/requests/{request_id}/director-talk", response_model=RequestState)
async def hold_talk(call: CallDep, request_id: PathId, body: TalkBody) -> Response:
    """The director has talked to the client himself; if he is not satisfied, the matter goes on."""
    return await act(call, request_id, HoldTalk, body)
