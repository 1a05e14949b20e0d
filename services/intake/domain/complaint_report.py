"""The weekly figures of complaints (P036): counted, with every rate as numerator and denominator (ruling
J28).
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from services.intake.domain.complaint import Complaint
from services.intake.domain.day import bounds
from shared.deadlines import zone_of
from shared.errors import Invalid
from shared.moments import YEAR_MAX, YEAR_MIN

_WEEK = re.compile(r"(\d{4})-W(\d{2})")


@dataclass(frozen=True, slots=True)
class Rate:
    """A share: numerator over denominator, per mille rounded half up; None where there is nothing to
    divide by.
    """

    numerator: int
    denominator: int

    @property
    def permille(self) -> int | None:
        """So many in a thousand."""
        if not self.denominator:
            return None
        return (self.numerator * 2_000 + self.denominator) // (2 * self.denominator)


@dataclass(frozen=True, slots=True)
class Week:
    """An ISO week of the property: its name, and from when until when."""

    name: str
    begins: datetime
    ends: datetime
    year_begins: datetime


@dataclass(frozen=True, slots=True)
class WeekReport:
    """The week's complaints: what came, what was found, what ended, and what was late."""

    received: int
    undecided: int
    valid: int
    invalid: int
    by_category: Mapping[str, int]
    by_grade: Mapping[str, int]
    by_department: Mapping[str, int]
    reports_late: Rate
    answers_late: Rate
    pressed: int
    further_rounds: int
    closed: int
    by_outcome: Mapping[str, int]
    valid_of_received: Rate
    satisfied_of_closed: Rate
    verified_of_closed: Rate
    valid_per_household: Rate
    valid_per_household_year: Rate
    ceiling_permille: int

    @property
    def over_ceiling(self) -> bool:
        """Whether the year's valid complaints exceed the ceiling, where there is one (domain §8.1.1)."""
        permille = self.valid_per_household_year.permille
        return bool(self.ceiling_permille) and permille is not None and permille > self.ceiling_permille


def week_at(moment: datetime, zone: str) -> str:
    """The week of the property at a moment, as 2026-W12."""
    year, week, _ = moment.astimezone(zone_of(zone)).isocalendar()
    return f"{year:04d}-W{week:02d}"


def week_of(text: str, zone: str) -> Week:
    """A week as 2026-W12. Raises Invalid."""
    match = _WEEK.fullmatch(text)
    try:
        if match is None:
            raise ValueError
        monday = date.fromisocalendar(int(match[1]), int(match[2]), 1)
        if not YEAR_MIN < monday.year < YEAR_MAX:
            raise ValueError
        begins, _ = bounds(monday, zone)
        ends, _ = bounds(monday + timedelta(days=7), zone)
        year_begins, _ = bounds(date(monday.year, 1, 1), zone)
    except (ValueError, OverflowError) as error:
        raise Invalid(
            "week", "This is no week.", field="week", accepted="an ISO week such as 2026-W12"
        ) from error
    return Week(text, begins, ends, year_begins)


def weekly(
    received: Iterable[Complaint],
    closed: Iterable[Complaint],
    *,
    households: int,
    valid_of_year: int,
    ceiling_permille: int,
) -> WeekReport:
    """The figures, from the complaints received in the week and those closed in it.

    Valid complaints per household is domain §8.3.15; unreachable owners stay in the denominators.
    """
    came, ended = list(received), list(closed)
    valid = sum(one.validity == "VALID" for one in came)
    invalid = sum(one.validity == "INVALID" for one in came)
    outcomes = Counter(one.outcome for one in ended)
    return WeekReport(
        received=len(came),
        undecided=len(came) - valid - invalid,
        valid=valid,
        invalid=invalid,
        by_category=_counted(one.category for one in came),
        by_grade=_counted(one.grade or "ungraded" for one in came),
        by_department=_counted(one.department or "unassigned" for one in came),
        reports_late=Rate(sum(one.report_late for one in came), len(came)),
        answers_late=Rate(sum(one.answers_late > 0 for one in came), len(came)),
        pressed=sum(one.presses for one in came),
        further_rounds=sum(one.round - 1 for one in came),
        closed=len(ended),
        by_outcome=_counted(outcomes.elements()),
        valid_of_received=Rate(valid, len(came)),
        satisfied_of_closed=Rate(outcomes["SATISFIED"], len(ended)),
        verified_of_closed=Rate(sum(one.proven for one in ended), len(ended)),
        valid_per_household=Rate(valid, households),
        valid_per_household_year=Rate(valid_of_year, households),
        ceiling_permille=ceiling_permille,
    )


def _counted(values: Iterable[str]) -> dict[str, int]:
    return dict(sorted(Counter(values).items()))
