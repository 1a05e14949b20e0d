"""Which week has to be reported by now: at a set day and hour of every week, the one before it. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from shared.deadlines import add_calendar_days, zone_of

WEEK = timedelta(days=7)
WEEK_DAY, WEEK_AT = "report.week_day", "report.week_at"  # the property's settings


@dataclass(frozen=True, slots=True)
class Week:
    """A week of the property as 2026-W10, from when until when, and when it has to be reported."""

    name: str
    since: datetime
    until: datetime
    due_at: datetime


def week_due(now: datetime, zone: str, day: int, at: str) -> Week:
    """The last week whose moment has come; `day` 1 is Monday, `at` the wall time such as 08:00."""
    there = zone_of(zone)
    today = now.astimezone(there).date()
    monday = today - timedelta(days=today.weekday())
    due_at = _moment(monday, zone, day, at)
    if now < due_at:
        monday -= WEEK
        due_at = _moment(monday, zone, day, at)
    first = monday - WEEK
    year, week, _ = first.isocalendar()
    return Week(f"{year:04d}-W{week:02d}", _midnight(first, zone), _midnight(monday, zone), due_at)


def next_due(now: datetime, zone: str, day: int, at: str) -> Week:
    """The week whose moment comes next."""
    last = week_due(now, zone, day, at)
    return week_due(add_calendar_days(last.due_at, 7, zone), zone, day, at)


def week_after(until: datetime, zone: str, day: int, at: str) -> Week:
    """The week that follows one which ended then: none is left out, also if its own moment is over."""
    monday = until.astimezone(zone_of(zone)).date()
    return week_due(_moment(monday + WEEK, zone, day, at), zone, day, at)


def _moment(monday: date, zone: str, day: int, at: str) -> datetime:
    wall = datetime.combine(monday + timedelta(days=day - 1), time.fromisoformat(at), zone_of(zone))
    return wall.astimezone(UTC)


def _midnight(day: date, zone: str) -> datetime:
    return datetime.combine(day, time(), zone_of(zone)).astimezone(UTC)
