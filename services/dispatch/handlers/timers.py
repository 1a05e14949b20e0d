"""What timers find when they are due.

A step of the deadline's chain, silence, nobody found, paperwork, a waiting cancellation.
"""

from __future__ import annotations

import dataclasses

from services.dispatch.domain.assignment import contact_of, given, passed_over, reassigned
from services.dispatch.domain.commands import (
    CheckAnswer,
    CheckCancellation,
    CheckPaperwork,
    Escalate,
    FindSomebody,
)
from services.dispatch.domain.deadlines import (
    answer_due_at,
    next_step,
    paperwork_due_at,
    reroute_at,
    step_due,
)
from services.dispatch.domain.errand import last_free_cancellation
from services.dispatch.domain.flow import Change, at
from services.dispatch.domain.model import WorkOrder
from services.dispatch.domain.onsite_flow import WAITING
from services.dispatch.handlers.keeping import alarm, keep, payload
from services.dispatch.handlers.people import find, recipient
from shared.kernel.unit import Unit


async def escalate(unit: Unit) -> None:
    """The highest step that is over is raised, and the next one gets the timer.

    A deadline that moved has its own.
    """
    command = payload(unit, Escalate)
    order = await unit.load(WorkOrder, command.work_order_id)
    if order is None or order.due_at != command.due_at:
        return
    step = step_due(order, unit.now)
    if step is None:
        again = next_step(order)  # the clocks of database and process differ by a little
        if again is not None:
            unit.start_timer(
                f"deadline:{order.id}", again.at, command, chain=f"deadline:{order.id}", step=again.number
            )
        return
    after = order
    for role in step.roles:
        after = alarm(unit, after, step.kind, role, await recipient(unit, order, role), order.due_at)
    keep(unit, order, Change(dataclasses.replace(after, escalated_percent=step.at_percent)))


async def check_answer(unit: Unit) -> None:
    """Silence escalates (J6).

    The supervisor is told, and what cannot wait goes to the next person at once.
    """
    command = payload(unit, CheckAnswer)
    order = await unit.load(WorkOrder, command.work_order_id)
    if order is None or answer_due_at(order) != command.due_at:
        return
    role = order.rules.escalation[0].to_role if order.rules.escalation else order.rules.withdrawal_signature
    assert order.due_at is not None
    after = alarm(unit, order, "not_collected", role, await recipient(unit, order, role), order.due_at)
    if order.urgency == "general":
        keep(unit, order, Change(dataclasses.replace(after, asked_at=None)))
        return
    after = passed_over(after)
    if after.status in WAITING:
        after = at(after, "ISSUED", unit.now)
    choice = await find(unit, after)
    after = given(after, choice, unit.now)
    if choice.last_resort:
        after = alarm(unit, after, "unassigned", choice.role, choice.staff, order.due_at)
    keep(unit, order, Change(after, (reassigned(after, "no_answer", unit.now, contact_of(choice.staff)),)))


async def find_somebody(unit: Unit) -> None:
    """Nobody had it: look again, until somebody has come on duty."""
    command = payload(unit, FindSomebody)
    order = await unit.load(WorkOrder, command.work_order_id)
    again = reroute_at(order, unit.now) if order is not None else None
    if order is None or again is None:
        return
    choice = await find(unit, order)
    if choice.staff is None:
        unit.start_timer(f"find:{order.id}", again, command)
        unit.save(dataclasses.replace(order, looked_at=unit.now))
        return
    after = given(order, choice, unit.now)
    keep(unit, order, Change(after, (reassigned(after, "found", unit.now, contact_of(choice.staff)),)))


async def check_paperwork(unit: Unit) -> None:
    """An emergency's slip is still not complete and signed (P020)."""
    command = payload(unit, CheckPaperwork)
    order = await unit.load(WorkOrder, command.work_order_id)
    due = paperwork_due_at(order) if order is not None else None
    if order is None or due is None:
        return
    role = order.rules.withdrawal_signature
    after = alarm(unit, order, "paperwork_late", role, await recipient(unit, order, role), due)
    unit.save(dataclasses.replace(after, paperwork_told_at=unit.now))


async def check_cancellation(unit: Unit) -> None:
    """The butler desk has not confirmed a cancellation; if it waits too long the delay is ours (J4)."""
    command = payload(unit, CheckCancellation)
    order = await unit.load(WorkOrder, command.work_order_id)
    if order is None or not order.open or order.cancel_notice is None:
        return
    role = "butler_supervisor"
    due = last_free_cancellation(order) or order.cancel_notice.received_at
    after = alarm(unit, order, "cancellation_waits", role, await recipient(unit, order, role), due)
    told = dataclasses.replace(order.cancel_notice, told_at=unit.now)
    unit.save(dataclasses.replace(after, cancel_notice=told))
