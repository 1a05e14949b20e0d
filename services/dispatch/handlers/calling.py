"""Telling a person that a slip needs him: on the order's urgent stream, which waits for nothing."""

from __future__ import annotations

from datetime import datetime

from services.dispatch.domain.assignment import alarm, contact_of
from services.dispatch.domain.model import WorkOrder
from services.dispatch.handlers.people import recipient
from shared.events.dispatch import WorkAlarmRaised
from shared.kernel.unit import Unit


async def call(unit: Unit, order: WorkOrder, kind: str, to_role: str, due_at: datetime | None = None) -> None:
    """Tell whoever holds that role now; `due_at` is what is late or until when it is wanted."""
    personal = contact_of(await recipient(unit, order, to_role))
    due = due_at or order.due_at
    assert due is not None
    fact = WorkAlarmRaised(**alarm(order, to_role, unit.now, due, personal), kind=kind)
    unit.open(f"escalation:{order.id}", fact)
