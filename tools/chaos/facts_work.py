"""What the rules judge about work besides the slip itself: paper, refusals, callbacks, joining, consent."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Sheet:
    """A number on paper as the load settled it: used by a request, or void (`request_id` empty)."""

    property_id: str
    year: int
    number: int
    request_id: str


@dataclass(frozen=True, slots=True)
class OnPaper:
    """A number of a block as dispatch keeps it."""

    property_id: str
    year: int
    number: int
    state: str
    request_id: str
    reason: str


@dataclass(frozen=True, slots=True)
class Refused:
    """A slip that could not be carried out, with who has had it in hand; `told`: how often that was told."""

    property_id: str
    order_id: str
    status: str
    hands: tuple[str, ...]
    told: int


@dataclass(frozen=True, slots=True)
class Completed:
    """The event that work is done: what was agreed, in minor units."""

    property_id: str
    order_id: str
    request_id: str
    kind: str
    quote_id: str
    amount_minor: int


@dataclass(frozen=True, slots=True)
class Quote:
    """A price as billing keeps it. `agreed`: somebody's consent stands in it."""

    property_id: str
    id: str
    order_id: str
    status: str
    total_minor: int
    agreed: bool


@dataclass(frozen=True, slots=True)
class Charge:
    """What is owed for a slip."""

    property_id: str
    id: str
    order_id: str
    quote_id: str
    amount_minor: int


@dataclass(frozen=True, slots=True)
class Callback:
    """A callback, and how often dispatch told that it is due, answered, over."""

    property_id: str
    id: str
    request_id: str
    order_id: str
    technician_id: str
    round: str
    status: str
    result: str
    method: str
    opinion: str
    signers: tuple[str, ...]
    repaired_at: datetime
    rain_id: str = ""
    told: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Rain:
    """Rain as recorded; `spread`: every leak that waited for it is called back."""

    property_id: str
    id: str
    rained_at: datetime
    spread: bool


@dataclass(frozen=True, slots=True)
class Reported:
    """A request as it was accepted: what its callbacks and clocks follow from."""

    property_id: str
    request_id: str
    procedure: str
    hazard: str
    leak: bool
    reported_at: datetime
    at: datetime


@dataclass(frozen=True, slots=True)
class Told:
    """An event about a request: its type, its word (outcome, verdict, reason, other request), when."""

    property_id: str
    request_id: str
    type: str
    word: str
    at: datetime
    sequence: int


@dataclass(frozen=True, slots=True)
class Case:
    """The record of a process of the desk: a complaint, an inquiry, a message."""

    property_id: str
    id: str
    kind: str
    closed: bool
    outcome: str
    round: int


@dataclass(frozen=True, slots=True)
class Alarm:
    """A person was told that a case waits longer than it may."""

    property_id: str
    request_id: str
    kind: str
    due_at: datetime
    at: datetime
