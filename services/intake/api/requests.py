"""Requests over HTTP: accept, list, read, the timeline, and every action on them."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query, Response

from services.intake import repository
from services.intake.answers import (
    Items,
    RequestDetail,
    RequestItem,
    RequestState,
    TimelineItem,
    duplicate_of,
)
from services.intake.api.common import PREFIX, READ, Filter, PathId, act, answer, cursor, found, place
from services.intake.attachment_answers import AttachmentItem
from services.intake.desk import desk_of
from services.intake.domain import bodies, case_commands, commands, join
from services.intake.domain.accept import possible_duplicates
from services.intake.domain.affected import WarnAffected, WarnBody
from services.intake.domain.directory import PhoneEntry, Unit
from services.intake.domain.reference import read_reference
from services.intake.domain.request import Request, Stage, Status
from services.intake.domain.timeline import first_lines
from services.intake.domain.times import Instant
from services.intake.domain.warranty import Warranty, covered
from services.intake.repository import attachments as repository_attachments
from services.intake.rulebook import NO_RULES, RECORDS, Rulebook, offered_actions
from shared.catalogue.model import IntakeRules
from shared.events.intake import Urgency
from shared.http.actions import AllowedAction
from shared.http.call import Call, CallDep
from shared.http.page import PageDep

router = APIRouter(prefix=PREFIX, tags=["requests"])
Moment = Annotated[Instant | None, Query()]


@router.post("/requests", status_code=201, response_model=RequestState)
async def accept_request(call: CallDep, body: bodies.RequestBody) -> Response:
    """Accept an owner's need; an emergency needs only a place and a word of what (P018, P020, P066)."""
    imported = body.origin != "live" or bool(body.import_source)
    kind = commands.ImportRequest if imported else commands.AcceptRequest
    call.authorise(kind.NAME)
    desk = desk_of(call)
    request_id = body.request_id or call.derived_id("request")
    lane, emergency = await desk.lane_for(call.property_id, body, call.now)
    command = kind(request_id=request_id, reference=await desk.references.draw(call.property_id), body=body)
    return await call.run(
        command,
        stream=request_id,
        lane=lane,
        emergency=emergency,
        creates=True,
        status=201,
        location=f"/v1/properties/{call.property_id}/requests/{request_id}",
    )


@router.get("/requests", response_model=Items)
async def list_requests(
    call: CallDep,
    page: PageDep,
    status: Annotated[Status | None, Query()] = None,
    stage: Annotated[Stage | None, Query()] = None,
    urgency: Annotated[Urgency | None, Query()] = None,
    procedure: Filter = "",
    department: Filter = "",
    unit_id: Filter = "",
    reference: Annotated[str, Query(max_length=32, description="As it was told; spaces do not matter")] = "",
    since: Moment = None,
    until: Moment = None,
) -> Response:
    """Requests, newest first, narrowed by what is given; `since` and `until` bound the time of the report."""
    call.authorise(READ)
    values = {
        "status": status or "",
        "stage": stage or "",
        "urgency": urgency or "",
        "procedure": procedure,
        "department": department,
        "unit_id": unit_id,
        "reference": read_reference(reference) if reference else "",
    }
    wanted = repository.Wanted(values, since, until)
    rows = await repository.requests(call.db, call.property_id, wanted, place(page), page.limit + 1)
    shown = rows[: page.limit]
    last = cursor(shown[-1].reported_at, shown[-1].id) if len(rows) > page.limit else None
    return page.answer([_item(row) for row in shown], last)


@router.get("/requests/{request_id}", response_model=RequestDetail)
async def read_request(call: CallDep, request_id: PathId) -> Response:
    """All that is known of a request, and what the caller may do next."""
    call.authorise(READ)
    request = await found(call, Request, request_id)
    known = call.catalogue.at_or_shipped(request.catalogue_version, request.procedure)
    rules = (known.intake if known is not None else None) or NO_RULES
    others = await repository.same(call.db, call.property_id, request.same_as)
    near = possible_duplicates(request, others, rules.duplicate_window_hours)
    late = request.complete_by is not None and request.complete_by < call.now
    warranty = await _warranty(call, request, rules)
    detail = RequestDetail.model_validate(request).model_copy(
        update={
            **_summary(request),
            "possible_people": await _people(call, request),
            "possible_duplicates": [duplicate_of(other) for other in near],
            "attachments": await _attachments(call, request),
            "paperwork_late": late,
            "warranty_suggested": warranty.suggested,
            "warranty_until": warranty.until,
            "allowed_actions": await _actions(call, request),
        }
    )
    return answer(detail, request.version)


@router.get("/requests/{request_id}/timeline", response_model=Items)
async def read_timeline(call: CallDep, page: PageDep, request_id: PathId) -> Response:
    """One glance (ruling J24): who, when, what, from where, over all services, oldest first."""
    call.authorise(READ)
    request = await found(call, Request, request_id)
    after = place(page)
    rows = await repository.timeline(call.db, call.property_id, request_id, after, page.limit + 1)
    begin = [e for e in first_lines(request) if e.at and (after is None or (e.at, e.id) > after)]
    lines = sorted([*begin, *rows], key=lambda entry: (entry.at or call.now, entry.id))
    shown = lines[: page.limit]
    last = cursor(shown[-1].at, shown[-1].id) if len(lines) > page.limit else None
    return page.answer([TimelineItem.model_validate(entry) for entry in shown], last)


@router.post("/requests/{request_id}/amend", response_model=RequestState)
async def amend(call: CallDep, request_id: PathId, body: bodies.AmendBody) -> Response:
    """Correct what was recorded, with a reason (ruling J25); also moves it to the right unit."""
    return await act(call, request_id, commands.AmendRequest, body)


