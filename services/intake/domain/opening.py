"""When a service can be had: days of the week with wall times, as they are set and as people read them.

Pure.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Annotated, Literal, get_args

from pydantic import AfterValidator, Field

from services.intake.domain.bodies import Body
from shared.errors import Invalid
from shared.texts.say import Spoken, either, listed, say

Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
WEEKDAYS: tuple[Weekday, ...] = get_args(Weekday)
NAMES = (
    *(either("周一", "Mon"), either("周二", "Tue"), either("周三", "Wed"), either("周四", "Thu")),
    *(either("周五", "Fri"), either("周六", "Sat"), either("周日", "Sun")),
)
OPENINGS_MAX = 14
MIDNIGHT, DAY_END = "00:00", "24:00"
_WALL = re.compile(r"([01][0-9]|2[0-3]):[0-5][0-9]")


def _opens(text: str) -> str:
    if not _WALL.fullmatch(text):
        raise ValueError(say("must be a time of day such as 08:30"))
    return text


def _closes(text: str) -> str:
    if text != DAY_END and not _WALL.fullmatch(text):
        raise ValueError(say("must be a time of day such as 18:00, at most 24:00"))
    return text


class OpeningBody(Body):
    """The hours of some days; a night is two of them, up to 24:00 and from 00:00."""

    days: Annotated[tuple[Weekday, ...], Field(min_length=1, max_length=len(WEEKDAYS))]
    opens: Annotated[str, AfterValidator(_opens)]
    closes: Annotated[str, AfterValidator(_closes)]


@dataclass(frozen=True, slots=True)
class Opening:
    """From when until when on these days, as wall times of the property."""

    days: tuple[Weekday, ...]
    opens: str
    closes: str


def opening_hours(bodies: Sequence[OpeningBody], field: str) -> tuple[Opening, ...]:
    """The hours as they were said. Raises Invalid where they end before they begin, or overlap on a day."""
    taken: dict[Weekday, list[tuple[str, str]]] = {}
    for n, body in enumerate(bodies):
        if body.closes <= body.opens:
            raise Invalid(
                "hours",
                "These hours end before they begin.",
                field=f"{field}.{n}.closes",
                accepted=say("a time after {opens}, at most 24:00", opens=body.opens),
            )
        for day in dict.fromkeys(body.days):
            spans = taken.setdefault(day, [])
            if any(body.opens < closes and opens < body.closes for opens, closes in spans):
                raise Invalid(
                    "hours",
                    say("Two of these hours overlap on {day}.", day=NAMES[WEEKDAYS.index(day)]),
                    field=f"{field}.{n}",
                    accepted="hours of a day that do not overlap",
                )
            spans.append((body.opens, body.closes))
    return tuple(Opening(_sorted(body.days), body.opens, body.closes) for body in bodies)


def hours_told(openings: Iterable[Opening]) -> Spoken:
    """The hours for people: `Mon-Fri 08:30-18:00, Sat 09:00-12:00`."""
    spans = tuple(openings)
    if any(one.days == WEEKDAYS and (one.opens, one.closes) == (MIDNIGHT, DAY_END) for one in spans):
        return say("day and night, every day")
    return listed(
        say("{days} {opens}-{closes}", days=_days_told(one.days), opens=one.opens, closes=one.closes)
        for one in spans
    )


def _days_told(days: Sequence[Weekday]) -> Spoken:
    """Days that follow each other as a span."""
    places = [WEEKDAYS.index(day) for day in days]
    runs = [[n for _, n in run] for _, run in groupby(enumerate(places), key=lambda pair: pair[1] - pair[0])]
    return listed(
        NAMES[run[0]] if len(run) == 1 else say("{first} to {last}", first=NAMES[run[0]], last=NAMES[run[-1]])
        for run in runs
    )


def _sorted(days: Iterable[Weekday]) -> tuple[Weekday, ...]:
    given = set(days)
    return tuple(day for day in WEEKDAYS if day in given)
