"""The roster of one department: its people, what they can do and where, and their shifts.

One document per property and department, bounded: people by `STAFF_MAX`, shifts by a window of days and
`SHIFTS_MAX`. Shifts are kept sorted by their beginning and are no longer than a day, so "who is on now" looks
at few of them.
"""

from __future__ import annotations

import bisect
import dataclasses
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal

from shared.errors import Conflict, Invalid, NotFound, TooLarge
from shared.texts.say import as_is, say, word, words

STAFF_MAX = 500
SHIFTS_MAX = 5_000
SHIFT_HOURS_MAX = 24
KEPT_DAYS = 2  # ended shifts stay so long
AHEAD_DAYS = 62  # shifts may be planned so far ahead
DEPARTMENTS_MAX = 20  # rosters of one property


@dataclass(frozen=True, slots=True)
class Staff:
    """One person. `areas` are building names, empty means everywhere.

    `load_max` is the most open work orders a person takes.
    """

    id: str
    name: str
    phone: str
    email: str
    role: str
    rank: int = 0
    language: Literal["zh", "en"] = "zh"
    skills: tuple[str, ...] = ()
    areas: tuple[str, ...] = ()
    load_max: int = 8
    active: bool = True
    households: tuple[str, ...] = ()  # units a butler looks after
    covered_by: str = ""  # who looks after them while he is off


@dataclass(frozen=True, slots=True)
class Shift:
    """One person's time on duty; `on_call` people are asked when nobody on shift fits."""

    staff_id: str
    starts_at: datetime
    ends_at: datetime
    on_call: bool = False

    @property
    def id(self) -> str:
        """The same for the same person and beginning, so that a plan can be sent again."""
        return f"{self.staff_id}.{self.starts_at.astimezone(UTC):%Y%m%dT%H%MZ}"


@dataclass(frozen=True, slots=True)
class Absence:
    """Leave of one person: asked for, then approved or refused by a supervisor."""

    id: str
    staff_id: str
    starts_at: datetime
    ends_at: datetime
    kind: Literal["annual", "sick", "personal", "training", "other"] = "annual"
    reason: str = ""
    asked_at: datetime | None = None
    state: Literal["asked", "approved", "refused"] = "asked"
    decided_by: str = ""
    decided_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Swap:
    """One person asks another to take a shift: asked, agreed by the other, decided by a supervisor."""

    id: str
    shift_id: str
    from_id: str
    to_id: str
    asked_at: datetime
    state: Literal["asked", "agreed", "approved", "refused"] = "asked"
    agreed_at: datetime | None = None
    decided_by: str = ""
    decided_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Roster:
    """A department; `id` is its name in the catalogue."""

    property_id: str
    id: str
    version: int = 0
    staff: tuple[Staff, ...] = ()
    shifts: tuple[Shift, ...] = ()
    absences: tuple[Absence, ...] = ()
    swaps: tuple[Swap, ...] = ()

    def on_leave(self, staff_id: str, starts_at: datetime, ends_at: datetime) -> bool:
        """Whether that person has approved leave in that time."""
        own = [a for a in self.absences if a.state == "approved" and a.staff_id == staff_id]
        return any(a.starts_at < ends_at and starts_at < a.ends_at for a in own)

    def person(self, staff_id: str) -> Staff | None:
        """The person of that id, if in this department."""
        return next((s for s in self.staff if s.id == staff_id), None)


@dataclass(frozen=True, slots=True)
class OnDuty:
    """Somebody who can be called now."""

    staff: Staff
    on_call: bool


def departments_of(staff_id: str, rosters: Iterable[Roster]) -> frozenset[str]:
    """On whose rosters this person stands."""
    return frozenset(r.id for r in rosters if r.person(staff_id) is not None)


def on_duty(roster: Roster, now: datetime) -> tuple[OnDuty, ...]:
    """Active people whose shift runs now, those on call marked.

    A person counts once, on shift before on call.
    """
    from_at = bisect.bisect_left(
        roster.shifts, now - timedelta(hours=SHIFT_HOURS_MAX), key=lambda s: s.starts_at
    )
    until = bisect.bisect_right(roster.shifts, now, key=lambda s: s.starts_at)
    running = [s for s in roster.shifts[from_at:until] if s.ends_at > now]
    present = {s.staff_id for s in running if not s.on_call}
    callable_ = {s.staff_id for s in running} - present
    people = ((s, s.id in callable_) for s in roster.staff if s.active)
    return tuple(OnDuty(s, called) for s, called in people if called or s.id in present)


def next_shifts(roster: Roster, now: datetime, limit: int) -> tuple[Shift, ...]:
    """Who comes next, by beginning."""
    first = bisect.bisect_right(roster.shifts, now, key=lambda s: s.starts_at)
    return roster.shifts[first : first + limit]


def check_role(person: Staff, roles: Collection[str]) -> None:
    """Raises Invalid for a role that is none."""
    if person.role not in roles:
        detail = say("There is no role {role}.", role=word(person.role))
        raise Invalid("unknown-role", detail, field="role", accepted=words(sorted(roles)))


def with_staff(roster: Roster, people: Iterable[Staff], roles: Collection[str]) -> Roster:
    """People added, or replaced by id.

    Raises Invalid for a role that is none of `roles`, TooLarge over `STAFF_MAX`.
    """
    merged = {s.id: s for s in roster.staff}
    for person in people:
        check_role(person, roles)
        merged[person.id] = person
    if len(merged) > STAFF_MAX:
        raise TooLarge(
            "roster-full",
            say("A department has at most {most} people.", most=STAFF_MAX),
            accepted=as_is(STAFF_MAX),
        )
    return dataclasses.replace(roster, staff=tuple(merged.values()))


