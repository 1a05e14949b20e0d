"""What a batch wants to write, stream by stream: made by the planner, written by the commit. Plain data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from shared.errors import Poison, Rejected
from shared.events.envelope import Lane
from shared.ids import derived_id
from shared.kernel.progress import Progress
from shared.kernel.unit import Cause, Outcome, Parked, Record, Waiting
from shared.kernel.work import Effects, OutgoingEvent, Overlay, TimerSet


class Unwritable(Exception):
    """What this unit emits can never be written."""

    def __init__(self, cause: Cause, why: Exception) -> None:
        super().__init__(str(why))
        self.cause = cause
        self.why = why


@dataclass(slots=True)
class WaitingRow:
    """An early event that is kept: stored (has an id) or of this batch."""

    cause: Cause
    stored: bool

    @property
    def id(self) -> str:
        """One row per producer and sequence of a stream, however often the event arrives."""
        c = self.cause
        return f"{c.property_id}:{c.stream}:{c.source}:{c.sequence}"


@dataclass(slots=True)
class StreamPlan:
    """What one stream of a batch wants to write, and the versions that must still be true then."""

    progress: Progress
    basis_version: int
    overlay: Overlay = field(default_factory=Overlay)
    outcomes: list[Outcome] = field(default_factory=list)
    outgoing: list[tuple[Cause, Effects]] = field(default_factory=list)
    events: list[OutgoingEvent] = field(default_factory=list)
    opened: list[Progress] = field(default_factory=list)
    timers: dict[str, tuple[Cause, TimerSet]] = field(default_factory=dict)
    fired: list[Cause] = field(default_factory=list)
    commands: list[tuple[Cause, bytes | None]] = field(default_factory=list)
    waiting: dict[str, WaitingRow] = field(default_factory=dict)
    partial: bool = False  # more waits than was loaded
    more: bool = False  # ... and some of it may be released by what this batch has released
    released: list[str] = field(default_factory=list)
    parked: list[tuple[str, Cause, str]] = field(default_factory=list)
    unparked: list[tuple[str, str]] = field(default_factory=list)
    dirty: bool = False

    @property
    def writes(self) -> bool:
        """Whether anything is to be committed."""
        return bool(
            self.dirty or self.overlay.written or self.timers or self.fired or self.commands or self.parked
        )

    def wait(self, cause: Cause) -> Outcome:
        """Keep an early event until its cause is there."""
        row = WaitingRow(cause, stored=False)
        if row.id not in self.waiting:
            self.waiting[row.id] = row
            self.progress.waiting += 1
            self.dirty = True
        return Waiting()

    def unwait(self, row: WaitingRow) -> None:
        """It waits no longer."""
        del self.waiting[row.id]
        self.progress.waiting -= 1
        self.dirty = True
        if row.stored:
            self.released.append(row.id)

    def park(self, cause: Cause, reason: str, *, hold: bool) -> Outcome:
        """Keep what failed, with its reason; `hold`: its stream waits for a person."""
        id = cause.retry_of or parked_id(cause)
        self.parked.append((id, cause, reason))
        self.dirty = True
        if hold:
            self.progress.parked = id
        return Parked(reason)

    def unpark(self, cause: Cause, how: str) -> None:
        """A person decided: the stream goes on."""
        self.progress.parked = ""
        self.unparked.append((cause.retry_of, how))
        self.dirty = True

    def see(self, cause: Cause) -> None:
        """The event counts as seen."""
        self.progress.seen[cause.source] = cause.sequence
        self.dirty = True


@dataclass(frozen=True, slots=True)
class StoredCommand:
    """A command that was answered before."""

    body_hash: str
    answer: bytes | None


@dataclass(frozen=True, slots=True)
class Known:
    """What the store knows of a batch's commands (answered before) and timers (still there, and due when)."""

    commands: Mapping[str, StoredCommand]
    timers: Mapping[str, datetime]


def command_id(cause: Cause) -> str:
    """Under which its answer is stored: property, principal and key.

    A subject may hold colons; no key holds the sign between.
    """
    return f"{cause.property_id}:{cause.principal.sub}\x1f{cause.key or cause.id}"


def timer_id(property_id: str, stream: str, key: str) -> str:
    """The `_id` of a timer: at most one live timer per stream and key."""
    return f"{property_id}:{stream}:{key}"


def parked_id(cause: Cause) -> str:
    """The id of the parked row of a cause: the same however often it fails."""
    return derived_id("parked", cause.property_id, cause.stream, cause.source, cause.id)


def reason_of(error: BaseException) -> str:
    """Why something was parked: the class and the first line, without personal data."""
    if isinstance(error, Poison):
        return str(error)[:500]
    if isinstance(error, Rejected):
        return f"{type(error).__name__}: {error.kind}"
    return f"Bug: {type(error).__name__} at {_place(error)}"


def _place(error: BaseException) -> str:
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    return "?" if trace is None else f"{trace.tb_frame.f_code.co_name}:{trace.tb_lineno}"


def lane_of(lane: str) -> Lane:
    return "urgent" if lane == "urgent" else "routine"


def empty_record() -> Record:
    """Stands for the record of a cause that did not come from the broker."""
    return Record("", -1, -1, b"", b"", ())
