"""The check of slip numbers over HTTP: none missing, none twice, void ones with their reason (P033)."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated

from fastapi import APIRouter, Query, Response
from pydantic import BaseModel

from services.dispatch import repository
from services.dispatch.api.common import READ
from services.dispatch.domain.issue import SERIES
from services.dispatch.handlers.rules import ZONE_UNKNOWN
from shared.deadlines import local_year
from shared.errors import Invalid
from shared.http.call import Call, CallDep
from shared.http.page import PageDep

router = APIRouter(prefix="/v1/properties/{property_id}", tags=["slips"])
PENDING_FOR = timedelta(minutes=15)  # how long a number may be taken before its slip is there
Year = Annotated[int, Query(ge=0, le=2199, description="Year of the numbers; 0: this year in the property")]


class VoidView(BaseModel):
    """A number without use, and why."""

    year: int
    number: int
    reason: str
    taken_at: datetime


class GapAnswer(BaseModel):
    """The numbers of a year; `paper` are those out on paper.

    `complete`: none is missing and none is there twice.
    """

    year: int
    last: int
    used: int
    complete: bool
    missing: list[int]
    twins: list[int]
    pending: list[int]
    paper: list[int]
    void: list[VoidView]


class VoidPage(BaseModel):
    """A page of void numbers."""

    items: list[VoidView]
    next: str | None


async def wanted_year(call: Call, year: int) -> int:
    if year:
        return year
    settings = await repository.settings_of(call.db, call.property_id)
    return local_year(call.now, settings.zone if settings is not None and settings.zone else ZONE_UNKNOWN)


def _view(slip: repository.VoidSlip) -> VoidView:
    return VoidView(year=slip.year, number=slip.number, reason=slip.reason, taken_at=slip.taken_at)


@router.get("/slips/gaps", response_model=GapAnswer)
async def read_gaps(call: CallDep, year: Year = 0) -> Response:
    """Whether every number of the year has its slip or its reason; a missing one is a major work failure."""
    call.authorise(READ)
    wanted = await wanted_year(call, year)
    found = await repository.slips(call.db, call.property_id, SERIES, wanted, call.now - PENDING_FOR)
    body = GapAnswer(
        year=wanted,
        last=found.last,
        used=found.used,
        complete=not found.missing and not found.twins,
        missing=list(found.missing),
        twins=list(found.twins),
        pending=list(found.pending),
        paper=list(found.paper),
        void=[_view(v) for v in found.void],
    )
    return Response(body.model_dump_json(), media_type="application/json")


@router.get("/numbers/void", response_model=VoidPage)
async def list_void(call: CallDep, page: PageDep, year: Year = 0) -> Response:
    """The void numbers of a year, with their reasons."""
    call.authorise(READ)
    try:
        last = int(page.after or "0")
    except ValueError:
        raise Invalid("invalid-cursor", "the cursor is not one of ours", field="cursor") from None
    wanted = await wanted_year(call, year)
    found = await repository.void_slips(call.db, call.property_id, SERIES, wanted, last, page.limit + 1)
    shown = found[: page.limit]
    cursor = str(shown[-1].number) if len(found) > page.limit else None
    return page.answer([_view(v) for v in shown], cursor)
