"""Handlers of the service guide: what is offered, its editions, and how they are given out (P015)."""

from __future__ import annotations

import asyncio

from services.intake.directory_answers import Recorded
from services.intake.domain import guide as rules
from services.intake.domain import guide_commands as c
from services.intake.domain import guide_edition as editions
from services.intake.domain.affected import ROLES
from services.intake.domain.directory import Person
from services.intake.domain.guide import GUIDE, Guide
from services.intake.domain.guide_edition import Edition, Pricing
from services.intake.domain.property import Property, setting_number
from services.intake.handlers.base import Handlers, payload
from shared.catalogue.guide import guidance
from shared.errors import Bug, NotFound, demand
from shared.events.intake import Requester
from shared.events.intake_guide import GuideAnnounced, GuideCompiled, GuideDistributed
from shared.kernel.unit import Unit


class Guiding(Handlers):
    """Units of work on a property's one guide."""

    async def set_guide(self, unit: Unit) -> None:
        """What the body names is set; the rest stays."""
        command = payload(unit, c.SetGuide)
        settled, before = await self.settled(unit), await self._guide(unit)
        unit.require_match(before.version)
        runs, hotline = self._house(settled)
        by = unit.cause.principal.sub
        after = rules.changed(before, command.body, guidance(), runs, hotline, by, unit.now)
        unit.save(after)
        unit.answer(Recorded(ids=[GUIDE], id=GUIDE, version=after.version + 1))

    async def compile_guide(self, unit: Unit) -> None:
        """The next edition, as all stands now; its number follows the last one's."""
        payload(unit, c.CompileGuide)
        settled, before = await self.settled(unit), await self._guide(unit)
        unit.require_match(before.version)
        runs, hotline = self._house(settled)
        demand(editions.not_ready(before, guidance(), runs, hotline))
        by = unit.cause.principal.sub
        prices = {one.service: self._pricing(settled, one.service) for one in before.offers if one.active}
        after, edition = editions.compiled(before, settled, guidance(), prices, hotline, by, unit.now)
        unit.save(after)
        unit.save(edition)
        count = len(edition.services)
        unit.emit(GuideCompiled(number=edition.number, services=count, compiled_by=by, compiled_at=unit.now))
        unit.answer(Recorded(ids=[edition.id], id=edition.id, version=1))

    async def distribute_guide(self, unit: Unit) -> None:
        """The newest edition is given out in one way; by the notice every household is told, page by page."""
        command = payload(unit, c.DistributeGuide)
        settled, before = await self.settled(unit), await self._guide(unit)
        edition = await unit.load(Edition, str(command.number))
        if edition is None:
            raise NotFound("no-such-edition", "There is no such edition of the guide.")
        unit.require_match(edition.version)
        profile = self.catalogue.profile(settled.profile)
        most = setting_number(profile, settled, editions.DISTRIBUTIONS_MAX)
        demand(editions.not_distributable(before, edition, most))
        by, body = unit.cause.principal.sub, command.body
        after, given = editions.distributed(before, edition, body, guidance(), by, unit.now)
        unit.save(after)
        unit.save(given)
        unit.emit(
            GuideDistributed(
                number=given.number,
                way=body.way,
                place=body.place,
                distributed_by=by,
                distributed_at=unit.now,
            )
        )
        unit.answer(Recorded(ids=[given.id], id=given.id, version=given.version + 1))

    async def tell_guide(self, unit: Unit) -> None:
        """One page of people: each owner and tenant among them is told. A page that was told says nothing."""
        command = payload(unit, c.TellGuide)
        before = await self._guide(unit)
        if (before.telling, before.told_after) != (command.number, command.after):
            return
        edition = await unit.load(Edition, str(command.number))
        if edition is None:
            raise Bug("an edition is told that was never compiled")
        found = await asyncio.gather(*(unit.look(Person, id) for id in command.people))
        people = [one for one in found if one is not None and any(h.role in ROLES for h in one.units)]
        for person in people:
            unit.emit(_announced(edition.number, person, unit))
        last = command.people[-1] if command.people else command.after
        after = editions.told(before, last, len(people), unit.now)
        if command.last:
            after, edition = editions.all_told(after, edition, guidance(), unit.now)
            unit.save(edition)
        unit.save(after)

    async def _guide(self, unit: Unit) -> Guide:
        return await unit.load(Guide, GUIDE) or Guide(unit.cause.property_id)

    def _house(self, settled: Property) -> tuple[tuple[str, ...], str]:
        """The procedures the property runs, and its hotline."""
        profile = self.catalogue.profile(settled.profile)
        return profile.procedures, str(profile.settings_with(settled.settings)[rules.HOTLINE])

    def _pricing(self, settled: Property, service_id: str) -> Pricing:
        """By the tariff of the service's procedure as this property runs it."""
        service = guidance().services[service_id]
        runs = self.catalogue.profile(settled.profile).procedures
        if service.procedure not in runs:
            return editions.pricing(service, None)
        return editions.pricing(service, self.catalogue.procedure(service.procedure, settled.profile).billing)


def _announced(number: int, person: Person, unit: Unit) -> GuideAnnounced:
    return GuideAnnounced(
        number=number,
        person_id=person.id,
        announced_at=unit.now,
        personal_key=f"person:{person.id}",
        personal=Requester(
            name=person.name,
            phone=person.phones[0] if person.phones else "",
            email=person.email,
            language=person.language,
        ),
    )
