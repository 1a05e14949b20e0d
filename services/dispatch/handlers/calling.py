"""Telling a person that a slip needs him: on the order's urgent stream, which waits for nothing."""

from __future__ import annotations

from datetime import datetime

from services.dispatch.domain.assignment import contact_of
from services.dispatch.domain.model import WorkOrder
from services.dispatch.handlers.people import recipient
from shared.events.dispatch import WorkAlarmRaised
from shared.kernel.unit import Unit


async def call(unit: Unit, order: WorkOrder, kind: str, to_role: str, due_at: datetime | None = None) -> None:
    """Tell whoever holds that role now; `due_at` is what is late or until when it is wanted."""
    personal = contact_of(await recipient(unit, order, to_role))
    due = due_at or order.due_at
    assert due is not None
    unit.open(
        f"escalation:{order.id}",
        WorkAlarmRaised(
            work_order_id=order.id,
            request_id=order.request_id,
            slip=order.slip,
            department=order.department,
            urgency=order.urgency,
            kind=kind,
            to_role=to_role,
            due_at=due,
            raised_at=unit.now,
            place=order.place,
            personal_key=f"person:{personal.staff_id}" if personal is not None else "",
            personal=personal,
        ),
    )
