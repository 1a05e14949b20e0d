"""What a reader has of one partition of a producer's lane, and whether anything is missing in between.

Pure. Each record names its position and the one before it in its partition, so it is a fact of the form
"nothing lies between". The facts are kept as stretches `(after, upto]`; the first begins at 0, and its
end is what the group may confirm. A stretch beyond it is what arrived while something before it was lost;
it joins when that is sent again.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

STRETCHES_MAX = 32
PATIENCE_SECONDS = 5.0  # a refill is under way, mostly
ASK_SECONDS_MAX = 300.0

Key = tuple[str, int]  # producer, partition


@dataclass(slots=True)
class Received:
    """`position`: everything up to here was received. `beyond`: later stretches, sorted and apart."""

    position: int = 0
    beyond: list[tuple[int, int]] = field(default_factory=list)

    def take(self, previous: int, position: int) -> bool:
        """Note a record; False if that tells nothing new."""
        if position <= self.position or not 0 <= previous < position:
            return False
        if previous <= self.position and not self.beyond:  # nearly always
            self.position = position
            return True
        joined: list[tuple[int, int]] = []
        for after, upto in sorted([(0, self.position), *self.beyond, (previous, position)]):
            if joined and after <= joined[-1][1]:
                joined[-1] = (joined[-1][0], max(joined[-1][1], upto))
            else:
                joined.append((after, upto))
        before = (self.position, self.beyond)
        self.position = joined[0][1]
        self.beyond = joined[1 : 1 + STRETCHES_MAX]  # what is forgotten is only sent again
        return before != (self.position, self.beyond)

    @property
    def gap(self) -> tuple[int, int] | None:
        """The first stretch of positions of which some are missing: after the one, up to the other."""
        return (self.position, self.beyond[0][0]) if self.beyond else None


@dataclass(slots=True)
class _Asking:
    position: int
    at: float
    wait: float


class Gaps:
    """When to ask for what is missing: after some patience, then ever less often."""

    def __init__(self) -> None:
        self._asking: dict[Key, _Asking] = {}

    def due(self, received: Mapping[Key, Received], now: float) -> dict[Key, tuple[int, int]]:
        """The gaps to ask about at this moment (seconds)."""
        found: dict[Key, tuple[int, int]] = {}
        for key, has in received.items():
            gap = has.gap
            if gap is None:
                self._asking.pop(key, None)
                continue
            asking = self._asking.get(key)
            if asking is None or asking.position != has.position:
                self._asking[key] = _Asking(has.position, now + PATIENCE_SECONDS, PATIENCE_SECONDS)
            elif now >= asking.at:
                found[key] = gap
                asking.wait = min(2 * asking.wait, ASK_SECONDS_MAX)
                asking.at = now + asking.wait
        return found
