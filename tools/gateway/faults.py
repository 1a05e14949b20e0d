"""Faults that tests ask for: the next calls of a server go wrong in a stated way."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import Literal

Kind = Literal["drop", "delay", "error", "answer_lost", "reject"]
KINDS: tuple[Kind, ...] = ("drop", "delay", "error", "answer_lost", "reject")
COUNT_MAX = 10_000
DELAY_MS_MAX = 120_000


@dataclass(frozen=True, slots=True)
class Fault:
    """What happens to one call.

    drop: cut before anything was taken; delay: `delay_ms` later; error: "come again" (`status`); answer_lost:
    taken, then cut before the answer; reject: refused for good.
    """

    kind: Kind
    delay_ms: int = 0
    status: int = 503


class Faults:
    """The faults of one server, used up one a call."""

    def __init__(self) -> None:
        self._planned: deque[Fault] = deque()

    def plan(self, fault: Fault, count: int = 1) -> None:
        """The next `count` calls get this fault, after those planned before."""
        self._planned.extend([fault] * min(count, COUNT_MAX))

    def next(self) -> Fault | None:
        """The fault of this call."""
        return self._planned.popleft() if self._planned else None

    def clear(self) -> None:
        """No more faults."""
        self._planned.clear()

    @property
    def left(self) -> int:
        """Calls that still go wrong."""
        return len(self._planned)
