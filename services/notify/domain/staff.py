"""The staff of a property as messages need them: who can be told, and who holds which role."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from services.notify.domain.message import Language
from shared.events.dispatch import StaffContact, StaffRecorded

ROLE_READERS_MAX = 5  # so many holders of a role are told: the highest in rank first


@dataclass(frozen=True, slots=True)
class StaffCopy:
    """One person; `id` is his staff id. Without an address if his data key was deleted."""

    property_id: str
    id: str
    version: int = 0
    department: str = ""
    role: str = ""
    rank: int = 0
    active: bool = True
    name: str = ""
    phone: str = ""
    email: str = ""
    language: Language = "zh"

    @property
    def reachable(self) -> bool:
        """Whether there is an address to tell him at."""
        return bool(self.phone or self.email)


def staff_copy(old: StaffCopy | None, property_id: str, event: StaffRecorded) -> StaffCopy:
    """The copy after the person was recorded: always the whole of him."""
    contact = event.personal or StaffContact()
    return StaffCopy(
        property_id,
        event.staff_id,
        version=0 if old is None else old.version,
        department=event.department,
        role=event.role,
        rank=event.rank,
        active=event.active,
        name=contact.name,
        phone=contact.phone,
        email=contact.email,
        language=contact.language,
    )


def holders(people: Iterable[StaffCopy], department: str = "") -> list[StaffCopy]:
    """Who of them is told as holder of a role: those of the department concerned, if it has any."""
    working = [one for one in people if one.active]
    working = [one for one in working if one.department == department] or working
    return sorted(working, key=lambda one: (-one.rank, one.id))[:ROLE_READERS_MAX]
