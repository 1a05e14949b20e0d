"""Leave, swaps and households: who asks, who agrees, who decides, and what becomes of the plan."""

from __future__ import annotations

import dataclasses
from datetime import timedelta
from typing import Any

import pytest

from services.dispatch.domain import leave
from services.dispatch.domain.flow import Actor
from services.dispatch.domain.roster import (
    Absence,
    OnDuty,
    Roster,
    Shift,
    Swap,
    on_duty,
    swapped,
    with_shifts,
)
from services.dispatch.domain.routing import choose, household_butlers, last_resort
from shared.errors import Conflict, Forbidden, Invalid, NotFound
from tests.unit.dispatch.builders import NOW, PROPERTY, order, staff

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
A, B, BOSS = Actor("a"), Actor("b"), Actor("boss")
TOMORROW = Shift("a", NOW + DAY, NOW + DAY + 8 * HOUR)


def department(*shifts: Shift) -> Roster:
    """Two people and their supervisor."""
    people = (staff("a"), staff("b"), staff("boss", role="repair_supervisor"))
    return with_shifts(Roster(PROPERTY, "engineering", 1, people), shifts or [TOMORROW], NOW)


def absence(**changes: Any) -> Absence:
    """Leave of tomorrow."""
    return dataclasses.replace(Absence("l1", "a", NOW + DAY, NOW + 2 * DAY), **changes)


def swap() -> Swap:
    return Swap("s1", TOMORROW.id, "a", "b", NOW)


def test_approved_leave_takes_the_shifts_out_of_the_plan_and_keeps_new_ones_out() -> None:
    asked = leave.leave_asked(department(), absence(), A, NOW)
    assert asked.shifts == (TOMORROW,), "until it is approved the plan stands"
    approved = leave.leave_decided(asked, "l1", "approved", BOSS, NOW)
    assert approved.shifts == ()
    with pytest.raises(Conflict, match="on leave"):
        with_shifts(approved, [TOMORROW], NOW)
    with pytest.raises(Conflict, match="on leave"):
        swapped(
            with_shifts(approved, [dataclasses.replace(TOMORROW, staff_id="b")], NOW),
            "b." + TOMORROW.id[2:],
            "a",
        )
    refused = leave.leave_decided(asked, "l1", "refused", BOSS, NOW)
    assert refused.shifts == (TOMORROW,)
    with pytest.raises(Conflict, match="refused already"):
        leave.leave_decided(refused, "l1", "approved", BOSS, NOW)


def test_leave_is_asked_for_oneself_and_decided_by_another() -> None:
    with pytest.raises(Forbidden, match="himself"):
        leave.leave_asked(department(), absence(), B, NOW)
    asked = leave.leave_asked(department(), absence(), A, NOW)
    with pytest.raises(Forbidden, match="own leave"):
        leave.leave_decided(asked, "l1", "approved", A, NOW)
    with pytest.raises(Conflict, match="leave in that time"):
        leave.leave_asked(asked, absence(id="l2"), A, NOW)
    with pytest.raises(NotFound):
        leave.leave_decided(asked, "l9", "approved", BOSS, NOW)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"ends_at": NOW + DAY}, "ends_at"),
        ({"ends_at": NOW + 300 * DAY}, "ends_at"),
        ({"starts_at": NOW - 3 * DAY, "ends_at": NOW - DAY}, "starts_at"),
    ],
)
def test_leave_of_no_sensible_time_is_refused(changes: dict[str, Any], field: str) -> None:
    with pytest.raises(Invalid) as refused:
        leave.leave_asked(department(), absence(**changes), A, NOW)
    assert refused.value.field == field


def test_a_swap_needs_both_and_then_the_supervisor() -> None:
    with pytest.raises(Forbidden):
        leave.swap_asked(department(), swap(), B, NOW)
    asked = leave.swap_asked(department(), swap(), A, NOW)
    with pytest.raises(Conflict, match="not agreed yet"):
        leave.swap_decided(asked, "s1", "approved", BOSS, NOW)
    with pytest.raises(Forbidden):
        leave.swap_agreed(asked, "s1", A, NOW)
    agreed = leave.swap_agreed(asked, "s1", B, NOW)
    with pytest.raises(Forbidden, match="own swap"):
        leave.swap_decided(agreed, "s1", "approved", B, NOW)
    done = leave.swap_decided(agreed, "s1", "approved", BOSS, NOW)
    assert [s.staff_id for s in done.shifts] == ["b"]
    with pytest.raises(Conflict, match="already"):
        leave.swap_decided(done, "s1", "refused", BOSS, NOW)


def test_a_swap_with_somebody_who_is_on_then_is_refused_before_anybody_is_asked() -> None:
    busy = department(TOMORROW, Shift("b", NOW + DAY + HOUR, NOW + DAY + 3 * HOUR))
    with pytest.raises(Conflict, match="on duty then already"):
        leave.swap_asked(busy, swap(), A, NOW)


def butler(id: str, **changes: Any) -> OnDuty:
    return OnDuty(staff(id, role="butler", **changes), on_call=False)


def test_an_errand_goes_to_the_butler_of_the_household_or_who_covers_him() -> None:
    errand = order("ASKED", kind="errand", unit_id="l1-3", skill="", assignee_id="")
    mine, cover, other = (
        butler("mine", households=("l1-3",), covered_by="cover"),
        butler("cover"),
        butler("x"),
    )
    everybody = [d.staff for d in (mine, cover, other)]
    chosen = choose(errand, [other, cover, mine], {}, everybody).staff
    assert chosen is not None
    assert chosen.id == "mine"
    covered = choose(errand, [other, cover], {}, everybody).staff
    assert covered is not None
    assert covered.id == "cover"
    assert household_butlers("", [mine], everybody) == []


def test_j21_the_rotation_ends_when_everybody_was_called_and_the_last_resort_is_left() -> None:
    shifts = [Shift(one, NOW - HOUR, NOW + HOUR) for one in ("a", "b", "boss")]
    duty = on_duty(department(*shifts), NOW)
    waiting, called = order(urgency="emergency", skill="", assignee_id=""), []
    while (choice := choose(waiting, duty, {})).staff is not None:
        called.append(choice.staff.id)
        waiting = dataclasses.replace(waiting, tried=(*waiting.tried, choice.staff.id))
    assert sorted(called) == ["a", "b", "boss"], "everybody once"
    assert called[-1] == "boss"
    chief = staff("chief", role="director")
    last = last_resort(("duty_officer", "director"), [], [chief], frozenset(), waiting.tried)
    assert (last.staff, last.last_resort) == (chief, True)


def test_j17_an_emergency_ignores_the_limits_of_workload() -> None:
    duty = [OnDuty(staff("a", load_max=1, areas=("L1",)), False), OnDuty(staff("b", load_max=9), False)]
    loads = {"a": 5, "b": 0}
    urgent = order(urgency="urgent", skill="", building="L1", assignee_id="")
    assert {choose(dataclasses.replace(urgent, id=f"w{n}"), duty, loads).staff.id for n in range(30)} == {"b"}  # type: ignore[union-attr]
    full = [OnDuty(staff("a", load_max=1), False)]
    assert choose(dataclasses.replace(urgent, urgency="emergency"), full, loads).staff == full[0].staff