@router.post("/requests/{request_id}/take", response_model=RequestState)
async def take(call: CallDep, request_id: PathId, body: bodies.TakeBody) -> Response:
    """Take over an item that came where nobody of ours was, and be its first contact (P009)."""
    return await act(call, request_id, commands.TakeRequest, body)


@router.post("/requests/{request_id}/raise-urgency", response_model=RequestState)
async def raise_urgency(call: CallDep, request_id: PathId, body: bodies.RaiseBody) -> Response:
    """Make it more urgent (ruling J18: anyone)."""
    return await act(call, request_id, commands.RaiseUrgency, body)


@router.post("/requests/{request_id}/lower-urgency", response_model=RequestState)
async def lower_urgency(call: CallDep, request_id: PathId, body: bodies.LowerBody) -> Response:
    """Make it less urgent, never below the lists (ruling J18: a supervisor)."""
    return await act(call, request_id, commands.LowerUrgency, body)


@router.post("/requests/{request_id}/warn-affected", response_model=RequestState)
async def warn_affected(call: CallDep, request_id: PathId, body: WarnBody) -> Response:
    """Tell the owners and tenants of the named units and buildings of an emergency (P020)."""
    return await act(call, request_id, WarnAffected, body)


@router.post("/requests/{request_id}/cancel", response_model=RequestState)
async def cancel(call: CallDep, request_id: PathId, body: bodies.CancelBody) -> Response:
    """The caller changed his mind (ruling J5)."""
    return await act(call, request_id, commands.CancelRequest, body)


@router.post("/requests/{request_id}/ask-time", response_model=RequestState)
async def ask_time(call: CallDep, request_id: PathId, body: bodies.AskTimeBody) -> Response:
    """The customer demands a time: a supervisor decides, nothing is promised yet (P012)."""
    return await act(call, request_id, commands.AskTime, body)


@router.post("/requests/{request_id}/promise", response_model=RequestState)
async def promise(call: CallDep, request_id: PathId, body: bodies.PromiseBody) -> Response:
    """Promise a time (P012); one the customer named is a supervisor's."""
    kind = commands.PromiseCustomerTime if body.customer_named else commands.PromiseTime
    return await act(call, request_id, kind, body)


@router.post("/requests/{request_id}/confirm", response_model=RequestState)
async def confirm(call: CallDep, request_id: PathId, body: bodies.ConfirmBody) -> Response:
    """The owner is satisfied (P009)."""
    return await act(call, request_id, commands.ConfirmSatisfaction, body)


@router.post("/requests/{request_id}/reopen", response_model=RequestState)
async def reopen(call: CallDep, request_id: PathId, body: bodies.ReopenBody) -> Response:
    """The owner is not satisfied: the matter goes on."""
    return await act(call, request_id, commands.ReopenRequest, body)


@router.post("/requests/{request_id}/join", response_model=RequestState)
async def join_request(call: CallDep, request_id: PathId, body: join.JoinBody) -> Response:
    """The same matter as another request: it ends with that one (ruling J7)."""
    return await act(call, request_id, case_commands.JoinRequest, body)


@router.post("/requests/{request_id}/close-unreached", response_model=RequestState)
async def close_unreached(call: CallDep, request_id: PathId, body: bodies.UnreachedBody) -> Response:
    """The owner could not be reached (ruling J7: a supervisor)."""
    return await act(call, request_id, commands.CloseUnreached, body)


def _item(request: Request) -> RequestItem:
    return RequestItem.model_validate(request).model_copy(update=_summary(request))


def _summary(request: Request) -> dict[str, Any]:
    work = request.work
    return {
        "slip": work.slip if work else "",
        "due_at": work.due_at if work else None,
        "promised_at": request.promise.promised_at,
    }


async def _actions(call: Call, request: Request) -> list[AllowedAction]:
    """What the caller may do next with it; a record of a process is read only for a request of it."""
    settled = await desk_of(call).settled(call.property_id, call.now)
    if settled is None:
        return []
    kind = RECORDS.get(request.process)
    rulebook = Rulebook(call.catalogue, call.settings.attachments_per_request_max)
    standing = rulebook.standing(
        request,
        settled,
        await repository.one(call.db, kind, call.property_id, request.id) if kind else None,
        by=call.principal.sub,
        roles=call.roles,
        now=call.now,
        policy=call.runtime.policy,
    )
    return offered_actions(standing)


async def _attachments(call: Call, request: Request) -> list[AttachmentItem]:
    """Those that were ever added; most requests have none, and nothing is asked for them."""
    if not request.attachments_added:
        return []
    rows = await repository_attachments.attachments(
        call.db, call.property_id, request.id, request.attachments_added
    )
    return [AttachmentItem.model_validate(row) for row in rows]


async def _warranty(call: Call, request: Request, rules: IntakeRules) -> Warranty:
    """Whether the developer's warranty still holds; nothing is read where the procedure knows none (P024)."""
    if not rules.warranty_months or not request.unit_id:
        return Warranty()
    unit = await repository.one(call.db, Unit, call.property_id, request.unit_id)
    settled = await desk_of(call).settled(call.property_id, call.now)
    if settled is None:
        return Warranty()
    settings = call.catalogue.profile(settled.profile).settings_with(settled.settings)
    return covered(request, unit, rules, int(settings["warranty.months"]), settled.zone)


async def _people(call: Call, request: Request) -> list[str]:
    """Who has the caller's number, where nobody was chosen: shown, never guessed (ruling J22)."""
    if request.person_id or not request.caller.phone:
        return []
    entry = await repository.one(call.db, PhoneEntry, call.property_id, request.caller.phone)
    return list(entry.person_ids) if entry else []
