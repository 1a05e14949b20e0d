"""Finding people for a handler: who gets an order, and who is told that something is late."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from services.dispatch.domain.flow import Actor
from services.dispatch.domain.model import Loads, PropertyCopy, WorkOrder
from services.dispatch.domain.roster import DEPARTMENTS_MAX, Roster, Staff, departments_of, on_duty
from services.dispatch.domain.routing import Choice, choose, last_resort
from services.dispatch.handlers.keeping import actor_of
from shared.catalogue.model import HQ_DUTY
from shared.errors import NotFound
from shared.kernel.unit import Unit
from shared.texts.say import say

LOADS_ID = "loads"
# Whom a property calls last when it has not said so itself (J21).
DUTY_CHAIN = ("duty_officer", "director", "property_manager", HQ_DUTY)


async def find(unit: Unit, order: WorkOrder) -> Choice:
    """The person to call for this order: of its department, else the last resort."""
    roster = await unit.look(Roster, order.department)
    if roster is not None:
        loads = await unit.look(Loads, LOADS_ID)
        counts = loads.counts if loads is not None and loads.counts is not None else {}
        choice = choose(order, on_duty(roster, unit.now), counts, roster.staff)
        if choice.staff is not None:
            return choice
    return await _last(unit, order.tried)


async def recipient(unit: Unit, order: WorkOrder, role: str) -> Staff | None:
    """Who is told about an order as holder of that role; see `holder`."""
    return await holder(unit, order.department, role)


async def member(unit: Unit, staff_id: str) -> Staff | None:
    """That person of any department, if he works here."""
    found = (r.person(staff_id) for r in await rosters_of(unit))
    return next((s for s in found if s is not None and s.active), None)


async def present(unit: Unit, staff_id: str) -> Staff | None:
    """That person, if he is on duty now in any department."""
    duty = (d.staff for r in await rosters_of(unit) for d in on_duty(r, unit.now))
    return next((s for s in duty if s.id == staff_id), None)


async def holder(unit: Unit, department: str, role: str) -> Staff | None:
    """Who is told as holder of that role.

    On duty in the department, on duty anywhere, of that role at all, else last resort. Headquarters is a post
    with a telephone (J21): nobody of the property stands in for it.
    """
    rosters = await rosters_of(unit)
    own = [r for r in rosters if r.id == department]
    for group in (own, rosters):
        present = [d.staff for r in group for d in on_duty(r, unit.now) if d.staff.role == role]
        if present:
            return _first(present)
    anybody = [s for r in (own or rosters) for s in r.staff if s.active and s.role == role]
    anybody = anybody or [s for r in rosters for s in r.staff if s.active and s.role == role]
    if anybody or role == HQ_DUTY:
        return _first(anybody) if anybody else None
    return (await _last(unit, ())).staff


async def person(unit: Unit, order: WorkOrder, staff_id: str, field: str = "staff_id") -> Staff:
    """Somebody of the order's department, or of another one. Raises NotFound naming the field."""
    roster = await unit.look(Roster, order.department)
    found = roster.person(staff_id) if roster is not None else None
    if found is None:
        rosters = await rosters_of(unit)
        found = next((s for r in rosters if (s := r.person(staff_id)) is not None), None)
    if found is None:
        raise NotFound(
            "staff", say("There is no person {staff_id} in this property.", staff_id=staff_id), field=field
        )
    return found


async def head(unit: Unit) -> Actor:
    """Who sends this command, with the departments on whose rosters he stands."""
    actor = actor_of(unit)
    return replace(actor, departments=departments_of(actor.by, await rosters_of(unit)))


async def _last(unit: Unit, tried: Sequence[str]) -> Choice:
    rosters = await rosters_of(unit)
    settings = await unit.look(PropertyCopy, unit.cause.property_id)
    chain = settings.duty_chain if settings is not None and settings.duty_chain else DUTY_CHAIN
    duty = [d for r in rosters for d in on_duty(r, unit.now)]
    everybody = [s for r in rosters for s in r.staff]
    planned = frozenset(s.staff_id for r in rosters for s in r.shifts)
    return last_resort(chain, duty, everybody, planned, tried)


async def rosters_of(unit: Unit) -> Sequence[Roster]:
    """All departments of the property, as committed."""
    return await unit.look_by(Roster, "property_id", unit.cause.property_id, limit=DEPARTMENTS_MAX)


def _first(people: Sequence[Staff]) -> Staff:
    return min(people, key=lambda s: (-s.rank, s.id))
