"""What a reader has of one partition of a producer's lane, and whether anything is missing in between.

Pure. Each record names its position and the one before it in its partition, so it is a fact of the form
"nothing lies between". The facts are kept as stretches `(after, upto]`; the first begins at 0, and its
end is what the group may confirm. A stretch beyond it is what arrived while something before it was lost;
it joins when that is sent again.
"""

from __future__ import annotations

from dataclasses import dataclass, field

STRETCHES_MAX = 32


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
