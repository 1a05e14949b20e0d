"""When a slip has to be out, when work is due, and who is told on the way (P018, P019, P020; domain §8.3.12).

The numbers are the catalogue's; the days are calendar days of the property's zone.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from services.dispatch.domain.model import DONE, ENDED, URGENCY_RANK, EscalationPoint, Mode, WorkOrder
from services.dispatch.domain.onsite_flow import unattended
from services.dispatch.domain.side_flow import HELD
from shared.catalogue.model import DispatchRules
from shared.deadlines import add_calendar_days, share_of
from shared.events.intake import Urgency
from shared.moments import to_ms

RETURNED = ENDED | {"SIGNED", "USED"}
REROUTE_MINUTES: dict[str, int] = {"emergency": 1, "urgent": 5, "general": 15}

EscalationKind = Literal[
    "approaching",
    "breached",
    "unassigned",
    "slip_late",
    "not_collected",
    "paperwork_late",
    "cancellation_waits",
]


def due_at(
    rules: DispatchRules, urgency: Urgency, since: datetime, zone: str, start_at: datetime | None = None
) -> datetime:
    """When the work has to be done. An errand is due by its start, if that lies ahead."""
    if rules.kind == "errand" and start_at is not None and start_at > since:
        return to_ms(start_at)
    if urgency == "emergency":
        return to_ms(since + timedelta(minutes=rules.emergency_due_minutes))
    if urgency == "urgent":
        return to_ms(since + timedelta(hours=rules.urgent_due_hours))
    return to_ms(add_calendar_days(since, rules.general_due_days, zone))


def more_urgent(order: WorkOrder, urgency: Urgency) -> bool:
    """Whether that urgency is above the order's."""
    return URGENCY_RANK[urgency] > URGENCY_RANK[order.urgency]


@dataclass(frozen=True, slots=True)
class EscalationStep:
    """One step of the chain: its place, its moment, who is told."""

    number: int
    at_percent: int
    roles: tuple[str, ...]
    at: datetime

    @property
    def kind(self) -> EscalationKind:
        """Before the deadline it comes near; from then on it is breached."""
        return "approaching" if self.at_percent < 100 else "breached"


def escalation_steps(order: WorkOrder) -> Iterator[EscalationStep]:
    """The chain of an order, in time order. Empty once the deadline is kept."""
    if order.status in DONE or order.due_at is None or order.clock_from is None:
        return
    points = sorted(order.rules.escalation, key=lambda p: p.at_percent) or [
        EscalationPoint(100, "duty_officer")
    ]
    for number, point in enumerate(points, start=1):
        moment = share_of(order.clock_from, order.due_at, point.at_percent)
        also = point.urgent_also if order.urgency != "general" else ()
        yield EscalationStep(number, point.at_percent, (point.to_role, *also), moment)


def next_step(order: WorkOrder) -> EscalationStep | None:
    """The step that has its timer: the first one above what was raised.

    One timer an order, not one a step.
    """
    return next((s for s in escalation_steps(order) if s.at_percent > order.escalated_percent), None)


def step_due(order: WorkOrder, now: datetime) -> EscalationStep | None:
    """The highest step that is over and was not raised.

    After an outage the lower ones are not told any more.
    """
    over = [s for s in escalation_steps(order) if s.at_percent > order.escalated_percent and s.at <= now]
    return over[-1] if over else None


def answer_minutes(urgency: Urgency, mode: Mode, slip_within: int, collect_within: int) -> int | None:
    """How long somebody may be silent about a new slip; None where silence means nothing.

    An emergency has to be answered within the time of the slip; an urgent order, and any that is collected or
    called out by radio, within the time of collection (P027).
    """
    if urgency == "emergency":
        return slip_within
    return collect_within if urgency == "urgent" or mode != "push" else None


def answer_due_at(order: WorkOrder) -> datetime | None:
    """Until when who was called must have taken the slip up; in an emergency also who had it before.

    An errand begins with its first question, not with a slip.
    """
    rules = order.rules
    minutes = answer_minutes(
        order.urgency, rules.mode, rules.slip_within_minutes, rules.collect_within_minutes
    )
    asked = order.status == "ISSUED" or (order.emergency and unattended(order))
    if not asked or minutes is None or order.asked_at is None:
        return None
    return order.asked_at + timedelta(minutes=minutes)


def reroute_at(order: WorkOrder, now: datetime) -> datetime | None:
    """When to look again for somebody; None if somebody has it, or it is in others' hands."""
    if order.assignee_id or not order.open or order.status in HELD or unsigned_notice(order):
        return None
    return now + timedelta(minutes=REROUTE_MINUTES[order.urgency])


def paperwork_due_at(order: WorkOrder) -> datetime | None:
    """Until when an emergency's slip has to be completed and signed (P020); None once it is."""
    if order.emergency and order.status == "REPAIRED" and order.done_at is not None:
        return order.done_at + timedelta(hours=order.rules.paperwork_within_hours)
    return None


def unsigned_notice(order: WorkOrder) -> bool:
    """Whether the trade is not told yet, because the supervisor has not signed the notice (P026)."""
    return bool(order.rules.notice_signature) and order.notice is None and not order.emergency


def material_due_at(order: WorkOrder) -> datetime | None:
    """Until when the department head has to report missing material (P028); None once he has."""
    waits = order.open and order.material is not None and order.material.state == "MISSING"
    return order.material.report_due_at if waits and order.material is not None else None


def return_due_at(order: WorkOrder) -> datetime | None:
    """Until when the slip has to be back (P027); None once it is, or while another party has the matter."""
    return order.return_due_at if order.status not in RETURNED and order.outside is None else None


def party_due_at(order: WorkOrder) -> datetime | None:
    """Until when the party that has the matter has to answer; None once it has."""
    if order.outside is None or not order.open or order.outside.answered_at is not None:
        return None
    return order.outside.answer_due_at
