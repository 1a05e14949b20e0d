"""What the rules judge: plain facts from the databases, the gateways' logs and the journal of a run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Violation:
    """Something that must not be: the rule it breaks, where it stands, and what is wrong."""

    rule: str
    where: str
    what: str


# --- From the journal of the run: what clients were told --------------------------------------------------


@dataclass(frozen=True, slots=True)
class Accepted:
    """A request that a client sent until it got a 2xx answer."""

    property_id: str
    request_id: str
    reference: str


@dataclass(frozen=True, slots=True)
class Shown:
    """A state of a request that a client was shown."""

    property_id: str
    request_id: str
    status: str


@dataclass(frozen=True, slots=True)
class Handed:
    """A receipt a client was handed, with its amount in minor units."""

    property_id: str
    payment_id: str
    receipt: str
    amount_minor: int


@dataclass(frozen=True, slots=True)
class Outage:
    """A process was down, or its work stood still, from one moment to another."""

    process: str
    since: datetime
    until: datetime


# --- From the databases -----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Request:
    """A request of intake."""

    property_id: str
    id: str
    reference: str
    status: str
    procedure: str = "repair-report"
    joined_to: str = ""


@dataclass(frozen=True, slots=True)
class Ending:
    """An event that ended a request, opened it again (`outcome` REOPENED), or made it an EMERGENCY."""

    property_id: str
    request_id: str
    outcome: str
    sequence: int = 0


@dataclass(frozen=True, slots=True)
class Order:
    """A work order of dispatch, with the deadline it has now. `done_at`: when the deadline was kept."""

    property_id: str
    id: str
    request_id: str
    stream: str
    kind: str
    status: str
    rework_of: str
    succeeded_by: str
    issued_at: datetime
    clock_from: datetime
    due_at: datetime
    done_at: datetime | None
    percents: tuple[int, ...]
    answer_minutes: int | None
    urgency: str = "general"


@dataclass(frozen=True, slots=True)
class Step:
    """An event of dispatch about a work order.

    `due_at` is the deadline it names, `kind` that of the alarm or step, `assignee` who is asked by it.
    """

    type: str
    at: datetime
    sequence: int
    kind: str = ""
    due_at: datetime | None = None
    assignee: str = ""


@dataclass(frozen=True, slots=True)
class Number:
    """A number that was taken, and what for."""

    property_id: str
    series: str
    year: int
    number: int
    of: str
    state: str
    reason: str


@dataclass(frozen=True, slots=True)
class Use:
    """A document that bears a number."""

    property_id: str
    series: str
    year: int
    number: int
    of: str


@dataclass(frozen=True, slots=True)
class Entry:
    """A ledger entry: the sum of its lines and the sum of its debits."""

    property_id: str
    id: str
    kind: str
    document_id: str
    currency: str
    sum_minor: int
    debit_minor: int


@dataclass(frozen=True, slots=True)
class Money:
    """A payment or charge: what an entry of one of these `kinds` must book, once."""

    property_id: str
    id: str
    amount_minor: int
    kinds: tuple[str, ...]
    receipt: str = ""


@dataclass(frozen=True, slots=True)
class Hop:
    """One channel of a message's plan, with the key under which it is known there."""

    channel: str
    key: str


@dataclass(frozen=True, slots=True)
class Message:
    """A message of notify. `channel`: the one it was sent by, or is to be sent by next."""

    property_id: str
    id: str
    stream: str
    audience: str
    template: str
    state: str
    reason: str
    channel: str
    next_attempt_at: datetime | None
    plan: tuple[Hop, ...]

    def key_on(self, channel: str) -> str:
        """Its key on that channel; empty if the plan does not have it."""
        return next((hop.key for hop in self.plan if hop.channel == channel), "")


@dataclass(frozen=True, slots=True)
class Taken:
    """One line of a gateway's own log: a message it took, or recognised as one it had (`duplicate`)."""

    key: str
    outcome: str
    repeated: bool
    at: datetime


@dataclass(frozen=True, slots=True)
class Published:
    """The events of one producer on one stream, as its journal has them."""

    producer: str
    property_id: str
    stream: str
    lowest: int
    highest: int
    count: int
    different: int


@dataclass(frozen=True, slots=True)
class Progress:
    """How far one service has come with one stream."""

    service: str
    property_id: str
    stream: str
    own: int
    seen: Mapping[str, int]
    waiting: int
    parked: str


@dataclass(frozen=True, slots=True)
class Kept:
    """A row that is kept because something could not be applied: an early event, or a parked one."""

    service: str
    id: str
    since: datetime
    reason: str


@dataclass(frozen=True, slots=True)
class Timer:
    """A timer that has not fired. `readable`: the sweeper can still make sense of it."""

    service: str
    id: str
    due_at: datetime
    readable: bool
