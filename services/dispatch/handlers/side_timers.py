"""What the timers of the side paths find: a report, a slip or an answer that is late (P025, P027, P028)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from services.dispatch.domain.deadlines import material_due_at, party_due_at, return_due_at
from services.dispatch.domain.model import WorkOrder
from services.dispatch.domain.side_commands import CheckMaterial, CheckParty, CheckReturn
from services.dispatch.handlers.calling import call
from services.dispatch.handlers.keeping import payload
from shared.kernel.unit import Unit


async def check_material(unit: Unit) -> None:
    """The department head has not reported the missing material."""
    command = payload(unit, CheckMaterial)
    await _late(unit, command, material_due_at, "material_report_late", "director")


async def check_return(unit: Unit) -> None:
    """The slip is not back."""
    command = payload(unit, CheckReturn)
    await _late(unit, command, return_due_at, "slip_return_late", "department_head")


async def check_party(unit: Unit) -> None:
    """The developer or the outside unit has not answered."""
    command = payload(unit, CheckParty)
    await _late(unit, command, party_due_at, "party_silent", "cs_supervisor")


async def _late(
    unit: Unit,
    command: CheckMaterial | CheckReturn | CheckParty,
    due_of: Callable[[WorkOrder], datetime | None],
    kind: str,
    role: str,
) -> None:
    """Tell it, unless the step was taken or its time moved meanwhile."""
    order = await unit.load(WorkOrder, command.work_order_id)
    if order is not None and due_of(order) == command.due_at:
        await call(unit, order, kind, role, command.due_at)
