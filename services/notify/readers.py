"""Who of the staff a notice is for, as the copies of the roster know them now."""

from __future__ import annotations

from services.notify.domain.copies import RequestCopy
from services.notify.domain.notices import STANDS_IN, person_meant
from services.notify.domain.staff import StaffCopy, holders
from shared.catalogue.model import FIRST_CONTACT, POST, RESPONSIBLE
from shared.events.envelope import Event
from shared.kernel.unit import Unit

ROLE_HOLDERS_MAX = 50


async def told_as(unit: Unit, event: Event, copy: RequestCopy | None, to: str) -> tuple[StaffCopy, ...]:
    """Who of the staff is meant: one person, or the holders of a role, of the department the event names if
    it has any.

    His supervisors, where he is on no roster or cannot be reached (P009).
    """
    department = str(getattr(event, "department", ""))
    if to == POST:
        to = str(getattr(event, "to_role", ""))
        person = await unit.look(StaffCopy, to) if to else None
        if person is not None and person.active:
            return (person,)
    if to in (FIRST_CONTACT, RESPONSIBLE):
        staff_id = person_meant(event, copy, to)
        known = await unit.look(StaffCopy, staff_id) if staff_id else None
        if known is not None and known.active and known.reachable:
            return (known,)
        if not staff_id:
            return ()
        to = STANDS_IN
    people = holders(await unit.look_by(StaffCopy, "role", to, limit=ROLE_HOLDERS_MAX), department)
    return tuple(people)
