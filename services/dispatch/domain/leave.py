"""Leave and swaps of shifts: asked by the person, agreed by the other, decided by a supervisor. Pure.

A swap needs the word of both people and then the supervisor's; a supervisor may also give a shift to somebody
else at once (`roster.swapped`). Leave takes the shifts in it out of the plan and keeps new ones out.
"""

from __future__ import annotations

import dataclasses
from datetime import datetime, timedelta
from typing import Literal

from services.dispatch.domain.flow import Actor
from services.dispatch.domain.roster import (
    Absence,
    Roster,
    Shift,
    Swap,
    shift_of,
    swapped,
)
from shared.errors import Conflict, Forbidden, Invalid, NotFound, TooLarge
from shared.texts.say import Said, as_is, say, word

ABSENCES_MAX = 1_000
SWAPS_MAX = 500
LEAVE_DAYS_MAX = 180
PLANNED_AHEAD = timedelta(days=366)
KEPT = timedelta(days=31)  # leave that is over and swaps that are decided stay so long
Decision = Literal["approved", "refused"]


def leave_asked(roster: Roster, absence: Absence, actor: Actor, now: datetime) -> Roster:
    """Somebody asks for leave, for himself. Raises Invalid, Conflict, Forbidden, NotFound, TooLarge."""
    _person(roster, absence.staff_id)
    _own(actor, absence.staff_id, say("ask for leave"))
    _check_time(absence, now)
    standing = [a for a in roster.absences if a.staff_id == absence.staff_id and a.state != "refused"]
    if any(_meet(a, absence) for a in standing):
        raise Conflict(
            "leave-overlaps",
            "There is leave in that time already.",
            field="starts_at",
            accepted="a time without leave",
        )
    kept = tuple(a for a in roster.absences if a.ends_at > now - KEPT)
    if len(kept) >= ABSENCES_MAX:
        raise TooLarge("too-much-leave", "There is too much leave on the plan.", accepted=as_is(ABSENCES_MAX))
    return dataclasses.replace(roster, absences=(*kept, absence))


def leave_decided(roster: Roster, absence_id: str, decision: Decision, actor: Actor, now: datetime) -> Roster:
    """A supervisor decides; approved leave takes the shifts in it out of the plan. Never one's own."""
    absence = next((a for a in roster.absences if a.id == absence_id), None)
    if absence is None:
        raise NotFound(
            "leave", say("{department} knows of no such leave.", department=word(roster.id)), field="leave_id"
        )
    if absence.state != "asked":
        raise Conflict(
            "leave-decided",
            say("This leave is {state} already.", state=word(absence.state)),
            field="leave_id",
        )
    if actor.by == absence.staff_id:
        raise Forbidden("own-leave", "Nobody approves his own leave.", accepted="another supervisor")
    after = dataclasses.replace(absence, state=decision, decided_by=actor.by, decided_at=now)
    absences = tuple(after if a.id == absence_id else a for a in roster.absences)
    if decision == "refused":
        return dataclasses.replace(roster, absences=absences)
    shifts = tuple(s for s in roster.shifts if not _takes_out(after, s))
    return dataclasses.replace(roster, absences=absences, shifts=shifts)


def swap_asked(roster: Roster, swap: Swap, actor: Actor, now: datetime) -> Roster:
    """Somebody asks another to take his shift. Raises what is wrong with it before anybody is asked."""
    shift = shift_of(roster, swap.shift_id)
    _own(actor, shift.staff_id, say("give this shift away"))
    _person(roster, swap.to_id)
    if shift.ends_at <= now:
        raise Conflict("shift-over", "This shift is over.", field="shift_id", accepted="a shift to come")
    swapped(roster, swap.shift_id, swap.to_id)
    kept = tuple(s for s in roster.swaps if s.state == "asked" or (s.decided_at or now) > now - KEPT)
    if any(s.shift_id == swap.shift_id and s.state in ("asked", "agreed") for s in kept):
        raise Conflict("swap-asked", "Somebody has been asked to take this shift.", field="shift_id")
    if len(kept) >= SWAPS_MAX:
        raise TooLarge("too-many-swaps", "Too many swaps are open.", accepted=as_is(SWAPS_MAX))
    return dataclasses.replace(roster, swaps=(*kept, swap))


