"""Which process is killed when and how: the seeded plan of the killer. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain, cycle, islice
from random import Random
from typing import Literal

FAILPOINT = "between-first-write-and-commit"
FAILPOINTS_MIN = 5
PASSAGES = (3, 25)  # a process dies at a passage of the failpoint between these
PAUSE_SECONDS = (0.5, 3.0)
NOT_AWAITED_SHARE = 0.2  # so many kills fall into the recovery of the one before

How = Literal["kill", "failpoint"]


@dataclass(frozen=True, slots=True)
class Kill:
    """One process to be killed.

    `failpoint`: it is killed, and its next life kills itself at the given passage of the failpoint: two
    kills. `awaited`: the next one waits for the recovery from this one.
    """

    process: str
    how: How
    passage: int
    pause_seconds: float
    awaited: bool

    @property
    def count(self) -> int:
        """How often a process dies of it."""
        return 2 if self.how == "failpoint" else 1


def plan(random: Random, services: Sequence[str], others: Sequence[str], count: int) -> list[Kill]:
    """At least `count` kills over all processes; `services` have the failpoint, `others` have not."""
    if not count:
        return []
    failing = max(FAILPOINTS_MIN, count // 5)
    # Every process once, then `others` (auditor, broker, mongod) as often again as everybody else.
    rounds = (_shuffled(random, [*services, *others]) for _ in cycle([0]))
    plain = list(islice(chain.from_iterable(rounds), max(len(services) + len(others), count - 2 * failing)))
    armed = list(islice(cycle(_shuffled(random, services)), failing))
    names: list[tuple[str, How]] = [(name, "kill") for name in plain]
    names += [(name, "failpoint") for name in armed]
    random.shuffle(names)
    return [
        Kill(
            process=name,
            how=how,
            passage=random.randint(*PASSAGES),
            pause_seconds=random.uniform(*PAUSE_SECONDS),
            awaited=how == "failpoint" or random.random() >= NOT_AWAITED_SHARE,
        )
        for name, how in names
    ]


def _shuffled(random: Random, names: Sequence[str]) -> list[str]:
    mixed = list(names)
    random.shuffle(mixed)
    return mixed
