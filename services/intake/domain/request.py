"""The request: the spine of the platform.

What was asked, how urgent it is, who answers for it, and where it stands.

It ends only in the states of ruling J7. What other services do is kept as a short summary (`Work`,
`Account`), fed by their events; the history is the timeline.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Literal

from shared.events.envelope import Lane
from shared.events.intake import Outcome, Requester, Urgency

Status = Literal["OPEN"] | Outcome
Stage = Literal[
    "RECEIVED",
    "ISSUED",
    "ARRANGED",
    "IN_WORK",
    "DONE",
    "TO_CONFIRM",
    "CANCEL_ASKED",
    "JOINED",
    "REOPENED",
    "CLOSED",
]
FieldValue = str | int | bool
AFTER_HANDLING: frozenset[Outcome] = frozenset({"SATISFIED", "ANSWERED", "JOINED"})
WatchFor = Literal["", "answer", "slip"]
DESK_STAGES: Mapping[str, Stage] = {
    "ASSIGNED": "IN_WORK",
    "INVESTIGATED": "IN_WORK",
    "VALID": "IN_WORK",
    "INVALID": "IN_WORK",
    "HANDLED": "TO_CONFIRM",
    "DEFERRED": "IN_WORK",
}
"""What the state of a process of the desk means as a stage; every other state: RECEIVED."""


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asked, as known at that moment. `phone` is E.164."""

    name: str = ""
    phone: str = ""
    email: str = ""
    language: Literal["zh", "en"] = "zh"


@dataclass(frozen=True, slots=True)
class Work:
    """What dispatch does about it: the latest work order."""

    work_order_id: str
    slip: str = ""
    department: str = ""
    kind: str = ""
    step: str = ""
    assignee_id: str = ""
    issued_at: datetime | None = None
    due_at: datetime | None = None
    arranged_at: datetime | None = None
    completed_at: datetime | None = None
    closed_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Account:
    """What billing knows, in minor units of `currency`."""

    currency: str = ""
    quoted_minor: int | None = None
    consented: bool = False
    charged_minor: int = 0
    paid_minor: int = 0
    deposit_minor: int = 0
    deposit: Literal["", "requested", "held", "applied", "refunded", "disputed", "forfeited"] = ""
    settled_at: datetime | None = None

    @property
    def clear(self) -> bool:
        """Nothing is owed and nothing is held."""
        return self.settled_at is not None or (
            self.charged_minor == 0 and self.deposit in {"", "refunded", "forfeited"}
        )


@dataclass(frozen=True, slots=True)
class Promise:
    """A time told to the customer (P012); `missed` counts promises that passed before the work was done, the
    last of them at `missed_at`.
    """

    promised_at: datetime | None = None
    made_at: datetime | None = None
    made_by: str = ""
    customer_named: bool = False
    moved: int = 0
    missed: int = 0
    missed_at: datetime | None = None
    wanted_at: datetime | None = None  # what the customer asks for, while a supervisor has not decided
    watch_at: datetime | None = None  # when the next is told about it: that it comes near, that it has passed


@dataclass(frozen=True, slots=True)
class Talk:
    """The director's conversation with a special client after handling (P009).

    `within_hours` 0: the client is not a special one, and nothing is ever due.
    """

    within_hours: int = 0
    waiting: bool = False
    due_at: datetime | None = None
    held_at: datetime | None = None
    held_by: str = ""
    contact_id: str = ""
    late: bool = False
    outcome: Literal["", "SATISFIED", "CONTINUE"] = ""

    def after(self, outcome: Outcome, at: datetime) -> Talk:
        """The request has ended: the director talks to a special client whose matter was handled."""
        if not self.within_hours or outcome not in AFTER_HANDLING:
            return self
        return Talk(self.within_hours, waiting=True, due_at=at + timedelta(hours=self.within_hours))

    def again(self) -> Talk:
        """The matter goes on: there is another conversation after its next end."""
        return replace(self, waiting=False, due_at=None) if self.waiting else self


