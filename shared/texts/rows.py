"""The lines of a file that were not taken over, each with its reason in the words of who sent the file."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from pydantic import BaseModel, ConfigDict, ValidationError

from shared.errors import Invalid, Rejected
from shared.texts.fields import field_of, reason
from shared.texts.say import say

Tell = Callable[[str], str]  # a text of ours in the language of who reads it


class RefusedRow(BaseModel):
    """A line of a file that was not taken over: which one, the column, and why."""

    model_config = ConfigDict(frozen=True)
    line: int
    field: str
    detail: str


def refused_row(line: int, error: Rejected, tell: Tell) -> RefusedRow:
    """The line with the sentence it was refused with."""
    return RefusedRow(line=line, field=error.field or "", detail=sentence(error, tell))


def misread_row(line: int, error: ValidationError, tell: Tell) -> RefusedRow:
    """The line with what is wrong in its first wrong column."""
    first = error.errors()[0]
    return RefusedRow(line=line, field=field_of(first["loc"]), detail=tell(reason(first)))


def sentence(error: Rejected, tell: Tell) -> str:
    """Why, and what would be accepted, as one sentence."""
    detail = tell(error.detail)
    if not error.accepted:
        return detail
    facts = {"detail": detail.rstrip(".。"), "accepted": tell(error.accepted)}
    return tell(say("{detail}; accepted: {accepted}", **facts))


def require_taken(taken: int, refused: Sequence[RefusedRow]) -> None:
    """Raises Invalid, naming the first line, if nothing of a file can be taken over."""
    if taken:
        return
    first = refused[0] if refused else None
    facts = {"line": first.line, "field": first.field, "reason": first.detail} if first else {}
    said = say(" Line {line}: {field}: {reason}", **facts) if facts else ""
    field = f"line {first.line}: {first.field}" if first else "body"
    detail = say("The file has no line that can be taken over.{said}", said=said)
    raise Invalid("no-usable-line", detail, field=field)
