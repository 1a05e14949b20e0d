"""Which rows of a file can be taken over: each one by itself, the others are named with their lines. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from datetime import datetime
from typing import TypeVar

from services.dispatch.domain.roster import Roster, Shift, check_shift, overlaps
from shared.errors import Rejected
from shared.texts.rows import RefusedRow, Tell, refused_row

T = TypeVar("T")
Numbered = Iterable[tuple[int, T]]


def fitting(rows: Numbered[T], check: Callable[[T], None], tell: Tell) -> tuple[list[T], list[RefusedRow]]:
    """The rows that the check lets pass, and the lines of those it does not."""
    taken: list[T] = []
    refused: list[RefusedRow] = []
    for line, row in rows:
        try:
            check(row)
        except Rejected as error:
            refused.append(refused_row(line, error, tell))
        else:
            taken.append(row)
    return taken, refused


def fitting_shifts(
    roster: Roster, rows: Numbered[Shift], now: datetime, tell: Tell
) -> tuple[list[Shift], list[RefusedRow]]:
    """The shifts that overlap neither what is planned nor an earlier line; one sent again replaces itself."""
    planned: dict[tuple[str, bool], list[Shift]] = defaultdict(list)
    for shift in roster.shifts:
        planned[shift.staff_id, shift.on_call].append(shift)

    def check(shift: Shift) -> None:
        check_shift(roster, shift, now)
        others = [s for s in planned[shift.staff_id, shift.on_call] if s.id != shift.id]
        for other in others:
            if other.starts_at < shift.ends_at and shift.starts_at < other.ends_at:
                raise overlaps(shift, other)
        planned[shift.staff_id, shift.on_call] = [*others, shift]

    return fitting(rows, check, tell)
