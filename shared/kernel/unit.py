"""The contract of the unit of work: what a handler sees, and what came of it.

A unit is one command, one event or one due timer. Its handler loads, decides, saves and emits; the committer
puts the writes of many units into one transaction. A handler may run several times and must touch nothing but
its unit: no clock, no random id, no I/O.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import ClassVar, Literal, Protocol, TypeVar

from pydantic import BaseModel, ConfigDict

from shared.errors import Rejected
from shared.events.envelope import Event, Lane
from shared.tenancy import SYSTEM, Principal


class Aggregate(Protocol):
    """A frozen dataclass kept in a collection.

    `version` 0 means: not stored yet; the kernel counts it up at each save.
    """

    @property
    def property_id(self) -> str: ...
    @property
    def id(self) -> str: ...
    @property
    def version(self) -> int: ...


A = TypeVar("A", bound=Aggregate)


class Command(BaseModel):
    """Base of commands (what somebody or a timer asks for).

    `NAME` is `<service>.<imperative>` and is what a stored timer remembers.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")
    NAME: ClassVar[str]


@dataclass(frozen=True, slots=True)
class Record:
    """An event as it stood on the wire or in the journal.

    Kept as it came when it has to wait or is parked.
    """

    topic: str
    partition: int
    offset: int
    key: bytes
    value: bytes
    headers: tuple[tuple[str, bytes], ...]


@dataclass(frozen=True, slots=True)
class Cause:
    """Why a unit runs. `id` is derived for ever from what caused it, and every id made by the unit is derived
    from `id`.
    """

    id: str
    kind: Literal["command", "event", "timer"]
    property_id: str
    stream: str
    lane: Lane
    payload: Command | Event | None
    principal: Principal = SYSTEM
    device: str = ""
    source: str = ""  # events: the producer
    sequence: int = 0  # events: the producer's count on this stream
    after: Mapping[str, int] = field(default_factory=dict)
    occurred_at: datetime | None = None  # events: when the fact was committed
    correlation_id: str = ""
    traceparent: str = ""
    key: str = ""  # commands: the Idempotency-Key; the stored answer belongs to property, principal and key
    body_hash: str = ""
    if_match: int | None = None
    record: Record | None = None
    timer_id: str = ""  # timers: the row that is deleted in the commit that fires it
    chain: str = ""  # timers: due steps of one chain collapse to the highest
    step: int = 0
    passed: bool = False  # timers: a later step of its chain is due too; it is only deleted
    size: int = 0  # bytes it takes in the queue
    emergency: bool = False  # never refused by a full queue
    answer_in_stream: bool = (
        False  # commands: the stream's id came from the key, so its progress row can hold the answer
    )
    repeatable: bool = False  # commands: running twice changes nothing, so its answer need not be kept
    poison: str = ""  # events: why it could not be read; it is parked with its stream
    retry_of: str = ""  # events: the parked row that a person told to try again
    dropped: str = ""  # with retry_of: the reason a person gave for dropping it; only `seen` advances


class Unit(Protocol):
    """All that a handler sees."""

    cause: Cause
    now: datetime
    begins: bool
    """Nothing has happened on this stream before, so what is named after the stream is not stored yet."""

    async def load(self, kind: type[A], id: str) -> A | None:
        """The aggregate of this property, seen with the saves of earlier units.

        Its version is checked at commit, even if only read. That it is absent is checked only if it is saved.
        """
        ...

    async def look(self, kind: type[A], id: str) -> A | None:
        """Committed state, not checked at commit.

        Foreign copies, settings, directories. May be some seconds old.
        """
        ...

    async def look_by(self, kind: type[A], field: str, value: str, limit: int = 20) -> Sequence[A]:
        """Committed aggregates of this property whose (indexed) field has the value.

        Not checked at commit.
        """
        ...

    async def number(self, series: str, of: str, year: int) -> int:
        """The next number of property, series and year, without gaps.

        The same `of` always gets the same number.
        """
        ...

    def save(self, aggregate: Aggregate) -> None:
        """Insert (version 0) or replace (where the version is still the loaded one)."""
        ...

    def require_match(self, version: int) -> None:
        """Raise Stale if the caller's If-Match names another version of what the command speaks of."""
        ...

    def emit(self, event: Event) -> None:
        """The next event of this stream.

        Id, sequence, after, lane and trace are the kernel's; the size is checked.
        """
        ...

    def open(self, stream: str, event: Event) -> None:
        """An event on an urgent stream of its own, complete in itself.

        An escalation, an alarm, a routine request become an emergency.
        """
        ...

    def start_timer(
        self, key: str, due_at: datetime, command: Command, *, chain: str = "", step: int = 0
    ) -> None:
        """Run the command at `due_at` on this stream.

        Steps of one chain that are due together collapse to the highest.
        """
        ...

    def cancel_timer(self, key: str) -> None:
        """Forget the timer of this stream, if it is still there."""
        ...

    def answer(self, body: BaseModel) -> None:
        """What the caller gets, stored under the command's key: a repeated command gets the same."""
        ...

    def derived_id(self, label: str) -> str:
        """An id that is the same each time this unit runs."""
        ...


Handler = Callable[[Unit], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Applied:
    """The unit is durable. `answer` is the JSON of `Unit.answer`, if any."""

    answer: bytes | None = None


@dataclass(frozen=True, slots=True)
class Duplicate:
    """Already durable before; `answer` as it was then."""

    answer: bytes | None = None


@dataclass(frozen=True, slots=True)
class Waiting:
    """An early event: stored until its cause is there."""


@dataclass(frozen=True, slots=True)
class Parked:
    """Kept with its reason; its stream is held back."""

    reason: str


@dataclass(frozen=True, slots=True)
class Refused:
    """The handler said no; nothing was changed."""

    error: Rejected


@dataclass(frozen=True, slots=True)
class Failed:
    """A command met a bug of ours; nothing was changed."""

    error: BaseException


Outcome = Applied | Duplicate | Waiting | Parked | Refused | Failed


@dataclass(frozen=True, slots=True)
class Index:
    """One index and the query it serves. `keys` as `(("property_id", 1), ("due_at", 1))`."""

    collection: str
    keys: tuple[tuple[str, int], ...]
    serves: str
    unique: bool = False
    partial: Mapping[str, object] | None = None
    expire_after_seconds: int | None = None


@dataclass(frozen=True, slots=True)
class Wiring:
    """What a service tells the kernel: the whole message flow of a service, as data.

    `kinds` maps each aggregate class to its collection. An event type of a read producer without handler only
    advances `seen`.
    """

    service: str
    reads: tuple[str, ...]
    kinds: Mapping[type, str]
    commands: Mapping[type[Command], Handler]
    events: Mapping[type[Event], Handler]
    indexes: tuple[Index, ...]
    timers: frozenset[str] = frozenset()  # the commands a timer may run: those in the table of the auditor
