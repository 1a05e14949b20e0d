"""What should have been told and was not.

An order's deadline compared with the clock, without knowing any timer. Pure.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from services.dispatch.domain.callback import Callback
from services.dispatch.domain.callback_alarms import alarms
from services.dispatch.domain.deadlines import answer_minutes
from services.dispatch.domain.model import EscalationPoint, Mode
from services.dispatch.domain.onsite_flow import WAITING
from shared.deadlines import share_of
from shared.events.intake import Urgency

FindingKind = Literal[
    "not_escalated",
    "slip_late",
    "nobody_told",
    "unanswered",
    "report_without_slip",
    "store_away",
    "callback_late",
    "notice_late",
    "rain_missing",
    "material_report_late",
    "slip_return_late",
    "party_silent",
    "week_not_reported",
]
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
    untold: tuple[tuple[FindingKind, datetime], ...] = ()  # what else is due, and was not told to be late


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that should have happened by `expected_at` and did not.

    `subject` is the order's, or the stream's, id.
    """

    kind: FindingKind
    property_id: str
    subject: str
    slip: str
    expected_at: datetime
    late_seconds: int

    @property
    def key(self) -> str:
        """One alarm in a stated time for each of these."""
        return f"{self.property_id}:{self.subject}:{self.kind}"


def findings(order: Watched, now: datetime, grace: timedelta) -> list[Finding]:
    """All that is overdue about one order by more than the grace."""
    expected: list[tuple[FindingKind, datetime]] = []
    missed = _missed_step(order, now - grace)
    if missed is not None:
        expected.append(("not_escalated", missed))
    if order.issued_at > order.slip_due_at + grace and not order.slip_late_raised:
        expected.append(("slip_late", order.slip_due_at))
    if not order.assignee_id and not order.escalations and order.issued_at < now - grace:
        expected.append(("nobody_told", order.issued_at))
    minutes = answer_minutes(
        order.urgency, order.mode, order.slip_within_minutes, order.collect_within_minutes
    )
    waits = order.status == "ISSUED" or (order.urgency == "emergency" and order.status in WAITING)
    if minutes is not None and waits and order.asked_at is not None:
        answer = order.asked_at + timedelta(minutes=minutes)
        if answer < now - grace:
            expected.append(("unanswered", answer))
    expected += [(kind, due) for kind, due in order.untold if due < now - grace]
    return [
        Finding(kind, order.property_id, order.id, order.slip, at, int((now - at).total_seconds()))
        for kind, at in expected
    ]


def callback_findings(callback: Callback, now: datetime, grace: timedelta) -> list[Finding]:
    """What is overdue about a callback by more than the grace, and was told to nobody."""
    return [
        Finding(alarm, callback.property_id, callback.id, callback.slip, at, int((now - at).total_seconds()))
        for alarm, at in alarms(callback).items()
        if at < now - grace
    ]


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
