"""The figures of a property at a glance over HTTP, for views that show them live."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated

from fastapi import APIRouter, Query, Response
from pydantic import BaseModel

from services.intake.api.common import PREFIX, READ
from services.intake.desk import desk_of
from services.intake.domain.times import Instant
from services.intake.repository import figures
from shared.http.call import CallDep
from shared.http.problems import no_such_property

router = APIRouter(prefix=PREFIX, tags=["summary"])
Since = Annotated[
    Instant, Query(description="Contacts and requests from this time on; open ones are all counted")
]


class CallSummary(BaseModel):
    """`requests` that came in since then, by status; `open` ones by urgency, whenever they came;
    `promises_missed`: promised times that have passed since then before the work was done (P013);
    `calls_in_time` of the `calls` whose ringing is known: answered before the third ring (P001).
    """

    since: datetime
    contacts: int
    requests: dict[str, int]
    open: dict[str, int]
    promises_missed: int
    calls: int
    calls_in_time: int


@router.get("/summary", response_model=CallSummary)
async def read_summary(call: CallDep, since: Since) -> Response:
    """How many contacts and requests came in, and what is open."""
    call.authorise(READ)
    found = await figures.summary(call.db, call.property_id, since)
    settled = await desk_of(call).settled(call.property_id, call.now)
    if settled is None:
        raise no_such_property()
    settings = call.catalogue.profile(settled.profile).settings_with(settled.settings)
    within = timedelta(seconds=int(settings["call.answer_seconds"]))
    in_time, calls = await figures.answered_calls(call.db, call.property_id, since, within)
    body = CallSummary(
        since=since,
        contacts=found.contacts,
        requests=found.requests,
        open=found.open,
        promises_missed=found.promises_missed,
        calls=calls,
        calls_in_time=in_time,
    )
    return Response(body.model_dump_json(), media_type="application/json")
