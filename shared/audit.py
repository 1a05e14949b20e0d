"""What a service tells the deadline auditor: which of its timers are audited, and how to look (guarantee 10).

The table of a service names every command that only a timer or a loop of ours sends. The kernel starts no
timer with a command that is not in it, so a new kind of timer cannot stay unseen.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeVar

from shared.catalogue.load import Catalogue
from shared.mongo.client import Database

T = TypeVar("T")
AT_ONCE = 200  # properties that one query names: as many places of an index as MongoDB reads in their order


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that should have happened by `expected_at` and left no mark.

    `subject` is the id of what it is about, `slip` how people call it.
    """

    kind: str
    property_id: str
    subject: str
    slip: str
    expected_at: datetime
    late_seconds: int

    @property
    def key(self) -> str:
        """One alarm in a stated time for each of these."""
        return f"{self.property_id}:{self.subject}:{self.kind}"


@dataclass(frozen=True, slots=True)
class Look:
    """One look at the data of a service: the moment, the grace, and how many rows of a property are read."""

    db: Database
    now: datetime
    grace: timedelta
    rows_max: int
    catalogue: Catalogue

    @property
    def before(self) -> datetime:
        """What was due before this moment is overdue."""
        return self.now - self.grace

    def finding(self, kind: str, property_id: str, subject: str, at: datetime, slip: str = "") -> Finding:
        """What should have happened at a moment."""
        return Finding(kind, property_id, subject, slip, at, int((self.now - at).total_seconds()))


@dataclass(frozen=True, slots=True)
class Audit:
    """The table of one service: command -> the kinds of finding when it did not run, or why it has none."""

    service: str
    audited: Mapping[str, tuple[str, ...]]
    unaudited: Mapping[str, str]
    look: Callable[[Look], AsyncGenerator[Finding, None]]

    @property
    def commands(self) -> frozenset[str]:
        """Every command a timer of the service may be started with."""
        return frozenset((*self.audited, *self.unaudited))


def in_batches(things: Sequence[T]) -> Iterator[Sequence[T]]:
    """So many of them as one query names."""
    return (things[n : n + AT_ONCE] for n in range(0, len(things), AT_ONCE))


async def of_all(
    properties: Sequence[str],
    most: int,
    read: Callable[[Sequence[str]], AsyncIterator[T]],
    judge: Callable[[T], Iterable[Finding]],
) -> AsyncGenerator[Finding, None]:
    """What `judge` finds in the rows that `read` gives of all properties, many at once.

    `read` gives at most `most` rows. Where it gave so many, each property of the batch is read for itself:
    what is much in one never hides what is late in another.
    """
    for batch in in_batches(properties):
        found, rows = await _judged(batch, read, judge)
        alone = rows >= most and len(batch) > 1
        for one in batch if alone else ():
            for finding in (await _judged([one], read, judge))[0]:
                yield finding
        for finding in () if alone else found:
            yield finding


async def _judged(
    batch: Sequence[str],
    read: Callable[[Sequence[str]], AsyncIterator[T]],
    judge: Callable[[T], Iterable[Finding]],
) -> tuple[list[Finding], int]:
    found: list[Finding] = []
    rows = 0
    async for row in read(batch):
        rows += 1
        found += judge(row)
    return found, rows
