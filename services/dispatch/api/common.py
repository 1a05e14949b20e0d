"""What the routers of dispatch share: answers with an ETag, places in lists, ids in paths."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated

from fastapi import Path, Query, Request

from services.dispatch import repository
from services.dispatch.domain.flow import Actor
from services.dispatch.domain.permits import HEAD, Asked
from services.dispatch.domain.roster import departments_of
from shared.errors import Invalid
from shared.http.answer import answer as answer
from shared.http.call import Call
from shared.http.page import cursor as cursor
from shared.http.page import place as place
from shared.ids import ID_PATTERN
from shared.moments import Instant
from shared.texts.say import as_is

READ = "dispatch.read"
PathId = Annotated[str, Path(pattern=ID_PATTERN)]
QueryId = Annotated[str, Query(pattern=ID_PATTERN)]
Wanted = Annotated[str, Query(max_length=64, description="Exactly this value; empty: any")]
Since = Annotated[Instant | None, Query(description="From this moment on, with offset")]
Until = Annotated[Instant | None, Query(description="Before this moment, with offset")]


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
