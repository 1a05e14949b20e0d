"""Telling a person that a slip needs him, on the order's urgent stream; sending one to an emergency."""

from __future__ import annotations

from datetime import datetime

from services.dispatch.domain import assignment
from services.dispatch.domain.assignment import Reason, contact_of, given, reassigned, recalled
from services.dispatch.domain.flow import Change, at, step
from services.dispatch.domain.model import WorkOrder
from services.dispatch.domain.onsite_flow import WAITING, unattended
from services.dispatch.domain.routing import Choice
from services.dispatch.domain.side_flow import HELD
from services.dispatch.handlers.keeping import alarm
from services.dispatch.handlers.people import find, present, recipient
from shared.events.dispatch import WorkAlarmRaised
from shared.kernel.unit import Unit


async def call(unit: Unit, order: WorkOrder, kind: str, to_role: str, due_at: datetime | None = None) -> None:
    """Tell whoever holds that role now; `due_at` is what is late or until when it is wanted."""
    personal = contact_of(await recipient(unit, order, to_role))
    due = due_at or order.due_at
    assert due is not None
    fact = WorkAlarmRaised(**assignment.alarm(order, to_role, unit.now, due, personal), kind=kind)
    unit.open(f"escalation:{order.id}", fact)


async def sent(unit: Unit, change: Change, reason: Reason) -> Change:
    """Send somebody to an emergency nobody is at: who has it, if he is on duty, else the next (P020)."""
    order, facts = change.order, change.events
    if order.status in HELD:
        order = recalled(order, unit.now)
        facts = (*facts, step(order, "recalled", "system", unit.now))
    if order.kind == "errand" or not unattended(order):
        return Change(order, facts)
    has_it = None if order.status == "ISSUED" else await present(unit, order.assignee_id)
    choice = Choice(has_it) if has_it is not None else await find(unit, order)
    if has_it is None and order.status in WAITING:
        order = at(order, "ISSUED", unit.now)
    order = given(order, choice, unit.now)
    if choice.last_resort:
        assert order.due_at is not None
        order = alarm(unit, order, "unassigned", choice.role, choice.staff, order.due_at)
    return Change(order, (*facts, reassigned(order, reason, unit.now, contact_of(choice.staff))))
