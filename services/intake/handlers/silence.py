"""Handlers that tell the duty chain of a property that dispatch is silent (J30)."""

from __future__ import annotations

from services.intake.domain import commands
from services.intake.domain.property import Property
from services.intake.domain.request import Request
from services.intake.domain.watch import Overdue, SlipWatch, raised, slips_raised
from services.intake.handlers.base import Handlers, payload
from shared.kernel.unit import Unit


class Silence(Handlers):
    """Units of work that the watch causes."""

    async def raise_watch(self, unit: Unit) -> None:
        """An emergency is unanswered; it says nothing if the answer came meanwhile."""
        command = payload(unit, commands.RaiseWatch)
        before = await unit.load(Request, command.request_id)
        if before is None or not before.open or before.watch_at != command.due_at:
            return
        settled = await self.settled(unit)
        after, fact = raised(before, settled.duty_chain, self._settings(settled), unit.now)
        unit.save(after)
        unit.open(f"watch:{after.id}", fact)
        self.note(unit, after, "watch.raised", kind=fact.kind, to_role=fact.to_role, step=str(fact.step))

    async def raise_slips(self, unit: Unit) -> None:
        """Slips are not out: the property is told once for all of them, and again after a while."""
        command = payload(unit, commands.RaiseSlips)
        property_id = unit.cause.property_id
        settled = await self.settled(unit)
        state = await unit.load(SlipWatch, property_id) or SlipWatch(property_id, property_id)
        overdue = Overdue(property_id, command.count, command.urgent, command.oldest_at, command.references)
        told = slips_raised(state, overdue, settled.duty_chain, self._settings(settled), unit.now)
        if told is not None:
            unit.save(told[0])
            unit.open(f"watch:{property_id}", told[1])

    def _settings(self, settled: Property) -> dict[str, str | int | bool]:
        return self.catalogue.profile(settled.profile).settings_with(settled.settings)
