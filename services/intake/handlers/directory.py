"""Handlers of the property, its units, its people and its contacts."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from typing import TypeVar

from services.intake.directory_answers import Recorded
from services.intake.domain import bodies, commands
from services.intake.domain.changes import called_back
from services.intake.domain.contact import Contact, recorded_contact
from services.intake.domain.directory import (
    Person,
    PhoneEntry,
    Unit,
    changed_entry,
    entry_changes,
    recorded_person,
    recorded_unit,
    unit_id_of,
)
from services.intake.domain.file_rows import Sieve
from services.intake.domain.property import Property, configured, configured_event
from services.intake.domain.request import Request
from services.intake.handlers.base import Handlers, payload
from services.intake.handlers.signing import day_rhythm, watch_days, watch_weeks, week_rhythm
from shared.deadlines import is_quiet
from shared.errors import Conflict, Invalid, NotFound, Rejected, demand
from shared.kernel import unit as kernel
from shared.texts.voices import voice

T = TypeVar("T", Unit, Person)


class Directory(Handlers):
    """Units of work on what intake knows before anybody asks for anything."""

    async def configure_property(self, unit: kernel.Unit) -> None:
        """Open the property or change its settings; every service is told the whole of them."""
        body = payload(unit, commands.ConfigureProperty).body
        self.catalogue.profile(body.profile)
        self.catalogue.check_settings(body.settings)
        existing = await unit.load(Property, unit.cause.property_id)
        unit.require_match(existing.version if existing else 0)
        settled = configured(unit.cause.property_id, existing, body, unit.now)
        unit.save(settled)
        unit.emit(configured_event(settled))
        # set anew only where they move: what is due just now, or was missed in an outage, is not passed over
        if existing is None or self._rhythm(existing) != self._rhythm(settled):
            watch_days(unit, settled, self.catalogue)
            watch_weeks(unit, settled, self.catalogue)
        unit.answer(Recorded(ids=[settled.id], id=settled.id, version=settled.version + 1))

    def _rhythm(self, settled: Property) -> tuple[object, ...]:
        """When its days and weeks are looked at."""
        return (*day_rhythm(settled, self.catalogue), *week_rhythm(settled, self.catalogue))

    async def record_units(self, unit: kernel.Unit) -> None:
        """Record units, all or none; of a file each that fits."""
        await self.settled(unit)
        command = payload(unit, commands.RecordUnits)
        sieve, recorded = Sieve(command.lines, list(command.refused), voice(command.language).tell), []
        found = await asyncio.gather(
            *(self._unit(unit, one) for one in command.units), return_exceptions=True
        )
        for n, one in enumerate(found):
            if isinstance(one, Rejected):
                sieve.refuse(n, one)
                continue
            if isinstance(one, BaseException):
                raise one
            if twice := sieve.once(one[1].id, "units") or sieve.once(f"label {one[1].label}", "units"):
                sieve.refuse(n, twice)
                continue
            recorded.append(one)
        if len(command.units) == 1 and not command.lines:
            unit.require_match(recorded[0][1].version)
        sieve.require_taken(len(recorded))
        unit.answer(_recorded([_kept(unit, before, one) for before, one in recorded], sieve))

    async def record_people(self, unit: kernel.Unit) -> None:
        """Record people, all or none, of a file each that fits; what a number finds follows (ruling J22)."""
        await self.settled(unit)
        command = payload(unit, commands.RecordPeople)
        listed, tell = command.people, voice(command.language).tell
        sieve = Sieve(command.lines, list(command.refused), tell)
        homes = sorted({residence.unit_id for body in listed for residence in body.units})
        found = await asyncio.gather(*(unit.look(Unit, home) for home in homes))
        units = {one.id: one for one in found if one is not None}
        existing = await asyncio.gather(*(unit.load(Person, body.person_id) for body in listed))
        recorded = []
        for n, (body, before) in enumerate(zip(listed, existing, strict=True)):
            if len(listed) == 1 and not command.lines:
                unit.require_match(before.version if before else 0)
            field = f"people.{n}." if len(listed) > 1 and not command.lines else ""
            try:
                demand(sieve.once(body.person_id, "people"))
                person = recorded_person(unit.cause.property_id, before, units, body, field)
            except Rejected as error:
                sieve.refuse(n, error)
                continue
            recorded.append((before, person))
        sieve.require_taken(len(recorded))
        kept = [_kept(unit, before, person) for before, person in recorded]
        await self._entries(unit, recorded)
        unit.answer(_recorded(kept, sieve))

    async def record_contact(self, unit: kernel.Unit) -> None:
        """Record a contact; one about a request counts there (callbacks) and stands in its timeline."""
        command = payload(unit, commands.RecordContact)
        body = command.body
        settled = await self.settled(unit)
        if await unit.load(Contact, command.contact_id) is not None:
            raise Conflict("contact-exists", "This id is taken.", field="contact_id", accepted="another id")
        if body.person_id and await unit.look(Person, body.person_id) is None:
            raise Invalid(
                "unknown-person", "There is no such person.", field="person_id", accepted="a recorded person"
            )
        contact = recorded_contact(
            unit.cause.property_id,
            command.contact_id,
            body,
            recorded_by=unit.cause.principal.sub,
            now=unit.now,
            limits=self.limits,
        )
        unit.save(contact)
        if body.about_request_id:
            await self._about(unit, settled, contact)
        unit.answer(Recorded(ids=[contact.id], id=contact.id, version=1))

    async def _about(self, unit: kernel.Unit, settled: Property, contact: Contact) -> None:
        request = await unit.load(Request, contact.about_request_id)
        if request is None:
            raise NotFound(
                "no-such-request", "There is no such request in this property.", field="about_request_id"
            )
        profile = self.catalogue.profile(settled.profile)
        when = contact.started_at or unit.now
        quiet = is_quiet(when, settled.zone, *profile.quiet_hours(settled.settings))
        after = called_back(request, contact, quiet=quiet)
        if after is not request:
            unit.save(after)
        self.note(
            unit,
            request,
            "contact.recorded",
            channel=contact.channel,
            direction=contact.direction,
            result=contact.result,
            contact_id=contact.id,
        )

    async def _unit(self, unit: kernel.Unit, body: bodies.UnitBody) -> tuple[Unit | None, Unit]:
        existing, same = await asyncio.gather(
            unit.load(Unit, unit_id_of(body)), unit.look_by(Unit, "label", body.label.replace(" ", ""))
        )
        return existing, recorded_unit(unit.cause.property_id, existing, same, body)

    async def _entries(self, unit: kernel.Unit, recorded: list[tuple[Person | None, Person]]) -> None:
        moves = [
            (phone, person, has_it)
            for before, person in recorded
            for phone, has_it in entry_changes(before, person).items()
        ]
        phones = sorted({phone for phone, _, _ in moves})
        found = await asyncio.gather(*(unit.load(PhoneEntry, phone) for phone in phones))
        before = dict(zip(phones, found, strict=True))
        after = dict(before)
        for phone, person, has_it in moves:
            after[phone] = changed_entry(unit.cause.property_id, phone, after[phone], person, has_it)
        for phone, entry in after.items():
            if entry is not None and entry != before[phone]:
                unit.save(entry)


def _kept(unit: kernel.Unit, before: T | None, after: T) -> T:
    """The thing as it will be stored; one that is the same as before is left as it is."""
    if after == before:
        return after
    unit.save(after)
    return replace(after, version=after.version + 1)


def _recorded(things: Sequence[Unit | Person], sieve: Sieve) -> Recorded:
    ids = [thing.id for thing in things]
    if len(things) > 1 or sieve.lines:
        return Recorded(ids=ids, refused=sieve.refused)
    return Recorded(ids=ids, id=ids[0], version=things[0].version)
