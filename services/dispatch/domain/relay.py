"""A message for a colleague goes over to the next shift (P002): to whom, and when that is looked at. Pure.

What a message says is intake's; dispatch knows the shifts.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import ClassVar

from services.dispatch.domain.roster import Roster, Staff, on_duty
from shared.kernel.unit import Command


@dataclass(frozen=True, slots=True)
class RelayCopy:
    """A message that waits for somebody; a copy of intake's, `id` is the request's.

    `look_at`: when it goes over, if nobody has acknowledged it until then.
    """

    property_id: str
    id: str
    version: int = 0
    to_id: str = ""
    open: bool = True
    look_at: datetime | None = None


class HandMessageOver(Command):
    """Timer: the shift of who should hear a message is over."""

    NAME: ClassVar[str] = "dispatch.hand_message_over"
    request_id: str
    to_id: str


def look_at(rosters: Iterable[Roster], staff_id: str, now: datetime, again: timedelta) -> datetime:
    """The end of the shift that he is on, or of his next one; after `again`, while none is planned."""
    shifts = (s for r in rosters for s in r.shifts if s.staff_id == staff_id and not s.on_call)
    return min((s.ends_at for s in shifts if s.ends_at > now), default=now + again)


def next_reader(rosters: Sequence[Roster], staff_id: str, now: datetime) -> Staff | None:
    """Who is on shift in his department now, of his role before others; None while he is there himself, or
    nobody else is.
    """
    here = [d.staff for r in rosters for d in on_duty(r, now) if not d.on_call]
    if any(one.id == staff_id for one in here):
        return None
    for roster in rosters:
        himself = roster.person(staff_id)
        if himself is None:
            continue
        others = [d.staff for d in on_duty(roster, now) if not d.on_call]
        if others:
            return min(others, key=lambda s: (s.role != himself.role, -s.rank, s.id))
    return None
