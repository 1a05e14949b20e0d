"""Rain: a person says that it rained, and leaks repaired before are called back once more (P031). Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from shared.errors import Invalid
from shared.texts.say import say

TOLD_AFTER_DAYS_MAX = 30
CLOCKS_DIFFER = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class RainEvent:
    """It has rained in a property. `spread`: every callback that waited for it has been started."""

    property_id: str
    id: str
    version: int = 0
    rained_at: datetime | None = None
    recorded_by: str = ""
    recorded_at: datetime | None = None
    spread: bool = False


def recorded(property_id: str, rain_id: str, rained_at: datetime, by: str, now: datetime) -> RainEvent:
    """The rain as told. Raises Invalid for one that lies ahead, or so far back that nobody knows."""
    if not now - timedelta(days=TOLD_AFTER_DAYS_MAX) <= rained_at <= now + CLOCKS_DIFFER:
        raise Invalid(
            "rained-at",
            "The rain must have fallen already, and not too long ago.",
            field="rained_at",
            accepted=say("a time of the last {most} days, or none for now", most=TOLD_AFTER_DAYS_MAX),
        )
    return RainEvent(property_id, rain_id, 0, min(rained_at, now), by, now)
