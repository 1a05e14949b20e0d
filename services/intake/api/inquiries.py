"""Inquiries, approved answers, and messages for a colleague over HTTP (P002, P010)."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Response

from services.intake import repository
from services.intake.answers import Items, RequestState
from services.intake.api.common import PREFIX, READ, PathId, act, answer, found, offered
from services.intake.case_answers import (
    AnswerItem,
    AnswerVersionItem,
    InquiryDetail,
    MessageItem,
    answer_item,
)
from services.intake.directory_answers import Recorded
from services.intake.domain import answer_book, inquiry, relay
from services.intake.domain import case_commands as c
from services.intake.domain.answer_book import AnswerVersion, StandardAnswer
from services.intake.domain.inquiry import Inquiry
from services.intake.domain.request import Request
from services.intake.repository import cases
from shared.http.actions import AllowedAction
from shared.http.call import Call, CallDep
from shared.http.page import PageDep

router = APIRouter(prefix=PREFIX, tags=["inquiries"])
Words = Annotated[
    str, Query(max_length=100, description="What the owner asks; only approved answers are found")
]


@router.get("/answers", response_model=Items)
async def list_answers(call: CallDep, page: PageDep, q: Words = "") -> Response:
    """Approved answers by the words of a question, while talking (P010); without words all, drafts too."""
    call.authorise(READ)
    wanted = answer_book.asked_for(q) if q.strip() else ()
    rows = await cases.answers(call.db, call.property_id, wanted, page.after, page.limit + 1)
    shown = rows[: page.limit]
    last = shown[-1].id if len(rows) > page.limit else None
    return page.answer([_shown(call, row) for row in shown], last)


@router.post("/answers", status_code=201, response_model=Recorded)
async def draft_new_answer(call: CallDep, body: answer_book.AnswerBody) -> Response:
    """Draft a new answer; another person approves it."""
    answer_id = call.derived_id("answer")
    command = c.DraftAnswer(answer_id=answer_id, body=body)
    place = f"/v1/properties/{call.property_id}/answers/{answer_id}"
    return await call.run(command, stream=f"answer:{answer_id}", creates=True, status=201, location=place)


@router.get("/answers/{answer_id}", response_model=AnswerItem)
async def read_answer(call: CallDep, answer_id: PathId) -> Response:
    """One answer: what is given, and the draft that waits."""
    call.authorise(READ)
    row = await found(call, StandardAnswer, answer_id)
    return answer(_shown(call, row), row.version)


@router.get("/answers/{answer_id}/versions/{number}", response_model=AnswerVersionItem)
async def read_answer_version(call: CallDep, answer_id: PathId, number: int) -> Response:
    """What was given under that version."""
    call.authorise(READ)
    row = await found(call, AnswerVersion, f"{answer_id}.{number}")
    return answer(AnswerVersionItem.model_validate(row), row.version)


@router.post("/answers/{answer_id}/draft", response_model=Recorded)
async def draft_answer(call: CallDep, answer_id: PathId, body: answer_book.AnswerBody) -> Response:
    """Draft the next version."""
    await found(call, StandardAnswer, answer_id)
    return await call.run(c.DraftAnswer(answer_id=answer_id, body=body), stream=f"answer:{answer_id}")


@router.post("/answers/{answer_id}/approve", response_model=Recorded)
async def approve_answer(call: CallDep, answer_id: PathId, body: answer_book.ApproveBody) -> Response:
    """Approve the draft, as another person than who wrote it."""
    return await call.run(c.ApproveAnswer(answer_id=answer_id, body=body), stream=f"answer:{answer_id}")


@router.post("/answers/{answer_id}/retire", response_model=Recorded)
async def retire_answer(call: CallDep, answer_id: PathId, body: answer_book.ApproveBody) -> Response:
    """Give it no more."""
    return await call.run(c.RetireAnswer(answer_id=answer_id, body=body), stream=f"answer:{answer_id}")


@router.get("/requests/{request_id}/inquiry", response_model=InquiryDetail)
async def read_inquiry(call: CallDep, request_id: PathId) -> Response:
    """What was answered, by version, or until when it is deferred."""
    call.authorise(READ)
    row = await found(call, Inquiry, request_id)
    return answer(InquiryDetail.model_validate(row), row.version)


@router.post("/requests/{request_id}/inquiry/answer", response_model=RequestState)
async def answer_inquiry(call: CallDep, request_id: PathId, body: inquiry.AnswerInquiryBody) -> Response:
    """The owner got his answer (P010)."""
    return await act(call, request_id, c.AnswerInquiry, body)


@router.post("/requests/{request_id}/inquiry/defer", response_model=RequestState)
async def defer_inquiry(call: CallDep, request_id: PathId, body: inquiry.DeferInquiryBody) -> Response:
    """The answer comes within 24 hours, and the owner was told (P010)."""
    return await act(call, request_id, c.DeferInquiry, body)


@router.get("/messages-for-me", response_model=Items)
async def my_messages(call: CallDep, page: PageDep) -> Response:
    """The messages that wait for whoever asks (P002), with who called and what he said."""
    call.authorise(c.AcknowledgeMessage.NAME)
    who = call.principal.sub
    rows = await cases.messages_for(call.db, call.property_id, who, page.after, page.limit + 1)
    shown = rows[: page.limit]
    requests = await repository.several(call.db, Request, call.property_id, tuple(row.id for row in shown))
    by_id = {request.id: request for request in requests}
    items = [MessageItem.of(row, by_id[row.id]) for row in shown if row.id in by_id]
    return page.answer(items, shown[-1].id if len(rows) > page.limit else None)


@router.post("/requests/{request_id}/message/acknowledge", response_model=RequestState)
async def acknowledge_message(call: CallDep, request_id: PathId, body: relay.AcknowledgeBody) -> Response:
    """The colleague has read it (P002)."""
    return await act(call, request_id, c.AcknowledgeMessage, body)


@router.post("/requests/{request_id}/message/redirect", response_model=RequestState)
async def redirect_message(call: CallDep, request_id: PathId, body: relay.RedirectBody) -> Response:
    """Another colleague is to be told (P002)."""
    return await act(call, request_id, c.RedirectMessage, body)


def _shown(call: Call, row: StandardAnswer) -> AnswerItem:
    base = f"/v1/properties/{call.property_id}/answers/{row.id}"
    possible = [AllowedAction(action=c.DraftAnswer.NAME, path=f"{base}/draft", body="AnswerBody")]
    if row.draft is not None and row.draft.drafted_by != call.principal.sub:
        possible.append(
            AllowedAction(action=c.ApproveAnswer.NAME, path=f"{base}/approve", body="ApproveBody")
        )
    if row.draft is not None or row.given:
        possible.append(AllowedAction(action=c.RetireAnswer.NAME, path=f"{base}/retire", body="ApproveBody"))
    return answer_item(row, offered(call, *possible))
