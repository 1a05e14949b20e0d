"""The rows of a file: each is taken or refused by itself, the refused named with their lines. Pure.

A list that is no file is taken as a whole or not at all.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from pydantic import BaseModel, ConfigDict

from shared.errors import Invalid, Rejected
from shared.texts.say import say


class RefusedLine(BaseModel):
    """A line of a file that was not taken over: which one, the column, and why."""

    model_config = ConfigDict(frozen=True)
    line: int
    field: str
    detail: str


def refused_line(line: int, error: Rejected) -> RefusedLine:
    """The line with the sentence it was refused with, and what would be accepted."""
    accepted = f" Accepted: {error.accepted}." if error.accepted else ""
    return RefusedLine(line=line, field=error.field or "", detail=f"{error.detail}{accepted}")


@dataclass(slots=True)
class Sieve:
    """What becomes of the rows of one list. `lines`: of a file, the line of each row."""

    lines: Sequence[int]
    refused: list[RefusedLine] = field(default_factory=list)
    _seen: set[str] = field(default_factory=set)

    def refuse(self, row: int, error: Rejected) -> None:
        """That row does not fit. Raises the refusal of a list that is no file."""
        if not self.lines:
            raise error
        self.refused.append(refused_line(self.lines[row], error))

    def once(self, id: str, field: str) -> Invalid | None:
        """Each id once in a list."""
        if id not in self._seen:
            self._seen.add(id)
            return None
        return Invalid(
            "listed-twice", say("{id} stands in the list twice.", id=id), field=field, accepted="each id once"
        )

    def require_taken(self, count: int) -> None:
        """Raises Invalid, naming the first line, if nothing of a file can be taken over."""
        if count:
            return
        first = self.refused[0] if self.refused else None
        facts = {"line": first.line, "field": first.field, "reason": first.detail} if first else {}
        said = say(" Line {line}: {field}: {reason}", **facts) if facts else ""
        field = f"line {first.line}: {first.field}" if first else "body"
        raise Invalid(
            "no-usable-line",
            say("The file has no line that can be taken over.{said}", said=said),
            field=field,
        )
