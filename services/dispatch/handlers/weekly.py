"""The week's reports are recorded, once (P032, P033)."""

from __future__ import annotations

from services.dispatch.domain.week import RecordWeek, WeekReport, told
from services.dispatch.handlers.keeping import payload
from shared.kernel.unit import Unit


async def record_week(unit: Unit) -> None:
    """Once a week: told to who leads the property."""
    command = payload(unit, RecordWeek)
    if await unit.load(WeekReport, command.week) is not None:
        return
    unit.save(WeekReport(unit.cause.property_id, command.week, 0, unit.now))
    unit.emit(told(command, unit.now))
