"""A unit while it runs: what the handler asked for, kept aside until the commit.

A unit sees the saves of earlier units of its stream (the overlay) and leaves no trace unless it ends well.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeVar, cast

from pydantic import BaseModel

from shared.errors import Bug, Stale
from shared.events.envelope import Event, Lane
from shared.ids import derived_id
from shared.kernel.kinds import Kinds, document_id
from shared.kernel.numbers import NumberWanted
from shared.kernel.reads import Collector, LookCache, Reads
from shared.kernel.unit import Aggregate, Cause, Command
from shared.texts.say import as_is, say

A = TypeVar("A", bound=Aggregate)
Key = tuple[str, str]  # collection, _id


@dataclass(slots=True)
class TimerSet:
    """A timer to be written; None as `command` means: cancelled."""

    due_at: datetime | None = None
    command: Command | None = None
    chain: str = ""
    step: int = 0


@dataclass(slots=True)
class Effects:
    """What one unit wants to change."""

    saves: dict[Key, Aggregate] = field(default_factory=dict)
    emits: list[Event] = field(default_factory=list)
    opens: list[tuple[str, Event]] = field(default_factory=list)
    timers: dict[str, TimerSet] = field(default_factory=dict)
    answer: bytes | None = None
    numbers: list[NumberWanted] = field(default_factory=list)


@dataclass(slots=True)
class Overlay:
    """The state of one stream inside a batch.

    `basis` is the version that must still be stored at commit; 0: must not exist.
    """

    state: dict[Key, Aggregate | None] = field(default_factory=dict)
    basis: dict[Key, int] = field(default_factory=dict)
    written: set[Key] = field(default_factory=set)

    def merge(self, effects: Effects) -> None:
        """A unit ended well: its saves are what the next one sees."""
        for key, aggregate in effects.saves.items():
            self.state[key] = aggregate
            self.basis.setdefault(key, 0)
            self.written.add(key)


@dataclass(frozen=True, slots=True)
class BatchReads:
    """What the units of one batch share."""

    service: str
    kinds: Kinds
    reads: Reads
    cache: LookCache
    numbers: Collector[NumberWanted, int]
    timers: frozenset[str]


class RunningUnit:
    """The `Unit` that handlers are given."""

    __slots__ = ("_batch", "_overlay", "begins", "cause", "effects", "now")

    def __init__(
        self, cause: Cause, now: datetime, batch: BatchReads, overlay: Overlay, *, begins: bool = False
    ) -> None:
        self.cause = cause
        self.now = now
        self.begins = begins
        self.effects = Effects()
        self._batch = batch
        self._overlay = overlay

    async def load(self, kind: type[A], id: str) -> A | None:
        """See `Unit.load`. With If-Match the first aggregate loaded of a command is the one it speaks of."""
        key = (self._batch.kinds.collection(kind), document_id(self.cause.property_id, id))
        if key in self.effects.saves:
            return cast("A", self.effects.saves[key])
        if key not in self._overlay.state:
            document = await self._batch.reads.by_id(*key)
            found = None if document is None else self._batch.kinds.aggregate(kind, document)
            self._overlay.state.setdefault(key, found)
            self._overlay.basis.setdefault(key, 0 if found is None else found.version)
        return cast("A | None", self._overlay.state[key])

    async def look(self, kind: type[A], id: str) -> A | None:
        """See `Unit.look`."""
        collection, _id = self._batch.kinds.collection(kind), document_id(self.cause.property_id, id)
        kept = self._batch.cache.get(collection, _id)
        if kept is not None:
            return cast("A", kept)
        document = await self._batch.reads.by_id(collection, _id)
        if document is None:
            return None
        found = self._batch.cache.get(collection, _id)  # another unit may have asked in the same turn
        if found is None:
            found = self._batch.kinds.aggregate(kind, document)
            self._batch.cache.put(collection, _id, found)
        return cast("A", found)

    async def look_by(self, kind: type[A], field: str, value: str, limit: int = 20) -> Sequence[A]:
        """See `Unit.look_by`."""
        collection = self._batch.kinds.collection(kind)
        found = await self._batch.reads.by_field(collection, self.cause.property_id, field, value, limit)
        return found.of(kind, self._batch.kinds.aggregate)

    async def number(self, series: str, of: str, year: int) -> int:
        """See `Unit.number`."""
        wanted = NumberWanted(
            self.cause.property_id,
            series,
            year,
            of,
            self.cause.stream,
            derived_id(self._batch.service, self.cause.id, 0),
        )
        taken = await self._batch.numbers.get(wanted)
        if taken is None:
            raise Bug(f"no number was taken for {series} of {of}")
        self.effects.numbers.append(wanted)
        return taken

    def save(self, aggregate: Aggregate) -> None:
        """See `Unit.save`."""
        if aggregate.property_id != self.cause.property_id:
            raise Bug(
                f"a unit of property {self.cause.property_id} may not save into {aggregate.property_id}"
            )
        key = (
            self._batch.kinds.collection(type(aggregate)),
            document_id(aggregate.property_id, aggregate.id),
        )
        known = self.effects.saves.get(key, self._overlay.state.get(key))
        if aggregate.version != (0 if known is None else known.version):
            raise Bug(f"{type(aggregate).__name__} was saved from a state that was not loaded")
        saved = cast("Any", dataclasses.replace)(aggregate, version=aggregate.version + 1)
        self.effects.saves[key] = saved

    def require_match(self, version: int) -> None:
        """Refuse if the caller's If-Match names another version than this one."""
        wanted = self.cause.if_match
        if wanted is not None and wanted != version:
            raise Stale(
                "stale-version",
                say(
                    "it has been changed meanwhile: the version is {version}, If-Match says {wanted}",
                    version=version,
                    wanted=wanted,
                ),
                field="If-Match",
                accepted=as_is(f'"{version}"'),
            )

    def emit(self, event: Event) -> None:
        """See `Unit.emit`."""
        if event.producer() != self._batch.service:
            raise Bug(f"{self._batch.service} cannot emit {event.TYPE}")
        self.effects.emits.append(event)

    def open(self, stream: str, event: Event) -> None:
        """See `Unit.open`."""
        if event.producer() != self._batch.service:
            raise Bug(f"{self._batch.service} cannot emit {event.TYPE}")
        self.effects.opens.append((stream, event))

    def start_timer(
        self, key: str, due_at: datetime, command: Command, *, chain: str = "", step: int = 0
    ) -> None:
        """See `Unit.start_timer`."""
        if command.NAME not in self._batch.timers:
            raise Bug(f"a timer for {command.NAME} is in no table of the auditor")
        self.effects.timers[key] = TimerSet(due_at, command, chain, step)

    def cancel_timer(self, key: str) -> None:
        """See `Unit.cancel_timer`."""
        self.effects.timers[key] = TimerSet()

    def answer(self, body: BaseModel) -> None:
        """See `Unit.answer`."""
        self.effects.answer = body.model_dump_json().encode()

    def derived_id(self, label: str) -> str:
        """See `Unit.derived_id`."""
        return derived_id(self._batch.service, self.cause.id, label)


@dataclass(slots=True)
class OutgoingEvent:
    """An event with its place in its stream, waiting for its data key."""

    event: Event
    id: str
    cause: Cause
    stream: str
    lane: Lane
    sequence: int
    after: dict[str, int]
