"""Changes of a department's roster: people and shifts, single, in lists, and from files."""

from __future__ import annotations

import dataclasses
from datetime import datetime

from services.dispatch.domain import bodies
from services.dispatch.domain.assignment import contact_of
from services.dispatch.domain.commands import CancelShift, PutShifts, PutStaff, SwapShift
from services.dispatch.domain.roster import (
    Roster,
    Shift,
    Staff,
    check_role,
    swapped,
    with_shifts,
    with_staff,
    without_shift,
)
from services.dispatch.domain.roster_file import fitting, fitting_shifts
from services.dispatch.handlers.answers import roster_answer
from services.dispatch.handlers.keeping import payload
from shared.catalogue.model import HQ_DUTY
from shared.errors import NotFound
from shared.events.dispatch import StaffRecorded
from shared.kernel.unit import Unit
from shared.phones import to_e164
from shared.policy import Policy
from shared.texts.rows import require_taken
from shared.texts.say import say, word
from shared.texts.voices import voice


class RosterHandlers:
    """The handlers of a roster; people hold the roles the policy names."""

    def __init__(self, policy: Policy) -> None:
        self._roles = frozenset({*policy.roles, HQ_DUTY})

    async def put_staff(self, unit: Unit) -> None:
        """Add or replace people."""
        command = payload(unit, PutStaff)
        roster = await unit.load(Roster, command.department) or Roster(
            unit.cause.property_id, command.department
        )
        unit.require_match(roster.version)
        people, refused = [_staff(row) for row in command.staff], command.refused
        if command.lines:
            rows = zip(command.lines, people, strict=True)
            people, found = fitting(
                rows, lambda person: check_role(person, self._roles), voice(command.language).tell
            )
            refused = (*refused, *found)
            require_taken(len(people), refused)
        after = with_staff(roster, people, self._roles)
        for person in people:
            if roster.person(person.id) != person:
                unit.emit(_recorded(person, command.department, unit.now))
        unit.answer(roster_answer(kept(unit, roster, after), len(people), refused))

    async def put_shifts(self, unit: Unit) -> None:
        """Add or replace shifts."""
        command = payload(unit, PutShifts)
        roster = await roster_to_change(unit, command.department)
        shifts = [Shift(row.staff_id, row.starts_at, row.ends_at, row.on_call) for row in command.shifts]
        refused = command.refused
        if command.lines:
            shifts, found = fitting_shifts(
                roster, zip(command.lines, shifts, strict=True), unit.now, voice(command.language).tell
            )
            refused = (*refused, *found)
            require_taken(len(shifts), refused)
        after = with_shifts(roster, shifts, unit.now)
        unit.answer(roster_answer(kept(unit, roster, after), len(shifts), refused))

    async def cancel_shift(self, unit: Unit) -> None:
        """Somebody is on leave."""
        command = payload(unit, CancelShift)
        roster = await roster_to_change(unit, command.department)
        after = without_shift(roster, command.shift_id)
        unit.save(after)
        unit.answer(roster_answer(stored(after), 1))

    async def swap_shift(self, unit: Unit) -> None:
        """Somebody else takes a shift."""
        command = payload(unit, SwapShift)
        roster = await roster_to_change(unit, command.department)
        after = swapped(roster, command.shift_id, command.staff_id)
        unit.save(after)
        unit.answer(roster_answer(stored(after), 1))


async def roster_to_change(unit: Unit, department: str) -> Roster:
    """The roster, in the version If-Match names. Raises NotFound, Stale."""
    roster = await unit.load(Roster, department)
    if roster is None:
        raise NotFound(
            "roster",
            say("There is no department {department} in this property.", department=word(department)),
            field="department",
        )
    unit.require_match(roster.version)
    return roster


def _staff(row: bodies.NamedStaff) -> Staff:
    return Staff(
        id=row.staff_id,
        name=row.name,
        phone=to_e164(row.phone),
        email=row.email,
        role=row.role,
        rank=row.rank,
        language=row.language,
        skills=row.skills,
        areas=row.areas,
        load_max=row.load_max,
        active=row.active,
        households=row.households,
        covered_by=row.covered_by,
    )


def _recorded(person: Staff, department: str, now: datetime) -> StaffRecorded:
    return StaffRecorded(
        staff_id=person.id,
        department=department,
        role=person.role,
        rank=person.rank,
        active=person.active,
        recorded_at=now,
        personal_key=f"person:{person.id}",
        personal=contact_of(person),
    )


def kept(unit: Unit, before: Roster, after: Roster) -> Roster:
    """The roster as it will be stored; the same list sent again changes nothing."""
    if after == before and before.version:
        return before
    unit.save(after)
    return stored(after)


def stored(roster: Roster) -> Roster:
    """The roster as it will be stored."""
    return dataclasses.replace(roster, version=roster.version + 1)
