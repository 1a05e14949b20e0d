"""What the routers of dispatch share: answers with an ETag, places in lists, ids in paths."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Annotated

from fastapi import Path, Query, Request, Response
from pydantic import BaseModel

from services.dispatch import repository
from services.dispatch.domain.flow import Actor
from services.dispatch.domain.permits import HEAD, Asked
from services.dispatch.domain.roster import departments_of
from shared.errors import Invalid
from shared.http.call import Call
from shared.http.page import Page
from shared.ids import ID_PATTERN
from shared.moments import Instant
from shared.texts.say import as_is

READ = "dispatch.read"
PathId = Annotated[str, Path(pattern=ID_PATTERN)]
QueryId = Annotated[str, Query(pattern=ID_PATTERN)]
Wanted = Annotated[str, Query(max_length=64, description="Exactly this value; empty: any")]
Since = Annotated[Instant | None, Query(description="From this moment on, with offset")]
Until = Annotated[Instant | None, Query(description="Before this moment, with offset")]


def answer(body: BaseModel, version: int) -> Response:
    """One thing, with its version as ETag."""
    return Response(body.model_dump_json(), media_type="application/json", headers={"ETag": f'"{version}"'})


def place(page: Page) -> tuple[datetime, str] | None:
    """Where a page begins. Raises Invalid for a cursor that is not ours."""
    if not page.after:
        return None
    at, _, last = page.after.partition("|")
    try:
        moment = datetime.fromisoformat(at)
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        accepted = "`next` of a page"
        raise Invalid("invalid-cursor", "the cursor is not one of ours", field="cursor", accepted=accepted)
    return moment, last


def after(moment: datetime | None, id: str) -> str:
    """The cursor behind one item."""
    return f"{moment.isoformat() if moment is not None else ''}|{id}"


async def asked(call: Call) -> Asked:
    """Who reads, with his departments where they decide."""
    actor = Actor(call.principal.sub, call.roles)
    if HEAD in call.roles:
        rosters = await repository.rosters(call.db, call.property_id)
        actor = replace(actor, departments=departments_of(actor.by, rosters))
    return Asked(actor, call.now)


async def csv_text(request: Request) -> str:
    """The file as text. Raises Invalid unless it is sent as CSV in UTF-8."""
    kind = request.headers.get("content-type", "").split(";", 1)[0].strip().lower()
    if kind != "text/csv":
        raise Invalid("not-csv", "This is not sent as CSV.", field="Content-Type", accepted=as_is("text/csv"))
    try:
        return (await request.body()).decode("utf-8-sig")
    except UnicodeDecodeError:
        raise Invalid("not-utf8", "The file is not UTF-8.", field="body", accepted="text in UTF-8") from None
