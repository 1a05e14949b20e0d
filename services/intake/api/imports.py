"""Requests in bulk, from other systems (ruling J8): every row is taken or refused by itself, and answered
in its place.
"""

from __future__ import annotations

import asyncio
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Response
from pydantic import BaseModel, Field, ValidationError

from services.intake.api.common import PREFIX
from services.intake.desk import desk_of
from services.intake.domain import bodies, commands
from shared.errors import Busy, Invalid, Rejected
from shared.http.call import Call, CallDep
from shared.kernel.unit import Applied, Duplicate, Outcome, Refused
from shared.texts.fields import reason
from shared.texts.rows import sentence
from shared.texts.say import say

router = APIRouter(prefix=PREFIX, tags=["requests"])
ROWS_MAX = 500
THERE_BEFORE = ("request-exists", "key-reused")
Row = Annotated[dict[str, Any], Field(json_schema_extra={"$ref": "#/components/schemas/RequestBody"})]


class ImportBody(bodies.Body):
    """Up to 500 requests, each with its own `request_id` and `import_source`."""

    requests: Annotated[tuple[Row, ...], Field(min_length=1, max_length=ROWS_MAX)]


class RowAnswer(BaseModel):
    """What became of a row: taken now, there before (unchanged), refused for good, or to be sent again
    (busy).
    """

    request_id: str
    outcome: Literal["accepted", "repeated", "refused", "busy"]
    kind: str = ""
    field: str = ""
    detail: str = ""


class ImportAnswer(BaseModel):
    """One answer for each row, in the order sent."""

    rows: list[RowAnswer]


@router.post("/requests/import", response_model=ImportAnswer)
async def import_requests(call: CallDep, body: ImportBody) -> Response:
    """Take over requests. A row's own id is its key: sending it again changes nothing."""
    call.authorise(commands.ImportRequest.NAME)
    call.key = ""  # one key cannot stand for many rows
    rows = await asyncio.gather(*(_row(call, row) for row in body.requests))
    return Response(ImportAnswer(rows=rows).model_dump_json(), media_type="application/json")


async def _row(call: Call, row: dict[str, Any]) -> RowAnswer:
    request_id = str(row.get("request_id", ""))[:64]
    try:
        return _answer(call, request_id, await _submit(call, _body(row)))
    except Rejected as error:
        return _refused(call, request_id, error)
    except Busy:
        return RowAnswer(request_id=request_id, outcome="busy")


def _body(row: dict[str, Any]) -> bodies.RequestBody:
    try:
        body = bodies.RequestBody.model_validate(row)
    except ValidationError as error:
        first = error.errors()[0]
        field = ".".join(map(str, first["loc"]))
        raise Invalid("invalid-field", reason(first), field=field) from error
    if not body.request_id or not body.import_source:
        missing = "import_source" if body.request_id else "request_id"
        raise Invalid("invalid-field", "An imported row says which it is and where from.", field=missing)
    return body


async def _submit(call: Call, body: bodies.RequestBody) -> Outcome:
    desk = desk_of(call)
    lane, emergency = await desk.lane_for(call.property_id, body, call.now)
    command = commands.ImportRequest(
        request_id=body.request_id, reference=await desk.references.draw(call.property_id), body=body
    )
    return await call.submit(command, stream=body.request_id, lane=lane, emergency=emergency, creates=True)


def _answer(call: Call, request_id: str, outcome: Outcome) -> RowAnswer:
    match outcome:
        case Applied():
            return RowAnswer(request_id=request_id, outcome="accepted")
        case Duplicate():
            return RowAnswer(request_id=request_id, outcome="repeated")
        case Refused(error) if error.kind in THERE_BEFORE:
            return RowAnswer(request_id=request_id, outcome="repeated")
        case Refused(error):
            return _refused(call, request_id, error)
        case _:
            detail = call.voice.tell(say("this is our mistake; it has been recorded"))
            return RowAnswer(request_id=request_id, outcome="refused", kind="internal", detail=detail)


def _refused(call: Call, request_id: str, error: Rejected) -> RowAnswer:
    """In the language of who sent the rows."""
    return RowAnswer(
        request_id=request_id,
        outcome="refused",
        kind=error.kind,
        field=error.field or "",
        detail=sentence(error, call.voice.tell),
    )