def with_shifts(roster: Roster, shifts: Sequence[Shift], now: datetime) -> Roster:
    """Shifts added, or replaced by person and beginning; old ones fall out.

    Raises Invalid, TooLarge, and Conflict for one that overlaps another of the same person.
    """
    for shift in shifts:
        check_shift(roster, shift, now)
    since = now - timedelta(days=KEPT_DAYS)
    merged = {s.id: s for s in (*roster.shifts, *shifts) if s.ends_at > since}
    clash = overlap(merged.values(), {s.id for s in shifts})
    if clash is not None:
        raise overlaps(*clash)
    if len(merged) > SHIFTS_MAX:
        detail = say("A department has at most {most} shifts planned.", most=SHIFTS_MAX)
        raise TooLarge("too-many-shifts", detail, accepted=as_is(SHIFTS_MAX))
    return dataclasses.replace(roster, shifts=_sorted(merged.values()))


def without_shift(roster: Roster, shift_id: str) -> Roster:
    """Somebody is on leave: the shift falls out. Raises NotFound."""
    shift = shift_of(roster, shift_id)
    return dataclasses.replace(roster, shifts=tuple(s for s in roster.shifts if s is not shift))


def swapped(roster: Roster, shift_id: str, staff_id: str) -> Roster:
    """Another person takes the shift. Raises NotFound, Conflict if that person is on then already."""
    shift = shift_of(roster, shift_id)
    if roster.person(staff_id) is None:
        detail = say("{department} has no such person.", department=word(roster.id))
        raise NotFound("staff", detail, field="staff_id")
    taken = dataclasses.replace(shift, staff_id=staff_id)
    if roster.on_leave(staff_id, taken.starts_at, taken.ends_at):
        raise Conflict("on-leave", "This person is on leave then.", field="staff_id")
    others = [s for s in roster.shifts if s is not shift]
    if overlap((*others, taken), {taken.id}) is not None:
        raise Conflict("shift-clash", "This person is on duty then already.", field="staff_id")
    return dataclasses.replace(roster, shifts=_sorted((*others, taken)))


def overlap(shifts: Iterable[Shift], new: Collection[str]) -> tuple[Shift, Shift] | None:
    """A new shift and another one of the same person at the same time, if there are such.

    To be on call while on shift is no contradiction: whoever is there is called as on shift.
    """
    last: dict[tuple[str, bool], Shift] = {}
    for shift in _sorted(shifts):
        before = last.get((shift.staff_id, shift.on_call))
        if before is not None and shift.starts_at < before.ends_at and {shift.id, before.id} & set(new):
            return (shift, before) if shift.id in new else (before, shift)
        if before is None or shift.ends_at > before.ends_at:
            last[shift.staff_id, shift.on_call] = shift
    return None


def overlaps(shift: Shift, other: Shift) -> Conflict:
    """The refusal of a shift because of another."""
    return Conflict(
        "shift-overlap",
        say(
            "{staff_id} is planned at that time already: "
            "from {starts_at:%Y-%m-%d %H:%M} to {ends_at:%Y-%m-%d %H:%M} UTC.",
            staff_id=shift.staff_id,
            starts_at=other.starts_at,
            ends_at=other.ends_at,
        ),
        field="starts_at",
        accepted="a time at which this person is not on duty; or cancel the other shift first",
    )


def _sorted(shifts: Iterable[Shift]) -> tuple[Shift, ...]:
    return tuple(sorted(shifts, key=lambda s: (s.starts_at, s.staff_id)))


def shift_of(roster: Roster, shift_id: str) -> Shift:
    """The shift of that id. Raises NotFound."""
    found = next((s for s in roster.shifts if s.id == shift_id), None)
    if found is None:
        detail = say("{department} has no such shift.", department=word(roster.id))
        raise NotFound("shift", detail, field="shift_id")
    return found


def check_shift(roster: Roster, shift: Shift, now: datetime) -> None:
    """Of somebody of the department, of sensible length, outside his leave. Raises Invalid, Conflict."""
    if roster.person(shift.staff_id) is None:
        facts = {"department": word(roster.id), "staff_id": shift.staff_id}
        detail = say("{department} has no person {staff_id}.", **facts)
        raise Invalid("unknown-staff", detail, field="staff_id", accepted="somebody of this department")
    if roster.on_leave(shift.staff_id, shift.starts_at, shift.ends_at):
        detail = say("{staff_id} is on leave then.", staff_id=shift.staff_id)
        raise Conflict("on-leave", detail, field="starts_at", accepted="a time without leave")
    length = shift.ends_at - shift.starts_at
    if not timedelta(0) < length <= timedelta(hours=SHIFT_HOURS_MAX):
        accepted = say("an end after the beginning, at most {most} hours later", most=SHIFT_HOURS_MAX)
        raise Invalid("shift-length", "The shift has no sensible length.", field="ends_at", accepted=accepted)
    if shift.ends_at <= now - timedelta(days=KEPT_DAYS) or shift.starts_at > now + timedelta(days=AHEAD_DAYS):
        accepted = say("from {back} days ago to {ahead} days ahead", back=KEPT_DAYS, ahead=AHEAD_DAYS)
        raise Invalid(
            "shift-window", "The shift is outside what is planned.", field="starts_at", accepted=accepted
        )
