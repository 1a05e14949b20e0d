"""What waits for the committer.

Bounded, urgent first, and never two batches on one stream (guarantees 2, 9, 11).
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict, deque
from collections.abc import Sequence
from dataclasses import dataclass, field

from shared.events.envelope import LANES, Lane
from shared.kernel.unit import Cause, Outcome

StreamKey = tuple[str, str]
GATHER_LOOKS = 3


@dataclass(slots=True, eq=False)
class Item:
    """One cause in the queue, and who waits for its outcome. `tries` counts how often its basis had moved."""

    cause: Cause
    done: asyncio.Future[Outcome]
    tries: int = 0

    def resolve(self, outcome: Outcome) -> None:
        """Tell whoever waits, unless he has gone."""
        if not self.done.done():
            self.done.set_result(outcome)


@dataclass(slots=True)
class _Stream:
    lane: Lane
    items: deque[Item] = field(default_factory=deque)


class Lanes:
    """Items by stream, streams by lane, in order of arrival.

    A stream that is being committed is not handed out. `gather_seconds`: the longest wait for company.
    """

    def __init__(self, gather_seconds: float) -> None:
        self._gather_seconds = gather_seconds
        self._streams: dict[StreamKey, _Stream] = {}
        self._ready: dict[Lane, OrderedDict[StreamKey, None]] = {lane: OrderedDict() for lane in LANES}
        self._busy: set[StreamKey] = set()
        self._company = 0  # streams handed out together of late
        self.records = 0
        self.bytes = 0
        self.changed = asyncio.Event()

    def put(self, item: Item, *, front: bool = False) -> None:
        """Queue an item; `front`: it was handed out before and goes again, ahead of its followers."""
        key = (item.cause.property_id, item.cause.stream)
        stream = self._streams.get(key)
        if stream is None:
            stream = self._streams[key] = _Stream(item.cause.lane)
        if front:
            stream.items.appendleft(item)
        else:
            stream.items.append(item)
        self.records += 1
        self.bytes += size_of(item.cause)
        if key not in self._busy:
            self._ready[stream.lane][key] = None
            self.changed.set()

    async def gather(self) -> None:
        """Those whom a large commit answered come back: wait a moment, so that the first is not alone.

        Only while fewer than half the streams of the last commits are there: after small commits nobody
        waits, so an idle system adds nothing.
        """
        for _ in range(GATHER_LOOKS):
            if not 0 < sum(map(len, self._ready.values())) < self._company // 2:
                return
            await asyncio.sleep(self._gather_seconds / GATHER_LOOKS)

    def take(self, records_max: int) -> dict[StreamKey, list[Item]]:
        """Up to so many items, all of one stream together, urgent streams first.

        The streams are busy until `release`.
        """
        taken: dict[StreamKey, list[Item]] = {}
        room = records_max
        for lane in LANES:
            ready = self._ready[lane]
            while ready and room > 0:
                key, _ = ready.popitem(last=False)
                items = self._streams[key].items
                taken[key] = [items.popleft() for _ in range(min(room, len(items)))]
                room -= len(taken[key])
                self._busy.add(key)
        if taken:
            self._company = max(len(taken), self._company // 2)
        self.records -= records_max - room
        self.bytes -= sum(size_of(item.cause) for items in taken.values() for item in items)
        if not any(self._ready.values()):
            self.changed.clear()
        return taken

    def empty(self) -> list[Item]:
        """Everything that still waits, taken out."""
        left = [item for stream in self._streams.values() for item in stream.items]
        for stream in self._streams.values():
            stream.items.clear()
        self.records = self.bytes = 0
        return left

    def release(self, keys: list[StreamKey]) -> None:
        """These streams are committed (or have been put back): they may be handed out again."""
        for key in keys:
            self._busy.discard(key)
            stream = self._streams[key]
            if stream.items:
                self._ready[stream.lane][key] = None
                self.changed.set()
            else:
                del self._streams[key]


def size_of(cause: Cause) -> int:
    """Bytes of a cause in the queue: its record, or what its caller sent."""
    return len(cause.record.value) if cause.record is not None else cause.size


def last_event(items: Sequence[Item]) -> Item | None:
    """The last of them that is an event."""
    return next((item for item in reversed(items) if item.cause.kind == "event"), None)
