"""The figures of a property at a glance over HTTP, for views that show them live."""

from __future__ import annotations

from datetime import datetime

from fastapi import APIRouter, Response
from pydantic import BaseModel

from services.dispatch import repository
from services.dispatch.api.common import READ
from services.dispatch.domain.issue import SERIES
from services.dispatch.handlers.rules import ZONE_UNKNOWN
from shared.deadlines import local_year
from shared.http.call import CallDep

router = APIRouter(prefix="/v1/properties/{property_id}", tags=["summary"])


class WorkSummary(BaseModel):
    """`open` and `late` by urgency; `slips` is the last number of the property's year."""

    at: datetime
    open: dict[str, int]
    late: dict[str, int]
    slips: int


@router.get("/summary", response_model=WorkSummary)
async def read_summary(call: CallDep) -> Response:
    """What is open, what is late, and how many slips went out this year."""
    call.authorise(READ)
    rows = await repository.open_work(call.db, call.property_id, call.now)
    settings = await repository.settings_of(call.db, call.property_id)
    year = local_year(call.now, settings.zone if settings is not None and settings.zone else ZONE_UNKNOWN)
    body = WorkSummary(
        at=call.now,
        open={row.urgency: row.open for row in rows},
        late={row.urgency: row.late for row in rows if row.late},
        slips=await repository.last_number(call.db, call.property_id, SERIES, year),
    )
    return Response(body.model_dump_json(), media_type="application/json")
