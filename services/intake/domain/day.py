"""A day's records (P003, domain §4.9): read and signed by a supervisor or above, each kind apart."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import get_args

from services.intake.domain.bodies import Body, Text
from shared.catalogue.model import Procedure
from shared.deadlines import add_calendar_days, zone_of
from shared.errors import Conflict, Invalid, Rejected, demand
from shared.events.intake_cases import RecordKind
from shared.moments import YEAR_MAX, YEAR_MIN

LAST_MINUTE = timedelta(minutes=1)  # so long before midnight

KINDS: tuple[RecordKind, ...] = get_args(RecordKind)


class SignDayBody(Body):
    """What the supervisor remarks."""

    remark: Text = ""


@dataclass(frozen=True, slots=True)
class DaySheet:
    """The signature under a day's records of one kind; `id` is `<day>.<kind>`, `counted` what was read."""

    property_id: str
    id: str
    version: int = 0
    day: str = ""
    kind: RecordKind = "repair"
    counted: int = 0
    signed_by: str = ""
    signed_at: datetime | None = None
    remark: str = ""


@dataclass(frozen=True, slots=True)
class DayCheck:
    """That it was looked at whether a day is signed; `id` is the day, `missing` what nobody had signed."""

    property_id: str
    id: str
    version: int = 0
    missing: tuple[RecordKind, ...] = ()
    checked_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class WeekTold:
    """That it was told that a week's complaints can be read (P036); `id` is the week, such as 2026-W10."""

    property_id: str
    id: str
    version: int = 0
    told_at: datetime | None = None


def sheet_id(day: str, kind: RecordKind) -> str:
    """The id of a sheet."""
    return f"{day}.{kind}"


def read_day(text: str) -> date:
    """A day as 2026-03-01. Raises Invalid."""
    try:
        if len(text) != 10:
            raise ValueError
        found = date.fromisoformat(text)
        if not YEAR_MIN < found.year < YEAR_MAX:
            raise ValueError
        return found
    except ValueError as error:
        raise Invalid("day", "This is no day.", field="day", accepted="a day such as 2026-03-01") from error


def bounds(day: date, zone: str) -> tuple[datetime, datetime]:
    """When the day begins and ends in the property."""
    begins = datetime.combine(day, time(), zone_of(zone))
    return add_calendar_days(begins, 0, zone), add_calendar_days(begins, 1, zone)


def local_day(now: datetime, zone: str) -> date:
    """The day it is in the property."""
    return now.astimezone(zone_of(zone)).date()


def at_time(day: date, wall: str, zone: str) -> datetime:
    """A wall time of that day."""
    return add_calendar_days(datetime.combine(day, time.fromisoformat(wall), zone_of(zone)), 0, zone)


def next_check(now: datetime, sign_by: str, zone: str) -> tuple[str, datetime]:
    """Which day is looked at next, and when: on the day after it, at the set time."""
    today = local_day(now, zone)
    due = at_time(today, sign_by, zone)
    if due > now:
        return (today - timedelta(days=1)).isoformat(), due
    return today.isoformat(), at_time(today + timedelta(days=1), sign_by, zone)


def check_after(day: str, sign_by: str, zone: str) -> tuple[str, datetime]:
    """The day after that one, and when it is looked at: none is left out, also if that is over."""
    following = date.fromisoformat(day) + timedelta(days=1)
    return following.isoformat(), at_time(following + timedelta(days=1), sign_by, zone)


def last_check(now: datetime, sign_by: str, zone: str) -> tuple[str, datetime]:
    """Which day should have been looked at last, and when."""
    today = local_day(now, zone)
    due = at_time(today, sign_by, zone)
    if due > now:
        today -= timedelta(days=1)
        due = at_time(today, sign_by, zone)
    return (today - timedelta(days=1)).isoformat(), due


def refer_at(now: datetime, wall: str, zone: str) -> datetime:
    """When an unsettled visit goes to the head: at the set time of its day, or just before the day is
    over.
    """
    today = local_day(now, zone)
    due = at_time(today, wall, zone)
    return due if due > now else max(bounds(today, zone)[1] - LAST_MINUTE, now)


def kind_of(procedure: Procedure | None) -> RecordKind | None:
    """Which of the daily records a request of this procedure belongs to."""
    if procedure is None:
        return None
    if procedure.desk is not None and procedure.desk.complaint is not None:
        return "complaint"
    if procedure.desk is not None and procedure.desk.inquiry is not None:
        return "inquiry"
    return "repair" if procedure.dispatch is not None and procedure.dispatch.flow == "repair" else None


def counted(by_procedure: Mapping[str, int], procedures: Mapping[str, Procedure]) -> dict[RecordKind, int]:
    """How many records of each kind, from how many requests of each procedure."""
    found: dict[RecordKind, int] = dict.fromkeys(KINDS, 0)
    for name, count in by_procedure.items():
        kind = kind_of(procedures.get(name))
        if kind is not None:
            found[kind] += count
    return found


def not_to_sign(old: DaySheet | None, day: date, count: int, now: datetime, zone: str) -> Rejected | None:
    """Why the records of a day are not signed: it is to come, or all there are were signed."""
    if day > local_day(now, zone):
        return Invalid(
            "day-to-come", "This day has not begun yet.", field="day", accepted="today or a day before"
        )
    if old is not None and old.counted >= count:
        return Conflict(
            "signed-already",
            "The records of this day are signed.",
            field="kind",
            accepted="another kind or day",
        )
    return None


def signed(
    old: DaySheet | None,
    property_id: str,
    day: date,
    kind: RecordKind,
    count: int,
    by: str,
    remark: str,
    now: datetime,
    zone: str,
) -> DaySheet:
    """The sheet with its signature. Raises what `not_to_sign` says."""
    demand(not_to_sign(old, day, count, now, zone))
    return DaySheet(
        property_id,
        sheet_id(day.isoformat(), kind),
        version=old.version if old else 0,
        day=day.isoformat(),
        kind=kind,
        counted=count,
        signed_by=by,
        signed_at=now,
        remark=remark,
    )


def unsigned(sheets: Iterable[DaySheet | None]) -> tuple[RecordKind, ...]:
    """The kinds that nobody has signed."""
    there = {sheet.kind for sheet in sheets if sheet is not None}
    return tuple(kind for kind in KINDS if kind not in there)
