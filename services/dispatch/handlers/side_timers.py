"""What the timers of the side paths find: a report, slip, answer or file that is late (P025, P027, P028)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from services.dispatch.domain.deadlines import material_due_at, party_due_at, return_due_at
from services.dispatch.domain.evidence import unconfirmed
from services.dispatch.domain.flow import Change
from services.dispatch.domain.model import WorkOrder
from services.dispatch.domain.side_commands import CheckFiles, CheckMaterial, CheckParty, CheckReturn
from services.dispatch.handlers.calling import call
from services.dispatch.handlers.evidence import copies_of
from services.dispatch.handlers.keeping import keep, payload
from shared.kernel.unit import Unit


async def check_material(unit: Unit) -> None:
    """The department head has not reported the missing material."""
    order = await _late(unit, payload(unit, CheckMaterial), material_due_at)
    if order is not None and order.material is not None:
        told = replace(order, material=replace(order.material, late_told=True))
        await _tell(unit, order, told, "material_report_late", "director", order.material.report_due_at)


async def check_return(unit: Unit) -> None:
    """The slip is not back."""
    order = await _late(unit, payload(unit, CheckReturn), return_due_at)
    if order is not None:
        told = replace(order, return_late_told=True)
        await _tell(unit, order, told, "slip_return_late", "department_head", order.return_due_at)


async def check_party(unit: Unit) -> None:
    """The developer or the outside unit has not answered."""
    order = await _late(unit, payload(unit, CheckParty), party_due_at)
    if order is not None and order.outside is not None:
        told = replace(order, outside=replace(order.outside, late_told=True))
        await _tell(unit, order, told, "party_silent", "cs_supervisor", order.outside.answer_due_at)


async def check_files(unit: Unit) -> None:
    """A file that was given with a step never came to intake, or is another one than was said."""
    order = await _late(unit, payload(unit, CheckFiles), lambda order: order.files_due_at)
    if order is None:
        return
    told = replace(order, files_due_at=None)
    if unconfirmed(order.attachments, order.request_id, await copies_of(unit, order.attachments)):
        await _tell(unit, order, told, "attachment_missing", "cs_supervisor", order.files_due_at)
    else:
        keep(unit, order, Change(told))


async def _late(
    unit: Unit,
    command: CheckMaterial | CheckReturn | CheckParty | CheckFiles,
    due_of: Callable[[WorkOrder], datetime | None],
) -> WorkOrder | None:
    """The order, unless the step was taken or its time moved meanwhile."""
    order = await unit.load(WorkOrder, command.work_order_id)
    return order if order is not None and due_of(order) == command.due_at else None


async def _tell(
    unit: Unit, before: WorkOrder, after: WorkOrder, kind: str, role: str, due: datetime | None
) -> None:
    """Call the person, and remember that it was told: the auditor looks for what was not."""
    await call(unit, after, kind, role, due)
    keep(unit, before, Change(after))
