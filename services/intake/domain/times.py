"""Moments and days as people send them: moments normalised to UTC and the millisecond, both bounded."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator

from shared.errors import Invalid
from shared.moments import YEAR_MAX, YEAR_MIN
from shared.moments import Instant as Instant
from shared.texts.say import say


def _written(said: object) -> object:
    """A bare number would be read as seconds since 1970, which nobody means."""
    if not isinstance(said, str | date):
        raise ValueError(say("must be a day such as 2025-06-30"))
    return said


def _bounded(day: date) -> date:
    if not YEAR_MIN < day.year < YEAR_MAX:
        raise ValueError(
            say("must be a day between {first} and {last}", first=YEAR_MIN + 1, last=YEAR_MAX - 1)
        )
    return day


Day = Annotated[date, BeforeValidator(_written), AfterValidator(_bounded)]


@dataclass(frozen=True, slots=True)
class Limits:
    """The stated limits of intake; the defaults are those of `shared/settings.py`."""

    future_minutes_max: int = 5
    past_days_max: int = 31
    ahead_days_max: int = 366
    attachments_per_request_max: int = 50


def check_fact(moment: datetime, now: datetime, limits: Limits, field: str, *, any_age: bool = False) -> None:
    """A fact lies not in the future, and not so far back that it must be a slip of the pen.

    Raises Invalid.
    """
    if moment > now + timedelta(minutes=limits.future_minutes_max):
        raise Invalid(
            "time-in-the-future",
            "This has not happened yet.",
            field=field,
            accepted=say(
                "a time at most {future_minutes_max} minutes ahead of now",
                future_minutes_max=limits.future_minutes_max,
            ),
        )
    if not any_age and moment < now - timedelta(days=limits.past_days_max):
        raise Invalid(
            "time-too-old",
            "This is too long ago.",
            field=field,
            accepted=say(
                "a time within the last {past_days_max} days; older facts by a history import",
                past_days_max=limits.past_days_max,
            ),
        )


def check_plan(moment: datetime, now: datetime, limits: Limits, field: str) -> None:
    """What is planned lies ahead, and within the time that can be planned. Raises Invalid."""
    if not now < moment <= now + timedelta(days=limits.ahead_days_max):
        raise Invalid(
            "time-not-ahead",
            "This time cannot be planned.",
            field=field,
            accepted=say(
                "a time after now and within {ahead_days_max} days", ahead_days_max=limits.ahead_days_max
            ),
        )
