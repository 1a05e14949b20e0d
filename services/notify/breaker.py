"""A circuit breaker: a channel that fails again and again is spared for a while, then tried with one call."""

from __future__ import annotations

OPEN_FACTOR_MAX = 12  # a channel that stays down is spared at most so many times the first interval


class Breaker:
    """Times are seconds of a monotonic clock. Emergencies do not ask it (ruling J17)."""

    def __init__(self, failures_max: int, open_seconds: float) -> None:
        self._failures_max = failures_max
        self._open_seconds = open_seconds
        self._failures = 0
        self._open_until = 0.0

    def allows(self, now: float) -> bool:
        """Whether a call may be made; once the time is over, the first to ask tries for all."""
        if self._failures < self._failures_max:
            return True
        if now < self._open_until:
            return False
        self._open_until = now + self._interval()
        return True

    def note(self, now: float, *, worked: bool) -> None:
        """What became of a call."""
        if worked:
            self._failures = 0
            return
        self._failures += 1
        if self._failures >= self._failures_max:
            self._open_until = now + self._interval()

    def _interval(self) -> float:
        return self._open_seconds * min(self._failures - self._failures_max + 1, OPEN_FACTOR_MAX)
