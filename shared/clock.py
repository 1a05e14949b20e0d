"""The only place that asks for the time. Everything else is handed `now`, always aware UTC."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from typing import Protocol


class Clock(Protocol):
    """Something that knows the time; tests hand in one that they move."""

    def now(self) -> datetime:
        """Aware UTC, to the millisecond (what MongoDB keeps)."""
        ...


def steady_seconds() -> float:
    """Seconds that also pass while the machine sleeps; only a difference says something."""
    return time.clock_gettime(time.CLOCK_BOOTTIME)


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        """Aware UTC, cut to the millisecond."""
        moment = datetime.now(UTC)
        return moment.replace(microsecond=moment.microsecond // 1000 * 1000)


class ManualClock:
    """A clock that stands still until it is moved."""

    def __init__(self, start: datetime) -> None:
        self._now = start

    def now(self) -> datetime:
        """The moment it was last moved to."""
        return self._now

    def advance(self, by: timedelta) -> None:
        """Move on; going back is not possible."""
        if by < timedelta(0):
            raise ValueError("time does not run backwards")
        self._now += by