def swap_agreed(roster: Roster, swap_id: str, actor: Actor, now: datetime) -> Roster:
    """The other agrees; now the supervisor decides."""
    swap = _swap(roster, swap_id)
    _own(actor, swap.to_id, say("agree to this swap"))
    if swap.state != "asked":
        raise Conflict(
            "swap-not-open", say("This swap is {state} already.", state=word(swap.state)), field="swap_id"
        )
    return _with_swap(roster, dataclasses.replace(swap, state="agreed", agreed_at=now))


def swap_decided(roster: Roster, swap_id: str, decision: Decision, actor: Actor, now: datetime) -> Roster:
    """A supervisor decides once both have agreed; approved, the other has the shift."""
    swap = _swap(roster, swap_id)
    if decision == "approved" and swap.state != "agreed":
        waits = swap.state == "asked"
        said = (
            "The other has not agreed yet."
            if waits
            else say("This swap is {state} already.", state=word(swap.state))
        )
        raise Conflict("swap-not-agreed", said, field="swap_id", accepted="a swap both have agreed to")
    if swap.state in ("approved", "refused"):
        raise Conflict(
            "swap-not-open", say("This swap is {state} already.", state=word(swap.state)), field="swap_id"
        )
    if actor.by in (swap.from_id, swap.to_id):
        raise Forbidden("own-swap", "Nobody approves his own swap.", accepted="another supervisor")
    after = dataclasses.replace(swap, state=decision, decided_by=actor.by, decided_at=now)
    decided = _with_swap(roster, after)
    return swapped(decided, swap.shift_id, swap.to_id) if decision == "approved" else decided


def _check_time(absence: Absence, now: datetime) -> None:
    length = absence.ends_at - absence.starts_at
    if not timedelta(0) < length <= timedelta(days=LEAVE_DAYS_MAX):
        accepted = say("an end after the beginning, at most {most} days later", most=LEAVE_DAYS_MAX)
        raise Invalid("leave-length", "The leave has no sensible length.", field="ends_at", accepted=accepted)
    if absence.ends_at <= now or absence.starts_at > now + PLANNED_AHEAD:
        accepted = say("a time that is not over, within a year")
        raise Invalid(
            "leave-window", "The leave is outside what is planned.", field="starts_at", accepted=accepted
        )


def _person(roster: Roster, staff_id: str) -> None:
    found = roster.person(staff_id)
    if found is None or not found.active:
        raise NotFound(
            "staff", say("{department} has no such person.", department=word(roster.id)), field="staff_id"
        )


def _own(actor: Actor, staff_id: str, what: Said) -> None:
    if actor.by != staff_id:
        raise Forbidden(
            "not-yours",
            say("Only {staff_id} himself may {what}.", staff_id=staff_id, what=what),
            accepted=as_is(staff_id),
        )


def _meet(one: Absence, other: Absence) -> bool:
    return one.starts_at < other.ends_at and other.starts_at < one.ends_at


def _takes_out(absence: Absence, shift: Shift) -> bool:
    meets = absence.starts_at < shift.ends_at and shift.starts_at < absence.ends_at
    return meets and shift.staff_id == absence.staff_id


def _swap(roster: Roster, swap_id: str) -> Swap:
    found = next((s for s in roster.swaps if s.id == swap_id), None)
    if found is None:
        raise NotFound(
            "swap", say("{department} knows of no such swap.", department=word(roster.id)), field="swap_id"
        )
    return found


def _with_swap(roster: Roster, swap: Swap) -> Roster:
    return dataclasses.replace(roster, swaps=tuple(swap if s.id == swap.id else s for s in roster.swaps))
