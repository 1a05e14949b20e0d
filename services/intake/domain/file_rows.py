"""The rows of a list: of a file each is taken or refused by itself, any other list as a whole. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from shared.errors import Invalid, Rejected
from shared.texts.rows import RefusedRow, Tell, refused_row, require_taken
from shared.texts.say import say


@dataclass(slots=True)
class Sieve:
    """What becomes of the rows of one list. `lines`: of a file, the line of each row."""

    lines: Sequence[int]
    refused: list[RefusedRow]
    tell: Tell
    _seen: set[str] = field(default_factory=set)

    def refuse(self, row: int, error: Rejected) -> None:
        """That row does not fit. Raises the refusal of a list that is no file."""
        if not self.lines:
            raise error
        self.refused.append(refused_row(self.lines[row], error, self.tell))

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
        require_taken(count, self.refused)
