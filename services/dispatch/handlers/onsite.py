"""The steps at the door and inside, as people take them (P016, P017)."""

from __future__ import annotations

from collections.abc import Mapping

from services.dispatch.domain import bodies, onsite, onsite_bodies, onsite_commands
from services.dispatch.domain.commands import WorkCommand
from services.dispatch.domain.flow import Change
from services.dispatch.domain.model import PropertyCopy, WorkOrder
from services.dispatch.handlers.keeping import Take, actor_of, body_of
from services.dispatch.handlers.people import person
from services.dispatch.handlers.rules import zone_of
from shared.kernel.unit import Unit


async def zone(unit: Unit) -> str:
    """The property's zone, for times as said at the desk."""
    return zone_of(await unit.look(PropertyCopy, unit.cause.property_id))


async def ring(order: WorkOrder, unit: Unit) -> Change:
    """See `onsite.ring`."""
    return onsite.ring(order, actor_of(unit), unit.now, await zone(unit))


async def show_form(order: WorkOrder, unit: Unit) -> Change:
    """See `onsite.show_form`."""
    body = body_of(unit, onsite_bodies.FormBody)
    return onsite.show_form(order, actor_of(unit), unit.now, body.confirmed, body.note)


async def enter(order: WorkOrder, unit: Unit) -> Change:
    """See `onsite.enter`."""
    companion_id = body_of(unit, onsite_bodies.EnterBody).companion_id
    companion = await person(unit, order, companion_id, "companion_id") if companion_id else None
    return onsite.enter(order, actor_of(unit), unit.now, companion)


async def leave(order: WorkOrder, unit: Unit) -> Change:
    """See `onsite.leave`."""
    return onsite.leave(order, actor_of(unit), unit.now, body_of(unit, bodies.ReasonBody).reason)


async def late(order: WorkOrder, unit: Unit) -> Change:
    """See `onsite.late`."""
    body = body_of(unit, onsite_bodies.LateBody)
    return onsite.late(order, actor_of(unit), unit.now, body.reason, body.appointment_at)


async def wait_for_owner(order: WorkOrder, unit: Unit) -> Change:
    """See `onsite.wait_for_owner`."""
    return onsite.wait_for_owner(order, actor_of(unit), unit.now, body_of(unit, bodies.ReasonBody).reason)


async def add_helper(order: WorkOrder, unit: Unit) -> Change:
    """See `onsite.add_helper`."""
    helper = await person(unit, order, body_of(unit, onsite_bodies.HelperBody).staff_id)
    return onsite.add_helper(order, actor_of(unit), unit.now, helper)


async def clean(order: WorkOrder, unit: Unit) -> Change:
    """See `onsite.clean`."""
    return onsite.clean(order, actor_of(unit), unit.now)


async def redo(order: WorkOrder, unit: Unit) -> Change:
    """See `onsite.redo`."""
    return onsite.redo(order, actor_of(unit), unit.now, body_of(unit, bodies.ReasonBody).reason)


ONSITE_STEPS: Mapping[type[WorkCommand], Take] = {
    onsite_commands.RingBell: ring,
    onsite_commands.ShowForm: show_form,
    onsite_commands.EnterHome: enter,
    onsite_commands.LeaveSite: leave,
    onsite_commands.TellLate: late,
    onsite_commands.WaitForOwner: wait_for_owner,
    onsite_commands.AddHelper: add_helper,
    onsite_commands.CleanSite: clean,
    onsite_commands.RedoWork: redo,
}
