"""Staff and shifts over HTTP: single, in lists, and as CSV files whose bad lines are reported and skipped."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel

from services.dispatch import repository
from services.dispatch.api.common import (
    READ,
    PathId,
    QueryId,
    Since,
    Until,
    Wanted,
    answer,
    csv_text,
)
from services.dispatch.domain import bodies
from services.dispatch.domain.commands import CancelShift, PutShifts, PutStaff, SwapShift
from services.dispatch.domain.roster import Roster, next_shifts, on_duty
from services.dispatch.domain.roster_csv import shifts_of, staff_of
from services.dispatch.handlers.answers import RosterAnswer
from shared.errors import Conflict, NotFound
from shared.http.call import Call, CallDep
from shared.http.page import PageDep
from shared.texts.rows import require_taken

router = APIRouter(prefix="/v1/properties/{property_id}", tags=["staff and shifts"])
NEXT_SHOWN = 20
CSV = {"requestBody": {"required": True, "content": {"text/csv": {"schema": {"type": "string"}}}}}


class StaffView(BaseModel):
    """One person. The telephone is for those who may read the roster."""

    department: str
    staff_id: str
    name: str
    phone: str
    email: str
    role: str
    rank: int
    language: str
    skills: list[str]
    areas: list[str]
    load: int
    load_max: int
    active: bool
    on_duty: bool


class StaffPage(BaseModel):
    """A page of people."""

    items: list[StaffView]
    next: str | None


class ShiftView(BaseModel):
    """One shift."""

    department: str
    shift_id: str
    staff_id: str
    starts_at: datetime
    ends_at: datetime
    on_call: bool


class ShiftPage(BaseModel):
    """A page of shifts."""

    items: list[ShiftView]
    next: str | None


class DutyAnswer(BaseModel):
    """Who is on now, and who comes next."""

    version: int
    department: str
    now: list[StaffView]
    next: list[ShiftView]


async def _roster(call: Call, department: str) -> Roster:
    roster = await repository.roster(call.db, call.property_id, department)
    if roster is None:
        raise NotFound("roster", "There is no such department in this property.", field="department")
    return roster


async def _rosters(call: Call, department: str) -> list[Roster]:
    if department:
        found = await repository.roster(call.db, call.property_id, department)
        return [found] if found is not None else []
    return await repository.rosters(call.db, call.property_id)


async def _views(call: Call, rosters: list[Roster]) -> list[StaffView]:
    rolled = await repository.loads(call.db, call.property_id)
    counts = rolled.counts if rolled is not None and rolled.counts is not None else {}
    views = []
    for roster in rosters:
        present = {d.staff.id for d in on_duty(roster, call.now)}
        for s in roster.staff:
            views.append(
                StaffView(
                    department=roster.id,
                    staff_id=s.id,
                    name=s.name,
                    phone=s.phone,
                    email=s.email,
                    role=s.role,
                    rank=s.rank,
                    language=s.language,
                    skills=list(s.skills),
                    areas=list(s.areas),
                    load=counts.get(s.id, 0),
                    load_max=s.load_max,
                    active=s.active,
                    on_duty=s.id in present,
                )
            )
    return sorted(views, key=lambda v: (v.department, v.staff_id))


@router.get("/staff", response_model=StaffPage)
async def list_staff(call: CallDep, page: PageDep, department: Wanted = "", role: Wanted = "") -> Response:
    """The people of the property, by department."""
    call.authorise(READ)
    views = await _views(call, await _rosters(call, department))
    wanted = [v for v in views if not role or v.role == role]
    rest = [v for v in wanted if f"{v.department}|{v.staff_id}" > page.after]
    shown = rest[: page.limit]
    more = len(rest) > page.limit
    return page.answer(list(shown), f"{shown[-1].department}|{shown[-1].staff_id}" if more else None)


@router.post("/staff", response_model=RosterAnswer)
async def put_staff(call: CallDep, body: bodies.StaffListBody) -> Response:
    """Add or replace people of one department."""
    command = PutStaff(department=body.department, staff=body.staff)
    return await call.run(command, stream=f"roster:{body.department}")


@router.put("/staff/{staff_id}", response_model=RosterAnswer)
async def put_person(call: CallDep, staff_id: PathId, body: bodies.StaffBody) -> Response:
    """Add or replace one person."""
    row = bodies.NamedStaff(staff_id=staff_id, **body.model_dump(exclude={"department"}))
    command = PutStaff(department=body.department, staff=(row,))
    return await call.run(command, stream=f"roster:{body.department}")


@router.post("/staff/csv", response_model=RosterAnswer, openapi_extra=CSV)
async def upload_staff(call: CallDep, request: Request, department: QueryId) -> Response:
    """Add or replace people from a CSV file: staff_id, name, phone, role and what else a person has.

    Lists with `;`.
    """
    call.authorise(PutStaff.NAME)
    parsed = staff_of(await csv_text(request), call.voice.tell)
    require_taken(len(parsed.rows), parsed.refused)
    command = PutStaff(
        department=department,
        staff=parsed.rows,
        lines=parsed.lines,
        refused=parsed.refused,
        language=call.voice.language,
    )
    return await call.run(command, stream=f"roster:{department}")


@router.get("/shifts", response_model=ShiftPage)
async def list_shifts(
    call: CallDep,
    page: PageDep,
    department: QueryId,
    since: Since = None,
    until: Until = None,
    staff_id: Wanted = "",
) -> Response:
    """The shifts of one department, by beginning."""
    call.authorise(READ)
    roster = await _roster(call, department)
    wanted = [
        s
        for s in roster.shifts
        if (since is None or s.ends_at > since)
        and (until is None or s.starts_at < until)
        and (not staff_id or s.staff_id == staff_id)
    ]
    views = [
        ShiftView(
            department=department,
            shift_id=s.id,
            staff_id=s.staff_id,
            starts_at=s.starts_at,
            ends_at=s.ends_at,
            on_call=s.on_call,
        )
        for s in wanted
    ]
    rest = [v for v in views if f"{v.starts_at.isoformat()}|{v.shift_id}" > page.after]
    shown = rest[: page.limit]
    more = len(rest) > page.limit
    last = shown[-1] if more else None
    cursor = f"{last.starts_at.isoformat()}|{last.shift_id}" if last is not None else None
    return page.answer(list(shown), cursor)


@router.post("/shifts", response_model=RosterAnswer)
async def put_shifts(call: CallDep, body: bodies.ShiftListBody) -> Response:
    """Add or replace shifts of one department."""
    command = PutShifts(department=body.department, shifts=body.shifts)
    return await call.run(command, stream=f"roster:{body.department}")


@router.post("/shifts/csv", response_model=RosterAnswer, openapi_extra=CSV)
async def upload_shifts(call: CallDep, request: Request, department: QueryId) -> Response:
    """Add or replace shifts from a CSV file: staff_id, date, from, to (the property's wall time), on_call."""
    call.authorise(PutShifts.NAME)
    settings = await repository.settings_of(call.db, call.property_id)
    if settings is None or not settings.zone:
        detail = "The property's time zone is not known here yet; try again soon."
        raise Conflict("property-unknown", detail)
    parsed = shifts_of(await csv_text(request), settings.zone, call.voice.tell)
    require_taken(len(parsed.rows), parsed.refused)
    command = PutShifts(
        department=department,
        shifts=parsed.rows,
        lines=parsed.lines,
        refused=parsed.refused,
        language=call.voice.language,
    )
    return await call.run(command, stream=f"roster:{department}")


@router.post("/shifts/{shift_id}/cancel", response_model=RosterAnswer)
async def cancel_shift(call: CallDep, shift_id: PathId, body: bodies.LeaveBody) -> Response:
    """Somebody is on leave."""
    command = CancelShift(department=body.department, shift_id=shift_id, reason=body.reason)
    return await call.run(command, stream=f"roster:{body.department}")


@router.post("/shifts/{shift_id}/swap", response_model=RosterAnswer)
async def swap_shift(call: CallDep, shift_id: PathId, body: bodies.SwapBody) -> Response:
    """Somebody else takes a shift."""
    command = SwapShift(department=body.department, shift_id=shift_id, staff_id=body.staff_id)
    return await call.run(command, stream=f"roster:{body.department}")


@router.get("/on-duty", response_model=DutyAnswer)
async def read_duty(call: CallDep, department: Annotated[str, Query(max_length=64)]) -> Response:
    """Who is on now, and who comes next."""
    call.authorise(READ)
    roster = await _roster(call, department)
    now = [v for v in await _views(call, [roster]) if v.on_duty]
    coming = [
        ShiftView(
            department=department,
            shift_id=s.id,
            staff_id=s.staff_id,
            starts_at=s.starts_at,
            ends_at=s.ends_at,
            on_call=s.on_call,
        )
        for s in next_shifts(roster, call.now, NEXT_SHOWN)
    ]
    body = DutyAnswer(version=roster.version, department=department, now=now, next=coming)
    return answer(body, roster.version)
