"""What every handler ends with.

The order saved, its facts emitted, its timers set and forgotten, alarms raised.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import TypeVar

from services.dispatch.domain import bodies, commands
from services.dispatch.domain.assignment import contact_of, raised
from services.dispatch.domain.deadlines import EscalationKind
from services.dispatch.domain.flow import Actor, Change
from services.dispatch.domain.model import WorkOrder
from services.dispatch.domain.roster import Staff
from services.dispatch.domain.timetable import changes
from shared.errors import Bug
from shared.kernel.unit import Unit

P = TypeVar("P")
B = TypeVar("B", bound=bodies.Body)
Take = Callable[[WorkOrder, Unit], Awaitable[Change]]


def payload(unit: Unit, kind: type[P]) -> P:
    """The command or event of the unit."""
    found = unit.cause.payload
    if not isinstance(found, kind):
        raise Bug(f"{kind.__name__} was expected")
    return found


def body_of(unit: Unit, kind: type[B]) -> B:
    """The body of the step."""
    body = payload(unit, commands.WorkCommand).body
    assert isinstance(body, kind)
    return body


def actor_of(unit: Unit) -> Actor:
    """Who sends this command, with the roles held now."""
    principal = unit.cause.principal
    return Actor(principal.sub, principal.roles_in(unit.cause.property_id, unit.now))


def keep(unit: Unit, before: WorkOrder | None, change: Change) -> WorkOrder:
    """Save, emit, and move the timers; the order as it will be stored."""
    after = change.order
    for event in change.events:
        unit.emit(event)
    if after == before:
        return after
    unit.save(after)
    moves = changes(before, after, unit.now)
    for key in moves.cancel:
        unit.cancel_timer(key)
    for key, timer in moves.start.items():
        unit.start_timer(key, timer.due_at, timer.command, chain=timer.chain, step=timer.step)
    return dataclasses.replace(after, version=after.version + 1)


def alarm(
    unit: Unit, order: WorkOrder, kind: EscalationKind, to_role: str, staff: Staff | None, due_at: datetime
) -> WorkOrder:
    """Raise an alarm on the order's urgent stream, which waits for nothing.

    The order with the alarm counted.
    """
    after, fact = raised(order, kind, to_role, unit.now, due_at, contact_of(staff))
    unit.open(f"escalation:{order.id}", fact)
    return after
