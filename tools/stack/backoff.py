"""When a process that ended may be started again: soon, then after growing waits, never in a hot loop."""

from __future__ import annotations

from dataclasses import dataclass

FIRST_SECONDS = 0.2
LONGEST_SECONDS = 10.0
STEADY_SECONDS = 30.0


@dataclass(slots=True)
class Backoff:
    """One process. A run of `STEADY_SECONDS` makes the past forgotten. Moments are of any monotonic clock."""

    wait_seconds: float = 0.0
    ends: int = 0
    started_at: float = 0.0

    def started(self, now: float) -> None:
        """It was started at this moment."""
        self.started_at = now

    def ended(self, now: float) -> float:
        """It has ended; returns the seconds to wait before the next start."""
        steady = now - self.started_at >= STEADY_SECONDS
        self.wait_seconds = FIRST_SECONDS if steady or not self.wait_seconds else self.wait_seconds * 2
        self.wait_seconds = min(self.wait_seconds, LONGEST_SECONDS)
        self.ends += 1
        return self.wait_seconds
