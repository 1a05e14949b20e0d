"""What should have been told and was not.

Deadlines compared with the clock and with the marks of what was told, without knowing any timer. Pure.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from services.dispatch.domain.callback import Callback
from services.dispatch.domain.callback_alarms import alarms
from services.dispatch.domain.deadlines import answer_minutes, paperwork_due_at, reroute_at, return_due_at
from services.dispatch.domain.model import EscalationPoint, Mode, WorkOrder
from services.dispatch.domain.onsite_flow import VISITED, WAITING
from services.dispatch.domain.timetable import cancellation_at
from shared.deadlines import share_of
from shared.events.intake import Urgency

Expected = tuple[str, datetime]  # what should have happened, and by when
LAST = EscalationPoint(100, "duty_officer")


@dataclass(frozen=True, slots=True)
class Watched:
    """What the auditor reads of an open work order whose deadline is not kept yet."""

    property_id: str
    id: str
    slip: str
    status: str
    urgency: Urgency
    assignee_id: str
    issued_at: datetime
    asked_at: datetime | None
    slip_due_at: datetime
    clock_from: datetime
    due_at: datetime
    mode: Mode
    slip_within_minutes: int
    collect_within_minutes: int
    escalation: tuple[EscalationPoint, ...]
    escalated_percent: int
    escalations: int
    slip_late_raised: bool
    place: str = ""  # where the technician is
    untold: tuple[Expected, ...] = ()  # what else is due, and was not told to be late


def overdue(order: Watched, before: datetime) -> list[Expected]:
    """All that should have happened about one order before a moment, and left no mark."""
    expected: list[Expected] = []
    missed = _missed_step(order, before)
    if missed is not None:
        expected.append(("not_escalated", missed))
    if order.slip_due_at < before and order.issued_at > order.slip_due_at and not order.slip_late_raised:
        expected.append(("slip_late", order.slip_due_at))
    if not order.assignee_id and not order.escalations and order.issued_at < before:
        expected.append(("nobody_told", order.issued_at))
    minutes = answer_minutes(
        order.urgency, order.mode, order.slip_within_minutes, order.collect_within_minutes
    )
    gone = order.status in WAITING or (order.status in VISITED and order.place in ("away", "expected"))
    waits = order.status == "ISSUED" or (order.urgency == "emergency" and gone)
    if minutes is not None and waits and order.asked_at is not None:
        expected.append(("unanswered", order.asked_at + timedelta(minutes=minutes)))
    return [(kind, due) for kind, due in (*expected, *order.untold) if due < before]


def callbacks_overdue(callback: Callback, before: datetime) -> list[Expected]:
    """What is overdue about a callback, and was told to nobody."""
    return [(alarm, at) for alarm, at in alarms(callback).items() if at < before]


def beside(order: WorkOrder, before: datetime) -> list[Expected]:
    """What is overdue about an order whatever became of its deadline: the papers, a cancellation, nobody."""
    expected: list[tuple[str, datetime | None]] = []
    if not order.assignee_id:
        since = order.looked_at or order.issued_at
        expected.append(("nobody_looked_for", None if since is None else reroute_at(order, since)))
    told = order.paperwork_told_at
    if told is None or order.done_at is None or told < order.done_at:
        expected.append(("paperwork_late", paperwork_due_at(order)))
    if order.cancel_notice is not None and order.cancel_notice.told_at is None:
        expected.append(("cancellation_waits", cancellation_at(order)))
    expected.append(("attachment_missing", order.files_due_at))
    if not order.return_late_told:
        expected.append(("slip_return_late", return_due_at(order)))
    return [(kind, due) for kind, due in expected if due is not None and due < before]


def _missed_step(order: Watched, before: datetime) -> datetime | None:
    """When the highest step that was not told should have been.

    An order issued late has its steps from then on.
    """
    missed = [
        max(share_of(order.clock_from, order.due_at, point.at_percent), order.issued_at)
        for point in order.escalation or (LAST,)
        if point.at_percent > order.escalated_percent
    ]
    over = [moment for moment in missed if moment < before]
    return max(over) if over else None
