"""Leave and swaps over HTTP; whose households a butler looks after, and who covers him."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Query, Response
from pydantic import BaseModel, ConfigDict

from services.dispatch import repository
from services.dispatch.api.common import READ, PathId, QueryId, answer
from services.dispatch.domain import people_bodies as bodies
from services.dispatch.domain import people_commands as commands
from services.dispatch.domain.roster import on_duty
from services.dispatch.domain.routing import household_butlers
from services.dispatch.handlers.answers import RosterAnswer
from shared.errors import NotFound
from shared.http.call import CallDep
from shared.http.page import PageDep

State = Annotated[Literal["", "asked", "approved", "refused"], Query(description="In this state; empty: any")]
router = APIRouter(prefix="/v1/properties/{property_id}", tags=["staff and shifts"])


class LeaveView(BaseModel):
    """One leave."""

    model_config = ConfigDict(from_attributes=True)
    id: str
    staff_id: str
    starts_at: datetime
    ends_at: datetime
    kind: str
    state: str
    decided_by: str


class LeavePage(BaseModel):
    """A page of leave."""

    items: list[LeaveView]
    next: str | None


class SwapView(BaseModel):
    """One swap: who gives which shift to whom, and how far it is."""

    model_config = ConfigDict(from_attributes=True)
    id: str
    shift_id: str
    from_id: str
    to_id: str
    state: str
    decided_by: str


class SwapPage(BaseModel):
    """A page of swaps."""

    items: list[SwapView]
    next: str | None


class ButlerAnswer(BaseModel):
    """Who looks after a household: `now` is there at this moment, the butler himself or who covers him."""

    unit_id: str
    butlers: list[str]
    now: list[str]


@router.post("/leave", status_code=201, response_model=RosterAnswer)
async def ask_leave(call: CallDep, body: bodies.AskLeaveBody) -> Response:
    """Ask for leave, for oneself."""
    command = commands.AskLeave(department=body.department, leave_id=call.derived_id("leave"), body=body)
    return await call.run(command, stream=f"roster:{body.department}", status=201)


@router.get("/leave", response_model=LeavePage)
async def list_leave(call: CallDep, page: PageDep, department: QueryId, state: State = "") -> Response:
    """The leave of a department, by beginning."""
    call.authorise(READ)
    found = await repository.roster(call.db, call.property_id, department)
    rows = sorted(found.absences if found is not None else (), key=lambda a: (a.starts_at, a.id))
    wanted = [a for a in rows if not state or a.state == state]
    rest = [a for a in wanted if f"{a.starts_at.isoformat()}|{a.id}" > page.after]
    shown = rest[: page.limit]
    last = f"{shown[-1].starts_at.isoformat()}|{shown[-1].id}" if len(rest) > page.limit else None
    return page.answer([LeaveView.model_validate(a) for a in shown], last)


@router.post("/leave/{leave_id}/decide", response_model=RosterAnswer)
async def decide_leave(call: CallDep, leave_id: PathId, body: bodies.DecideBody) -> Response:
    """Approve leave, which takes its shifts out of the plan, or refuse it."""
    command = commands.DecideLeave(department=body.department, leave_id=leave_id, decision=body.decision)
    return await call.run(command, stream=f"roster:{body.department}")


@router.post("/swaps", status_code=201, response_model=RosterAnswer)
async def ask_swap(call: CallDep, body: bodies.AskSwapBody) -> Response:
    """Ask somebody to take one's shift."""
    command = commands.AskSwap(
        department=body.department,
        swap_id=call.derived_id("swap"),
        shift_id=body.shift_id,
        to_id=body.to_id,
    )
    return await call.run(command, stream=f"roster:{body.department}", status=201)


@router.get("/swaps", response_model=SwapPage)
async def list_swaps(call: CallDep, page: PageDep, department: QueryId) -> Response:
    """The swaps of a department."""
    call.authorise(READ)
    found = await repository.roster(call.db, call.property_id, department)
    rest = [s for s in sorted(found.swaps if found else (), key=lambda s: s.id) if s.id > page.after]
    shown = rest[: page.limit]
    last = shown[-1].id if len(rest) > page.limit else None
    return page.answer([SwapView.model_validate(s) for s in shown], last)


@router.post("/swaps/{swap_id}/agree", response_model=RosterAnswer)
async def agree_swap(call: CallDep, swap_id: PathId, body: bodies.DepartmentBody) -> Response:
    """Agree to take the shift."""
    command = commands.AgreeSwap(department=body.department, swap_id=swap_id)
    return await call.run(command, stream=f"roster:{body.department}")


@router.post("/swaps/{swap_id}/decide", response_model=RosterAnswer)
async def decide_swap(call: CallDep, swap_id: PathId, body: bodies.DecideBody) -> Response:
    """Approve what both have agreed to, or refuse it."""
    command = commands.DecideSwap(department=body.department, swap_id=swap_id, decision=body.decision)
    return await call.run(command, stream=f"roster:{body.department}")


@router.get("/households/{unit_id}", response_model=ButlerAnswer)
async def read_household(call: CallDep, unit_id: PathId) -> Response:
    """Who looks after a household, and who is there now."""
    call.authorise(READ)
    rosters = await repository.rosters(call.db, call.property_id)
    everybody = [s for r in rosters for s in r.staff if s.active]
    butlers = [s.id for s in everybody if unit_id in s.households]
    if not butlers:
        raise NotFound("household", "No butler looks after this household.", field="unit_id")
    duty = [d for r in rosters for d in on_duty(r, call.now)]
    now = [d.staff.id for d in household_butlers(unit_id, duty, everybody)]
    body = ButlerAnswer(unit_id=unit_id, butlers=butlers, now=now)
    return answer(body, 0)
