"""The staff of a property as intake needs them: who may answer for a complaint, who can be told a message."""

from __future__ import annotations

from dataclasses import dataclass

from services.intake.domain.request import Request
from shared.errors import Forbidden, Invalid
from shared.events.dispatch import StaffRecorded


@dataclass(frozen=True, slots=True)
class Colleague:
    """A member of staff, as dispatch recorded him; `id` is his staff id."""

    property_id: str
    id: str
    version: int = 0
    department: str = ""
    role: str = ""
    rank: int = 0
    active: bool = True


def colleague(old: Colleague | None, property_id: str, event: StaffRecorded) -> Colleague:
    """The colleague after he was recorded: always the whole of him."""
    return Colleague(
        property_id,
        event.staff_id,
        version=0 if old is None else old.version,
        department=event.department,
        role=event.role,
        rank=event.rank,
        active=event.active,
    )


def check_colleague(found: Colleague | None, field: str) -> Colleague:
    """Somebody who works here. Raises Invalid naming the field."""
    if found is None or not found.active:
        raise Invalid(
            "unknown-colleague",
            "Nobody of that name works here.",
            field=field,
            accepted="the staff id of somebody on a roster of this property",
        )
    return found


def own_work(request: Request, by: str) -> Forbidden | None:
    """Whether the owner is satisfied is never recorded by who did the work (P031)."""
    if request.work is None or request.work.assignee_id != by:
        return None
    return Forbidden("own-work", "You did this work; a colleague asks the owner whether he is satisfied.")
