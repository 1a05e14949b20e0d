"""Staff and shifts: who is on now, bounds, leave and swap; CSV files with bad lines."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from services.dispatch.domain.roster import (
    AHEAD_DAYS,
    SHIFTS_MAX,
    STAFF_MAX,
    Roster,
    Shift,
    next_shifts,
    on_duty,
    swapped,
    with_shifts,
    with_staff,
    without_shift,
)
from services.dispatch.domain.roster_csv import shifts_of, staff_of
from shared.errors import Conflict, Invalid, NotFound, TooLarge
from tests.unit.dispatch.builders import NOW, PROPERTY, roster, staff

ROLES = {"technician", "repair_supervisor"}
HOUR = timedelta(hours=1)


def planned(*shifts: Shift) -> Roster:
    """A department of three with these shifts."""
    people = Roster(PROPERTY, "engineering", 1, (staff("a"), staff("b"), staff("c", active=False)))
    return with_shifts(people, shifts, NOW)


def test_who_is_on_now_by_shift_and_on_call() -> None:
    shifts = [
        Shift("a", NOW - HOUR, NOW + HOUR),
        Shift("b", NOW - 2 * HOUR, NOW, False),
        Shift("b", NOW - HOUR, NOW + HOUR, on_call=True),
        Shift("c", NOW - HOUR, NOW + HOUR),
    ]
    assert [(d.staff.id, d.on_call) for d in on_duty(planned(*shifts), NOW)] == [("a", False), ("b", True)]


@pytest.mark.parametrize(("moment", "present"), [(NOW, True), (NOW + HOUR, False), (NOW - HOUR / 60, False)])
def test_a_shift_runs_from_its_beginning_to_before_its_end(moment: datetime, present: bool) -> None:
    assert bool(on_duty(planned(Shift("a", NOW, NOW + HOUR)), moment)) is present


def test_a_shift_of_a_whole_day_counts_to_its_last_minute() -> None:
    shift = Shift("a", NOW, NOW + timedelta(hours=24))
    assert on_duty(planned(shift), NOW + timedelta(hours=23, minutes=59))


def test_sending_a_plan_again_changes_nothing() -> None:
    shift = Shift("a", NOW, NOW + HOUR)
    once = planned(shift)
    assert with_shifts(once, [shift], NOW) == once


def test_old_shifts_fall_out_and_too_many_are_refused() -> None:
    old = planned(Shift("a", NOW, NOW + HOUR))
    later = NOW + timedelta(days=4)
    assert with_shifts(old, [Shift("a", later, later + HOUR)], later).shifts == (
        Shift("a", later, later + HOUR),
    )
    many = [
        Shift("a", NOW + timedelta(minutes=n), NOW + timedelta(minutes=n + 1)) for n in range(SHIFTS_MAX + 1)
    ]
    with pytest.raises(TooLarge):
        planned(*many)
    assert len(planned(*many[:-1]).shifts) == SHIFTS_MAX


@pytest.mark.parametrize(
    "shift",
    [
        Shift("a", NOW, NOW),
        Shift("a", NOW + HOUR, NOW),
        Shift("a", NOW, NOW + timedelta(hours=24, minutes=1)),
        Shift("a", NOW - timedelta(days=3), NOW - timedelta(days=3) + HOUR),
        Shift("a", NOW + timedelta(days=AHEAD_DAYS + 1), NOW + timedelta(days=AHEAD_DAYS + 1) + HOUR),
        Shift("nobody", NOW, NOW + HOUR),
    ],
)
def test_senseless_shifts_are_refused(shift: Shift) -> None:
    with pytest.raises(Invalid) as refused:
        planned(shift)
    assert refused.value.field
    assert refused.value.accepted


def test_people_are_added_replaced_and_bounded() -> None:
    once = with_staff(Roster(PROPERTY, "engineering"), [staff("a"), staff("b")], ROLES)
    again = with_staff(once, [staff("a", name="New")], ROLES)
    assert [(s.id, s.name) for s in again.staff] == [("a", "New"), ("b", "Name b")]
    with pytest.raises(Invalid, match="no role"):
        with_staff(once, [staff("x", role="king")], ROLES)
    with pytest.raises(TooLarge):
        with_staff(once, [staff(f"s{n}") for n in range(STAFF_MAX)], ROLES)


def test_leave_and_swap() -> None:
    mine, theirs = Shift("a", NOW, NOW + HOUR), Shift("b", NOW + 2 * HOUR, NOW + 3 * HOUR)
    team = planned(mine, theirs)
    assert without_shift(team, mine.id).shifts == (theirs,)
    taken = swapped(team, mine.id, "b")
    assert [s.staff_id for s in taken.shifts] == ["b", "b"]
    with pytest.raises(NotFound):
        without_shift(team, "nothing")
    with pytest.raises(NotFound):
        swapped(team, mine.id, "nobody")
    overlapping = planned(mine, Shift("b", NOW, NOW + 2 * HOUR))
    with pytest.raises(Conflict):
        swapped(overlapping, mine.id, "b")


def test_who_comes_next() -> None:
    shifts = [Shift("a", NOW + n * HOUR, NOW + (n + 1) * HOUR) for n in range(5)]
    assert next_shifts(planned(*shifts), NOW, 2) == tuple(shifts[1:3])


def test_a_csv_of_staff_reports_its_bad_lines_and_takes_the_others() -> None:
    text = (
        "staff_id,name,phone,role,skills,areas,active\n"
        "t1,王师傅,13800138000,technician,plumber; electrician,1;2,yes\n"
        "t2,Li,12,technician,,,\n"
        "t3,,13800138000,technician,,,\n"
        "t4,Zhao,13800138000,technician,,,perhaps\n"
        "\n"
        "t5,Qian,13900139000,technician,,,no\n"
    )
    parsed = staff_of(text)
    assert [(r.staff_id, r.phone, r.skills, r.areas, r.active) for r in parsed.rows] == [
        ("t1", "+8613800138000", ("plumber", "electrician"), ("1", "2"), True),
        ("t5", "+8613900139000", (), (), False),
    ]
    assert [(r.line, r.field) for r in parsed.refused] == [(3, "phone"), (4, "name"), (5, "active")]


def test_a_csv_of_shifts_is_in_the_propertys_wall_time() -> None:
    text = (
        "staff_id,date,from,to,on_call\n"
        "t1,2026-03-02,08:00,16:00,\n"
        "t1,2026-03-02,20:00,08:00,yes\n"
        "t2,2026-03-02,16:00,24:00,no\n"
        "t2,2026-13-02,16:00,24:00,no\n"
        "t2,2026-03-02,late,24:00,no\n"
        "t2,2026-03-02,,24:00,no\n"
    )
    parsed = shifts_of(text, "Asia/Shanghai")
    assert [(r.staff_id, r.starts_at, r.ends_at, r.on_call) for r in parsed.rows] == [
        ("t1", datetime(2026, 3, 2, 0, tzinfo=UTC), datetime(2026, 3, 2, 8, tzinfo=UTC), False),
        ("t1", datetime(2026, 3, 2, 12, tzinfo=UTC), datetime(2026, 3, 3, 0, tzinfo=UTC), True),
        ("t2", datetime(2026, 3, 2, 8, tzinfo=UTC), datetime(2026, 3, 2, 16, tzinfo=UTC), False),
    ]
    assert [(r.line, r.field) for r in parsed.refused] == [(5, "date"), (6, "from"), (7, "from")]


@pytest.mark.parametrize("text", ["", "id,name\n1,2\n", "staff_id,name,phone,role,shoe_size\n", '"unclosed'])
def test_a_file_that_is_no_roster_is_refused_whole(text: str) -> None:
    with pytest.raises(Invalid) as refused:
        staff_of(text)
    assert "staff_id" in (refused.value.accepted or "")


def test_a_line_of_rubbish_is_a_bad_line() -> None:
    parsed = staff_of("staff_id,name,phone,role\n\0\n")
    assert not parsed.rows
    assert [r.line for r in parsed.refused] == [2]


def test_the_builders_roster_is_on_duty() -> None:
    assert len(on_duty(roster(staff("a"), staff("b")), NOW)) == 2


def test_a_shift_that_overlaps_another_of_the_same_person_is_refused() -> None:
    known = planned(Shift("a", NOW, NOW + 8 * HOUR))
    with pytest.raises(Conflict, match="a is planned at that time already") as refused:
        with_shifts(known, [Shift("a", NOW + 7 * HOUR, NOW + 9 * HOUR)], NOW)
    assert refused.value.field == "starts_at"
    with pytest.raises(Conflict, match="already"):
        with_shifts(known, [Shift("b", NOW, NOW + 5 * HOUR), Shift("b", NOW + HOUR, NOW + 2 * HOUR)], NOW)
    meeting = with_shifts(known, [Shift("a", NOW + 8 * HOUR, NOW + 9 * HOUR)], NOW)
    assert len(meeting.shifts) == 2, "one that begins as the other ends is none"
    again = with_shifts(known, [Shift("a", NOW, NOW + 7 * HOUR)], NOW)
    assert [s.ends_at for s in again.shifts] == [NOW + 7 * HOUR], "a plan sent again replaces"
    both = with_shifts(known, [Shift("a", NOW + HOUR, NOW + 9 * HOUR, on_call=True)], NOW)
    assert len(both.shifts) == 2, "on call while on shift is no contradiction"
