"""Events of dispatch: work orders, their slips, their steps and their deadlines."""

from __future__ import annotations

from typing import Literal

from shared.events.envelope import Amount, Event, Moment, Personal
from shared.events.files import GivenFile

WorkKind = Literal["repair", "errand", "response"]


class StaffContact(Personal):
    """How to reach the person who has to act."""

    staff_id: str = ""
    name: str = ""
    phone: str = ""
    email: str = ""
    language: Literal["zh", "en"] = "zh"


class StaffRecorded(Event):
    """A person of a department was recorded, or recorded anew: who can be told, and who may answer for what.

    Stream: `roster:<department>`. The address stands in the personal part.
    """

    TYPE = "dispatch.staff.recorded.v1"
    SUBJECT = "staff_id"
    staff_id: str
    department: str
    role: str
    rank: int = 0
    active: bool = True
    recorded_at: Moment
    personal: StaffContact | None = None


class StepNote(Personal):
    """What somebody said about a step, in his own words."""

    note: str = ""


class WorkOrderIssued(Event):
    """A slip went out. `slip` is the printed number (year and serial).

    It never changes. `department_id` takes it even if nobody is on.
    """

    TYPE = "dispatch.work_order.issued.v1"
    SUBJECT = "work_order_id"
    work_order_id: str
    request_id: str
    kind: WorkKind
    slip: str
    slip_number: int
    slip_year: int
    period: str
    procedure: str
    department: str
    urgency: Literal["emergency", "urgent", "general"]
    place: str = ""
    assignee_id: str = ""
    last_resort: bool = False
    reported_at: Moment
    issued_at: Moment
    due_at: Moment
    appointment_at: Moment | None = None
    personal: StaffContact | None = None


class WorkOrderAssigned(Event):
    """Another person was called: after "cannot" (ruling J6), a hand-over, or a shift change."""

    TYPE = "dispatch.work_order.assigned.v1"
    SUBJECT = "work_order_id"
    work_order_id: str
    request_id: str
    assignee_id: str
    reason: str
    assigned_at: Moment
    slip: str
    place: str = ""
    personal: StaffContact | None = None


class WorkStepTaken(Event):
    """A step on the way: collected, contacted, arrived, item_confirmed, started, signed_by_owner,
    signed_by_technician, form_signed ... `rating` is the owner's, 1 to 5, 0 where he gave none.
    """

    TYPE = "dispatch.work_order.step_taken.v1"
    SUBJECT = "work_order_id"
    work_order_id: str
    request_id: str
    step: str
    status: str
    by: str
    taken_at: Moment
    note: str = ""
    due_at: Moment | None = None
    appointment_at: Moment | None = None
    rating: int | None = None
    attachments: tuple[GivenFile, ...] = ()
    personal: StepNote | None = None


class QuoteLine(Personal):
    """One line the technician or butler quotes: a tariff code with a quantity, or a partner's price."""

    code: str
    quantity: int = 1
    amount: Amount | None = None


class WorkQuoted(Event):
    """What the work will need, before it starts (P014).

    Billing prices it; tariff lines carry no amount, partner prices do.
    """

    TYPE = "dispatch.work_order.quoted.v1"
    SUBJECT = "work_order_id"
    work_order_id: str
    request_id: str
    quote_id: str
    procedure: str
    slip: str
    lines: tuple[QuoteLine, ...]
    deposit_percent: int = 0
    partner: str = ""
    start_at: Moment | None = None
    attachments: tuple[GivenFile, ...] = ()
    quoted_by: str
    quoted_at: Moment


class WorkCompleted(Event):
    """The work is done and signed by all who must sign.

    `amount` is what was written on the slip (equal to the consented quote). `free`: nobody is charged, as it
    was under `warranty` (P024) or an `outside` unit's matter (P025).
    """

    TYPE = "dispatch.work_order.completed.v1"
    SUBJECT = "work_order_id"
    work_order_id: str
    request_id: str
    kind: WorkKind
    quote_id: str = ""
    amount: Amount | None = None
    signatures: dict[str, str] = {}
    rating: int | None = None
    free: str = ""
    completed_at: Moment


class WorkWithdrawn(Event):
    """The owner withdrew on site: his mark, the reason, the supervisor's signature; the slip keeps its number
    (P023).

    `reason` is the kind of reason; the owner's own words are in the personal part.
    """

    TYPE = "dispatch.work_order.withdrawn.v1"
    SUBJECT = "work_order_id"
    work_order_id: str
    request_id: str
    slip: str
    reason: str
    owner_mark: str
    supervisor_id: str
    withdrawn_at: Moment
    attachments: tuple[GivenFile, ...] = ()
    personal: StepNote | None = None


class WorkCancelled(Event):
    """The caller's cancellation took effect on the work. `in_time` decides what happens to a deposit (P066);
    `our_delay`: the notice was received in time but confirmed late by our fault, which is never forfeited
    (ruling J4).
    """

    TYPE = "dispatch.work_order.cancelled.v1"
    SUBJECT = "work_order_id"
    work_order_id: str
    request_id: str
    slip: str
    reason: str
    notice_received_at: Moment
    confirmed_at: Moment
    start_at: Moment | None = None
    in_time: bool = True
    our_delay: bool = False
    attachments: tuple[GivenFile, ...] = ()


class ErrandBooked(Event):
    """The partner's booking stands: confirmed by the partner, form signed, deposit held (P066)."""

    TYPE = "dispatch.errand.booked.v1"
    SUBJECT = "work_order_id"
    work_order_id: str
    request_id: str
    partner: str
    detail: str
    start_at: Moment
    booked_at: Moment


class CarUnavailable(Event):
    """The partner has no car: the owner is asked about a taxi (P067)."""

    TYPE = "dispatch.errand.unavailable.v1"
    SUBJECT = "work_order_id"
    work_order_id: str
    request_id: str
    partner: str
    at: Moment


class WorkPaidOff(Event):
    """Nothing is owed any more and the slip is back at reception: the work order is closed."""

    TYPE = "dispatch.work_order.closed.v1"
    SUBJECT = "work_order_id"
    work_order_id: str
    request_id: str
    closed_at: Moment


class SlipAlarm(Event):
    """A slip needs a person: on the urgent stream `escalation:<work_order_id>`, complete in itself (design
    guarantee 9). `to_role` and the personal part name who is told.
    """

    SUBJECT = "work_order_id"
    work_order_id: str
    request_id: str
    slip: str
    department: str
    urgency: str
    to_role: str
    due_at: Moment
    raised_at: Moment
    place: str = ""
    personal: StaffContact | None = None


class DeadlineRaised(SlipAlarm):
    """A deadline comes near or has passed; `step` counts up the chain."""

    TYPE = "dispatch.escalation.raised.v1"
    kind: Literal[
        "approaching",
        "breached",
        "unassigned",
        "slip_late",
        "not_collected",
        "paperwork_late",
        "cancellation_waits",
    ]
    step: int


class WorkAlarmRaised(SlipAlarm):
    """A step on a slip has to be taken by somebody.

    `kind` says which: missing material not reported, a slip not back, one to sign, one to explain to the
    owner, a party that does not answer.
    """

    TYPE = "dispatch.work_order.alarm_raised.v1"
    kind: str


class WorkNotDone(Event):
    """A slip that could not be carried out (退单) went through head, office and customer service.

    The owner has been told (P029): the work order ends undone, nothing is owed on it, its number stays.
    """

    TYPE = "dispatch.work_order.not_done.v1"
    SUBJECT = "work_order_id"
    work_order_id: str
    request_id: str
    slip: str
    told_at: Moment
