"""What was refused in a property, for supervisors and administrators: every service has this list.

Who asked, for what, when, and the kind of the problem. Nothing of what was sent.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Query, Response
from pydantic import BaseModel, ConfigDict

from shared.errors import Invalid
from shared.http.call import CallDep
from shared.http.page import Page, PageDep
from shared.ids import is_id
from shared.kernel import denials
from shared.moments import Instant
from shared.texts.say import say

router = APIRouter(prefix="/v1/properties/{property_id}", tags=["refusals"])
Wanted = Annotated[str, Query(max_length=denials.TEXT_CHARS_MAX)]


class RefusalView(BaseModel):
    """One refusal. `kind` is the end of the problem's `type`; `sub` the account that asked."""

    model_config = ConfigDict(from_attributes=True)
    id: str
    at: datetime
    sub: str
    method: str
    path: str
    kind: str


class RefusalPage(BaseModel):
    """Refusals, newest first."""

    items: list[RefusalView]
    next: str | None


@router.get("/refusals", response_model=RefusalPage)
async def list_refusals(
    call: CallDep,
    page: PageDep,
    kind: Wanted = "",
    sub: Wanted = "",
    since: Annotated[Instant | None, Query(description="From this moment on, with offset")] = None,
    until: Annotated[Instant | None, Query(description="Before this moment, with offset")] = None,
) -> Response:
    """What was refused here, newest first; the newest may take a second. By kind or by who asked."""
    call.authorise(f"{call.runtime.service}.read_refusals")
    if kind and sub:
        detail = say("The list is narrowed by one of both.")
        raise Invalid("too-many-filters", detail, field="sub", accepted=say("`kind` or `sub`"))
    found = await denials.refusals(
        call.db,
        call.property_id,
        {"kind": kind, "sub": sub},
        since=since,
        until=until,
        after=_place(page),
        limit=page.limit + 1,
    )
    shown = found[: page.limit]
    last = shown[-1] if len(found) > page.limit else None
    cursor = f"{last.at.isoformat()}|{last.id}" if last is not None else None
    return page.answer([RefusalView.model_validate(one) for one in shown], cursor)


def _place(page: Page) -> tuple[datetime, str] | None:
    if not page.after:
        return None
    at, _, last = page.after.partition("|")
    try:
        moment = datetime.fromisoformat(at)
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None or not is_id(last):
        detail, accepted = say("the cursor is not one of ours"), say("`next` of a page")
        raise Invalid("invalid-cursor", detail, field="cursor", accepted=accepted)
    return moment, last
