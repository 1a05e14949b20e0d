"""Handlers that accept a request: from a person, or from a file (ruling J8).

Nothing refuses an emergency (ruling J17).
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from services.intake.domain import commands
from services.intake.domain.accept import accepted, accepted_event
from services.intake.domain.bodies import RequestBody
from services.intake.domain.contact import Contact, recorded_contact
from services.intake.domain.directory import Card, Person, PhoneEntry, card_of
from services.intake.domain.directory import Unit as Home
from services.intake.domain.property import Property, setting_number
from services.intake.domain.request import Request
from services.intake.domain.told import Circumstances, said_phone
from services.intake.domain.urgency import decide
from services.intake.handlers.base import FIRST_CONTACT, Handlers, payload
from services.intake.handlers.beginning import begin
from services.intake.rulebook import NO_RULES, opening
from shared.catalogue.model import Procedure
from shared.errors import Conflict, Invalid
from shared.events.intake import RequestClosed
from shared.ids import derived_id
from shared.kernel.unit import Unit


class Accepting(Handlers):
    """Units of work that begin a request's stream."""

    async def accept_request(self, unit: Unit) -> None:
        """Accept an owner's need."""
        await self._accept(unit, imported=False)

    async def import_request(self, unit: Unit) -> None:
        """Take over a request from another system."""
        await self._accept(unit, imported=True)

    async def _accept(self, unit: Unit, *, imported: bool) -> None:
        command = payload(unit, commands.AcceptRequest)
        body = command.body
        if not unit.begins and await unit.load(Request, command.request_id) is not None:
            raise Conflict(
                "request-exists", "This id is taken.", field="request_id", accepted="another id, or none"
            )
        settled = await self.settled(unit)
        procedure = opening(self.catalogue, settled.profile, body)
        seen = await self._circumstances(unit, command, settled, procedure, imported=imported)
        request = accepted(command.request_id, command.reference, body, seen)
        if seen.person is not None and seen.person.special:
            request = replace(request, talk=self.talk(settled))
        if seen.contact is not None and seen.contact.version == 0:
            unit.save(seen.contact)
        unit.emit(accepted_event(request, settled.zone, settled.currency, seen.unit))
        if request.open and request.process:
            request = await begin(unit, request, procedure, settled, self.catalogue)
        if request.open and not request.first_contact_id:
            request = self._await_first_contact(unit, settled, request)
        unit.save(request)
        if not request.open and request.closed_at is not None and body.outcome is not None:
            unit.emit(RequestClosed(request_id=request.id, outcome=body.outcome, closed_at=request.closed_at))
        unit.answer(await self.state(unit, request))

    def _await_first_contact(self, unit: Unit, settled: Property, request: Request) -> Request:
        minutes = setting_number(
            self.catalogue.profile(settled.profile), settled, "first_contact.take_within_minutes"
        )
        watch = commands.WatchFirstContact(request_id=request.id)
        due_at = unit.now + timedelta(minutes=minutes)
        unit.start_timer(FIRST_CONTACT, due_at, watch)
        return replace(request, first_contact_due_at=due_at)

    async def _circumstances(
        self,
        unit: Unit,
        command: commands.AcceptRequest,
        settled: Property,
        procedure: Procedure,
        *,
        imported: bool,
    ) -> Circumstances:
        body = command.body
        rules = procedure.intake or NO_RULES
        forgiving = decide(rules, body.hazard, body.urgency).urgency == "emergency"
        aside: list[str] = [] if procedure.id == body.procedure else [f"procedure: {body.procedure}"]
        try:
            contact = await self._contact(unit, command, any_age=body.origin == "history")
        except Invalid as error:
            if not forgiving:
                raise
            contact = None
            aside.append(f"contact: {error.kind}")
        home = await unit.look(Home, body.unit_id) if body.unit_id else None
        person = await self._caller(unit, body, contact, aside if forgiving else None)
        return Circumstances(
            settled=settled,
            procedure=procedure,
            rules=rules,
            unit=home,
            person=person,
            contact=contact,
            by=unit.cause.principal.sub,
            device=unit.cause.device,
            lane=unit.cause.lane,
            now=unit.now,
            limits=self.limits,
            imported=imported,
            aside=tuple(aside),
        )

    async def _caller(
        self, unit: Unit, body: RequestBody, contact: Contact | None, aside: list[str] | None
    ) -> Card | None:
        """Who asks: as chosen, else the one person the number belongs to (ruling J22)."""
        if body.person_id:
            person = await unit.look(Person, body.person_id)
            if person is not None:
                return card_of(person)
            if aside is None:
                raise Invalid(
                    "unknown-person",
                    "There is no such person.",
                    field="person_id",
                    accepted="a recorded person",
                )
            aside.append(f"person_id: {body.person_id}")
        phone = said_phone(body, contact)
        entry = await unit.look(PhoneEntry, phone) if phone else None
        return entry.caller(body.requester.name) if entry is not None else None

    async def _contact(self, unit: Unit, command: commands.AcceptRequest, *, any_age: bool) -> Contact | None:
        """The contact it came with: recorded before, or recorded now with the request."""
        body = command.body
        if body.contact is None:
            return await self.contact(unit, body.contact_id)
        contact_id = body.contact.contact_id or body.contact_id
        contact_id = contact_id or derived_id(unit.cause.property_id, command.request_id, "contact")
        known = await unit.load(Contact, contact_id) if body.contact.contact_id or body.contact_id else None
        if known is not None:
            return known
        return recorded_contact(
            unit.cause.property_id,
            contact_id,
            body.contact,
            recorded_by=unit.cause.principal.sub,
            now=unit.now,
            limits=self.limits,
            any_age=any_age,
            field="contact.",
        )
