"""The timeline of a request over all services (ruling J24): who, when, what, from where.

One row an event; no personal data in it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from services.intake.domain.request import Request
from shared.events import billing, dispatch, dispatch_callbacks, dispatch_roster, notify
from shared.events.envelope import Amount, Event
from shared.money import Money


@dataclass(frozen=True, slots=True)
class Entry:
    """One line.

    `source` is the service, `device` what the person used, `on_behalf_of` the first contact he acted for.
    """

    property_id: str
    id: str
    version: int = 0
    request_id: str = ""
    at: datetime | None = None
    who: str = ""
    what: str = ""
    source: str = "intake"
    device: str = ""
    on_behalf_of: str = ""
    detail: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Line:
    """How an event becomes a line: which of its fields say when and who, and what is shown of it."""

    what: str
    at: str
    who: str = ""
    detail: tuple[str, ...] = ()


def entry_id(source: str, sequence: int, derived_id: str) -> str:
    """Ids sort lines of the same moment: the beginning first, then each producer's in the order it told
    them.
    """
    return f"{source}.{sequence:08d}.{derived_id}"


def line_of(event: Event, property_id: str, id: str) -> Entry | None:
    """The line of another service's event, or None for one that says nothing about a request."""
    line = LINES.get(type(event))
    if line is None:
        return None
    return Entry(
        property_id,
        id,
        request_id=str(getattr(event, "request_id", "")),
        at=getattr(event, line.at),
        who=str(getattr(event, line.who)) if line.who else "",
        what=line.what,
        source=event.producer(),
        detail={
            name: _shown(getattr(event, name))
            for name in line.detail
            if getattr(event, name) not in (None, "")
        },
    )


def first_lines(request: Request) -> list[Entry]:
    """The beginning of every timeline, told from the request itself: when it was reported, and when and
    by whom it was accepted.
    """
    pid, rid = request.property_id, request.id
    reported = Entry(
        pid,
        f"0.{rid}.1",
        request_id=rid,
        at=request.reported_at,
        who=request.first_contact_id,
        what="request.reported",
        detail={"channel": request.channel, "contact_id": request.contact_id},
    )
    accepted = Entry(
        pid,
        f"0.{rid}.2",
        request_id=rid,
        at=request.recorded_at,
        who=request.recorded_by,
        what="request.accepted",
        device=request.device,
        on_behalf_of=request.first_contact_id if request.first_contact_id != request.recorded_by else "",
        detail={"reference": request.reference, "procedure": request.procedure},
    )
    return [reported, accepted]


def _shown(value: object) -> str:
    if isinstance(value, Amount):
        return str(Money(value.amount_minor, value.currency))
    if isinstance(value, datetime):
        return value.isoformat()
    return str(value).lower() if isinstance(value, bool) else str(value)


LINES: dict[type[Event], Line] = {
    dispatch.WorkOrderIssued: Line(
        "work_order.issued",
        "issued_at",
        "",
        ("slip", "department", "assignee_id", "urgency", "due_at", "last_resort"),
    ),
    dispatch.WorkOrderAssigned: Line(
        "work_order.assigned", "assigned_at", "", ("slip", "assignee_id", "reason")
    ),
    dispatch.WorkStepTaken: Line("work_order.step", "taken_at", "by", ("step", "status", "due_at")),
    dispatch.WorkQuoted: Line("work_order.quoted", "quoted_at", "quoted_by", ("slip", "partner")),
    dispatch.WorkCompleted: Line("work_order.completed", "completed_at", "", ("kind", "amount")),
    dispatch.WorkWithdrawn: Line("work_order.withdrawn", "withdrawn_at", "supervisor_id", ("slip",)),
    dispatch.WorkCancelled: Line(
        "work_order.cancelled", "confirmed_at", "", ("slip", "notice_received_at", "in_time", "our_delay")
    ),
    dispatch.ErrandBooked: Line("errand.booked", "booked_at", "", ("partner", "start_at")),
    dispatch.CarUnavailable: Line("errand.unavailable", "at", "", ("partner",)),
    dispatch.WorkPaidOff: Line("work_order.closed", "closed_at"),
    dispatch.WorkNotDone: Line("work_order.not_done", "told_at", "", ("slip",)),
    dispatch.WorkAlarmRaised: Line("alarm.raised", "raised_at", "", ("slip", "kind", "to_role", "due_at")),
    dispatch.DeadlineRaised: Line(
        "escalation.raised", "raised_at", "", ("slip", "kind", "step", "to_role", "due_at")
    ),
    dispatch_roster.MessageHandedOver: Line("message.handed_over", "handed_at", "", ("from_id", "to_id")),
    dispatch_callbacks.CallbackScheduled: Line(
        "callback.scheduled", "scheduled_at", "", ("slip", "kind", "round", "due_at")
    ),
    dispatch_callbacks.CallbackAttempted: Line(
        "callback.attempted", "attempted_at", "by", ("slip", "method", "result", "number")
    ),
    dispatch_callbacks.CallbackAnswered: Line(
        "callback.answered", "answered_at", "by", ("slip", "opinion", "problem", "method")
    ),
    dispatch_callbacks.CallbackClosed: Line(
        "callback.closed", "closed_at", "", ("slip", "result", "proven", "reason")
    ),
    dispatch_callbacks.ProblemNoticed: Line(
        "callback.problem_noticed", "noticed_at", "", ("slip", "problem", "staff_id", "read_by_at")
    ),
    dispatch_callbacks.CallbackOverdue: Line(
        "callback.overdue", "raised_at", "", ("slip", "kind", "to_role", "due_at")
    ),
    dispatch_callbacks.NoticeRead: Line("callback.notice_read", "read_at", "by", ("slip",)),
    billing.QuoteOffered: Line("quote.offered", "offered_at", "", ("total", "deposit", "expires_at")),
    billing.QuoteConsented: Line("quote.consented", "consented_at", "recorded_by", ("total",)),
    billing.QuoteRefused: Line("quote.refused", "refused_at"),
    billing.ChargePosted: Line("charge.posted", "posted_at", "", ("amount",)),
    billing.ChargeNoted: Line("charge.noted", "noted_at", "noted_by", ("slip", "amount")),
    billing.PaymentReceived: Line(
        "payment.received", "received_at", "collected_by", ("amount", "purpose", "method", "receipt")
    ),
    billing.DepositRequested: Line("deposit.requested", "requested_at", "", ("amount",)),
    billing.DepositHeld: Line("deposit.held", "held_at", "", ("amount",)),
    billing.DepositApplied: Line("deposit.applied", "applied_at", "", ("amount",)),
    billing.DepositRefunded: Line("deposit.refunded", "refunded_at", "", ("amount",)),
    billing.RefundPaid: Line("refund.paid", "paid_at", "paid_by", ("amount", "method")),
    billing.ForfeitureOverdue: Line(
        "deposit.forfeiture_overdue", "raised_at", "", ("amount", "decide_by", "step", "to_role")
    ),
    billing.ForfeitureProposed: Line(
        "deposit.forfeiture_proposed", "proposed_at", "", ("amount", "decide_by")
    ),
    billing.DepositForfeited: Line("deposit.forfeited", "forfeited_at", "approved_by", ("amount", "kept_by")),
    billing.RequestSettled: Line("request.settled", "settled_at"),
    notify.MessageSent: Line("message.sent", "sent_at", "", ("audience", "template", "channel")),
    notify.MessageFailed: Line(
        "message.failed", "failed_at", "", ("audience", "template", "channel", "reason")
    ),
    notify.MessageUnknown: Line("message.unknown", "unknown_at", "", ("audience", "template", "channel")),
}
