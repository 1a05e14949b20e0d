"""What dispatch tells of the weekly reports (P032, P033): figures alone, nothing about anybody."""

from __future__ import annotations

from shared.events.envelope import Event, Moment


class WeekReported(Event):
    """The week's reports are made; they are read at `reports/{name}?week=`.

    Stream: `week:<week>`. Each rate is `numerator/denominator`; `rates` has all of them by name (J28).
    """

    TYPE = "dispatch.week.reported.v1"
    SUBJECT = "week"
    week: str
    since: Moment
    until: Moment
    slips: int
    slips_in_time: str
    urgent_in_time: str
    general_in_time: str
    reworked: str
    rates: dict[str, str]
    made_at: Moment
