"""Quiet hours: when a message to a home may not ring, in the wall-clock time of the property.

Emergencies never ask (ruling J17).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from services.notify.domain.message import Message


@dataclass(frozen=True, slots=True)
class QuietHours:
    """From and until as wall-clock times; equal times mean that there are none."""

    zone: str
    start: time
    end: time

    @classmethod
    def of(cls, zone: str, start: str, end: str) -> QuietHours:
        """From texts such as `22:00` and `08:00`."""
        return cls(zone, time.fromisoformat(start), time.fromisoformat(end))

    def allowed_at(self, moment: datetime) -> datetime:
        """The moment itself outside quiet hours, otherwise when they end (UTC).

        An end that the change to summer time skips is taken as far after the gap as it lies in it; of an end
        that comes twice the one that is still to come.
        """
        if self.start == self.end:
            return moment
        local = moment.astimezone(ZoneInfo(self.zone))
        clock = local.time().replace(tzinfo=None, fold=0)
        over_midnight = self.start > self.end
        late, early = clock >= self.start, clock < self.end
        if not (late or early if over_midnight else late and early):
            return moment
        day = local.date() + timedelta(days=1) if over_midnight and late else local.date()
        end = datetime.combine(day, self.end, ZoneInfo(self.zone))
        first = end.astimezone(UTC)
        return first if first > moment else end.replace(fold=1).astimezone(UTC)


def held(message: Message, quiet: QuietHours | None, now: datetime) -> Message:
    """The message, held until the quiet hours end if it would ring in them.

    Emergencies never wait (ruling J17). Staff are told while on duty, so quiet hours are the owners'.
    """
    if quiet is None or message.queue == "emergency" or message.audience == "staff" or not message.plan:
        return message
    allowed = quiet.allowed_at(now)
    return message if allowed <= now else replace(message, state="held", next_attempt_at=allowed)
