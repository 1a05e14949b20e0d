"""Handler of what other owners are told of an emergency (P020)."""

from __future__ import annotations

import asyncio
from dataclasses import replace

from services.intake.domain import affected as rules
from services.intake.domain.directory import Person
from services.intake.domain.directory import Unit as Home
from services.intake.domain.property import setting_number
from services.intake.handlers.base import Handlers, payload
from shared.errors import demand
from shared.kernel.unit import Unit


class Alerting(Handlers):
    """Units of work that tell those whom an emergency touches."""

    async def warn_affected(self, unit: Unit) -> None:
        """One event for each of them, on the emergency's own urgent stream of warnings."""
        command = payload(unit, rules.WarnAffected)
        body = command.body
        before = await self.request(unit, command.request_id)
        demand(rules.not_to_warn(before))
        settled = await self.settled(unit)
        most = setting_number(self.catalogue.profile(settled.profile), settled, rules.AFFECTED_MAX)
        named = await asyncio.gather(*(unit.look(Home, id) for id in body.unit_ids))
        buildings = await asyncio.gather(
            *(unit.look_by(Home, "building", name, limit=most + 1) for name in body.buildings)
        )
        rules.check_named(body, named, buildings)
        homes = {*body.unit_ids, *(home.id for found in buildings for home in found)}
        if len(homes) > most:
            raise rules.too_many(most)
        found = await asyncio.gather(
            *(
                unit.look_by(Person, "units.unit_id", id, limit=rules.PEOPLE_OF_UNIT_MAX)
                for id in sorted(homes)
            )
        )
        people = (person for household in found for person in household)
        told = rules.affected(homes, people, before.person_id, most)
        lists = self.current_rules(settled, before)
        for person, unit_id in told:
            fact = rules.warned(
                before, (*lists.emergency_list, *lists.urgent_list), person, unit_id, unit.now
            )
            unit.open(f"warning:{before.id}", fact)
        after = replace(before, owners_warned=before.owners_warned + len(told))
        unit.save(after)
        where = {"buildings": ", ".join(body.buildings), "units": ", ".join(body.unit_ids)}
        self.note(unit, after, "owners.warned", count=str(len(told)), **where)
        unit.answer(await self.state(unit, after))
