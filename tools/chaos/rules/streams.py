"""What passes between services: gapless per stream, seen by every reader, nothing left behind."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta

from tools.chaos.facts import Kept, Progress, Published, Timer, Violation

# Who reads whom. The checker's own copy on purpose: a reader that forgets a producer must be noticed.
READS: Mapping[str, tuple[str, ...]] = {
    "intake": ("dispatch", "billing", "notify"),
    "dispatch": ("intake", "billing"),
    "billing": ("intake", "dispatch"),
    "notify": ("intake", "dispatch", "billing"),
}


def gapless(published: Iterable[Published], progress: Iterable[Progress]) -> Iterator[Violation]:
    """A stream's events are numbered 1 to n, each once, and its producer counts as many."""
    own = {(p.service, p.property_id, p.stream): p.own for p in progress}
    for one in published:
        where = f"{one.producer}:{one.property_id}:{one.stream}"
        if one.different != one.count:
            yield Violation("sequence-twin", where, f"{one.count} events, {one.different} numbers")
        if one.lowest != 1 or one.highest != one.different:
            what = f"{one.different} numbers from {one.lowest} to {one.highest}"
            yield Violation("sequence-gap", where, what)
        counted = own.pop((one.producer, one.property_id, one.stream), 0)
        if counted != one.highest:
            yield Violation("sequence-count", where, f"the producer counts {counted}, not {one.highest}")
    for (service, property_id, stream), counted in own.items():
        if counted:
            where = f"{service}:{property_id}:{stream}"
            yield Violation("sequence-count", where, f"the producer counts {counted}, the journal has none")


def caught_up(published: Iterable[Published], progress: Iterable[Progress]) -> Iterator[Violation]:
    """Every reader has seen every event of the producers it reads, and none that was never published."""
    seen = {
        (p.service, producer, p.property_id, p.stream): upto
        for p in progress
        for producer, upto in p.seen.items()
    }
    for one in published:
        for reader, producers in READS.items():
            if one.producer in producers:
                upto = seen.pop((reader, one.producer, one.property_id, one.stream), 0)
                if upto != one.highest:
                    where = f"{reader}:{one.property_id}:{one.stream}"
                    what = f"seen {upto} of {one.highest} events of {one.producer}"
                    yield Violation("not-caught-up", where, what)
    for (reader, producer, property_id, stream), upto in seen.items():
        where = f"{reader}:{property_id}:{stream}"
        yield Violation("seen-unpublished", where, f"seen {upto} of {producer}, which published none")


def nothing_left(
    waiting: Iterable[Kept], parked: Iterable[Kept], progress: Iterable[Progress]
) -> Iterator[Violation]:
    """At rest nothing waits for its cause, nothing is parked, and no stream says otherwise."""
    for row in waiting:
        yield Violation("waiting", f"{row.service}:{row.id}", f"an event waits since {row.since:%H:%M:%S}")
    for row in parked:
        yield Violation("parked", f"{row.service}:{row.id}", row.reason or "parked without a reason")
    for one in progress:
        where = f"{one.service}:{one.property_id}:{one.stream}"
        if one.waiting:
            yield Violation("waiting", where, f"the stream counts {one.waiting} that wait")
        if one.parked:
            yield Violation("parked", where, f"the stream is held back by {one.parked}")


def no_timer_left(timers: Sequence[Timer], now: datetime, grace: timedelta) -> Iterator[Violation]:
    """No timer is overdue, and none has been put aside as unreadable."""
    for timer in timers:
        where = f"{timer.service}:{timer.id}"
        if not timer.readable:
            yield Violation("timer-unreadable", where, "the sweeper put it aside")
        elif timer.due_at < now - grace:
            late = int((now - timer.due_at).total_seconds())
            yield Violation("timer-overdue", where, f"due since {late} s")