@dataclass(frozen=True, slots=True)
class Request:
    """One need of an owner.

    `works`: dispatch makes work of it. `process`: the desk takes it to its end itself; `case_state` is then
    where that process stands. `not_supplied`: what has still to be asked.
    `attachments_added`: removed ones too.
    """

    property_id: str
    id: str
    version: int = 0
    reference: str = ""
    procedure: str = ""
    catalogue_version: str = ""
    works: bool = True
    process: Literal["", "complaint", "inquiry", "relay"] = ""
    case_state: str = ""
    difficult: bool = False  # a superior has still to call the owner himself
    chased: bool = False  # it was reported as difficult once: the first contact keeps chasing (P037)
    joined_to: str = ""
    status: Status = "OPEN"
    stage: Stage = "RECEIVED"
    urgency: Urgency = "general"
    urgency_by: str = "default"
    hazard: str = ""
    lane: Lane = "routine"
    category: str = ""
    area: Literal["indoor", "public"] = "indoor"
    unit_id: str = ""
    building: str = ""
    place: str = ""
    description: str = ""
    fields: Mapping[str, FieldValue] = field(default_factory=dict)
    personal_fields: Mapping[str, FieldValue] = field(default_factory=dict)
    caller: Caller = Caller()
    person_id: str = ""
    contact_id: str = ""
    channel: str = ""
    first_contact_id: str = ""
    recorded_by: str = ""
    device: str = ""
    reported_at: datetime | None = None
    recorded_at: datetime | None = None
    appointment_at: datetime | None = None
    origin: Literal["live", "history", "replay"] = "live"
    import_source: str = ""
    not_supplied: tuple[str, ...] = ()
    set_aside: tuple[str, ...] = ()
    complete_by: datetime | None = None
    same_as: str = ""
    promise: Promise = Promise()
    notice_received_at: datetime | None = None
    work: Work | None = None
    slips: tuple[str, ...] = ()
    department: str = ""
    account: Account = Account()
    unanswered_callbacks: int = 0
    reopened: int = 0
    attachments_added: int = 0
    owners_warned: int = 0  # others, whom an emergency touches (P020)
    closed_at: datetime | None = None
    watch_at: datetime | None = None  # when it is told that dispatch is silent (J30); None: not waited for
    watch_for: WatchFor = ""
    watch_step: int = 0
    first_contact_due_at: datetime | None = None  # when it is told that nobody has taken it over (P009)
    refer_at: datetime | None = None  # when an unsettled visit goes to the head of the department (P003)
    talk: Talk = Talk()  # the director's, with a special client (P009)

    @property
    def open(self) -> bool:
        """Whether it has not ended (ruling J7)."""
        return self.status == "OPEN"


def staged(request: Request) -> Request:
    """The request with the stage that follows from what is known of it."""
    return replace(request, stage=_stage(request))


def _stage(r: Request) -> Stage:
    if not r.open:
        return "CLOSED"
    if r.joined_to:
        return "JOINED"
    if r.notice_received_at is not None:
        return "CANCEL_ASKED"
    if r.process:
        return DESK_STAGES.get(r.case_state, "RECEIVED")
    if r.work is None:
        return "RECEIVED"
    if r.work.closed_at is not None and r.account.clear:
        return "TO_CONFIRM"
    if r.work.completed_at is not None or r.work.closed_at is not None:
        return "DONE"
    if r.work.step == "reopened":
        return "REOPENED"
    if r.work.step:
        return "IN_WORK"
    return "ARRANGED" if r.work.arranged_at is not None else "ISSUED"


def ended(request: Request, outcome: Outcome, at: datetime) -> Request:
    """The request in an end state; it no longer counts among the open ones of its place."""
    over = replace(request, status=outcome, closed_at=at, same_as="", watch_at=None, watch_for="")
    promise = replace(over.promise, watch_at=None)
    talk = request.talk.after(outcome, at)
    return staged(replace(over, promise=promise, first_contact_due_at=None, refer_at=None, talk=talk))


def personal_key(request: Request) -> str:
    """Whose data key seals the personal part of this request's events (ruling J9)."""
    return f"person:{request.person_id}" if request.person_id else f"request:{request.id}"


def requester(request: Request) -> Requester:
    """The personal part of this request's events."""
    c = request.caller
    return Requester(
        name=c.name,
        phone=c.phone,
        email=c.email,
        language=c.language,
        description=request.description,
        fields=dict(request.personal_fields),
    )


def same_as(unit_id: str, place: str, category: str) -> str:
    """What two open requests about the same thing have in common: the unit, or the public place, and the
    category.
    """
    where = unit_id or " ".join(place.casefold().split())
    return f"{where}:{category}" if where else ""
