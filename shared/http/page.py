"""Lists: bounded, in pages with a cursor."""

from __future__ import annotations

import base64
import binascii
from datetime import datetime
from typing import Annotated, Any

import orjson
from fastapi import Depends, Query, Request, Response
from pydantic import BaseModel

from shared.errors import Invalid
from shared.moments import normalised

CURSOR_CHARS_MAX = 400


class Page:
    """The page asked for: `limit` items after the cursor `after` (empty: from the beginning)."""

    def __init__(self, limit: int, after: str) -> None:
        self.limit = limit
        self.after = after

    def answer(self, items: list[Any], next_after: str | None) -> Response:
        """The items (models or plain data), and the cursor of the next page or null."""
        plain = [i.model_dump(mode="json") if isinstance(i, BaseModel) else i for i in items]
        cursor = None if next_after is None else base64.urlsafe_b64encode(next_after.encode()).decode()
        return Response(orjson.dumps({"items": plain, "next": cursor}), media_type="application/json")


def place(page: Page) -> tuple[datetime, str] | None:
    """Where a page of a list by time begins. Raises Invalid for a cursor that is not ours."""
    if not page.after:
        return None
    at, _, last = page.after.partition("|")
    try:
        return normalised(datetime.fromisoformat(at)), last
    except ValueError as error:
        raise _not_ours() from error


def cursor(at: datetime | None, id: str) -> str:
    """The place after an item of a list by time."""
    return f"{at.isoformat() if at is not None else ''}|{id}"


def number_place(page: Page) -> int:
    """Where a page of a list by number begins; 0: with the first. Raises Invalid for a cursor not ours."""
    if not page.after:
        return 0
    if not (page.after.isascii() and page.after.isdigit() and len(page.after) <= 9):
        raise _not_ours()
    return int(page.after)


def _not_ours() -> Invalid:
    return Invalid(
        "invalid-cursor", "the cursor is not one of ours", field="cursor", accepted="`next` of a page"
    )


async def page_of(
    request: Request,
    limit: Annotated[int | None, Query(ge=1, le=200, description="Items of a page")] = None,
    cursor: Annotated[str, Query(max_length=CURSOR_CHARS_MAX, description="`next` of the page before")] = "",
) -> Page:
    """The page of a request; raises Invalid for a cursor that is not ours."""
    settings = request.app.state.runtime.settings
    size = min(limit or settings.page_limit_default, settings.page_limit_max)
    try:
        after = base64.b64decode(cursor.encode("ascii"), altchars=b"-_", validate=True).decode()
    except (binascii.Error, UnicodeError) as error:
        raise _not_ours() from error
    return Page(size, after)


PageDep = Annotated[Page, Depends(page_of)]
