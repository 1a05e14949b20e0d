"""The time a report is about: a week as people name it, or two days, in the property's zone. Pure."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta

from shared.deadlines import zone_of
from shared.errors import Invalid
from shared.texts.say import say

DAYS_MAX = 400
WEEK = re.compile(r"(\d{4})-W(\d{2})")


def period(
    week: str, since: date | None, until: date | None, now: datetime, zone: str
) -> tuple[datetime, datetime]:
    """From the beginning of the first day up to the end of the last, of this week if nothing is asked.

    Raises Invalid for a week that is none, days in the wrong order, or more than `DAYS_MAX`.
    """
    if week and (since or until):
        raise Invalid("period", "Ask for a week or for days, not both.", field="week", accepted="one of them")
    if since is None and until is None:
        first = _week(week) if week else _monday(now.astimezone(zone_of(zone)).date())
        last = first + timedelta(days=6)
    else:
        last = until or now.astimezone(zone_of(zone)).date()
        first = since or last
    if not first <= last:
        raise Invalid("period", "The first day is after the last.", field="since", accepted="an earlier day")
    if (last - first).days >= DAYS_MAX:
        raise Invalid(
            "period",
            "That is too long for one report.",
            field="since",
            accepted=say("at most {most} days", most=DAYS_MAX),
        )
    return _midnight(first, zone), _midnight(last + timedelta(days=1), zone)


def _week(text: str) -> date:
    found = WEEK.fullmatch(text)
    try:
        if found is not None:
            return date.fromisocalendar(int(found[1]), int(found[2]), 1)
    except ValueError:
        pass
    raise Invalid("period", "There is no such week.", field="week", accepted="a week such as 2026-W10")


def _monday(day: date) -> date:
    return day - timedelta(days=day.weekday())


def _midnight(day: date, zone: str) -> datetime:
    return datetime.combine(day, time(), tzinfo=zone_of(zone)).astimezone(UTC)
