"""J6, J17, J21 and the spreading of a batch: who gets a work order."""

from __future__ import annotations

import dataclasses
import random
from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.dispatch.domain.model import WorkOrder
from services.dispatch.domain.routing import choose, last_resort
from tests.unit.dispatch.builders import car, on, order, staff, terms

DIRECT = terms(supervisor_dispatches=False)


def job(number: int = 0, **changes: object) -> WorkOrder:
    """A general plumbing order that goes straight to a technician."""
    return order(id=f"w{number}", assignee_id="", **{"terms": DIRECT, **changes})


TEAM = [staff(f"tech-{n}") for n in range(10)]


def test_five_hundred_orders_in_one_batch_do_not_go_to_one_man() -> None:
    given_to = Counter(_id(job(n), {}) for n in range(500))
    assert len(given_to) == len(TEAM), "everybody gets some"
    assert max(given_to.values()) <= 500 / len(TEAM) * 1.6


def test_who_is_busy_gets_less_and_nobody_gets_nothing_for_ever() -> None:
    loads = {"tech-0": 5}
    given_to = Counter(_id(job(n), loads) for n in range(500))
    others = [given_to[s.id] for s in TEAM[1:]]
    assert given_to["tech-0"] < min(others) / 3


@given(
    loads=st.dictionaries(st.sampled_from([s.id for s in TEAM]), st.integers(0, 7)),
    seed=st.integers(0, 2**16),
)
@settings(max_examples=30, deadline=None)
def test_the_choice_depends_neither_on_the_order_of_orders_nor_of_people(
    loads: dict[str, int], seed: int
) -> None:
    jobs = [job(n) for n in range(30)]
    before = {j.id: _id(j, loads) for j in jobs}
    shuffled, people = list(jobs), list(TEAM)
    mixer = random.Random(seed)
    mixer.shuffle(shuffled)
    mixer.shuffle(people)
    after = {}
    for j in shuffled:
        chosen = choose(j, on(*people), loads).staff
        assert chosen is not None
        after[j.id] = chosen.id
    assert after == before


@given(st.sets(st.sampled_from([s.id for s in TEAM]), min_size=1, max_size=9))
@settings(max_examples=30, deadline=None)
def test_who_leaves_moves_only_his_own_orders(gone: set[str]) -> None:
    rest = on(*(s for s in TEAM if s.id not in gone))
    for number in range(40):
        first = _id(job(number), {})
        then = choose(job(number), rest, {}).staff
        assert then is not None
        assert then.id == first or first in gone


def test_skill_and_area_come_first_then_skill_then_on_call() -> None:
    here = staff("here", areas=("3",))
    elsewhere = staff("elsewhere", areas=("7",))
    called = staff("called", areas=("3",))
    painter = staff("painter", skills=("mason",))
    at_three = job(building="3")
    assert choose(at_three, [*on(here, elsewhere, painter), *on(called, on_call=True)], {}).staff == here
    assert choose(at_three, [*on(elsewhere, painter), *on(called, on_call=True)], {}).staff == elsewhere
    assert choose(at_three, [*on(painter), *on(called, on_call=True)], {}).staff == called
    nobody = choose(at_three, on(painter), {})
    assert (nobody.staff, nobody.last_resort) == (None, True)


@pytest.mark.parametrize("urgency", ["urgent", "emergency"])
def test_p019_what_cannot_wait_takes_anybody_who_works_there(urgency: str) -> None:
    painter = staff("painter", skills=("mason",))
    assert choose(job(urgency=urgency), on(painter), {}).staff == painter


def test_p018_general_repairs_go_through_the_supervisor_urgent_ones_do_not() -> None:
    boss = staff("boss", role="repair_supervisor", skills=())
    worker = staff("worker")
    general = order(assignee_id="")
    assert choose(general, on(boss, worker), {}).staff == boss
    assert choose(dataclasses.replace(general, urgency="urgent"), on(boss, worker), {}).staff == worker
    assert choose(general, on(worker), {}).staff == worker, (
        "no supervisor on duty: the slip still goes out (R6)"
    )


def test_j17_an_emergency_ignores_the_limit_of_load() -> None:
    full, free = staff("full", load_max=1), staff("free", areas=("9",), load_max=5)
    loads = {"full": 1}
    somewhere = {"building": "1", "urgency": "emergency"}
    assert choose(job(**somewhere), on(full, free), loads).staff == full
    assert choose(job(building="1"), on(full, free), loads).staff == free


def test_r6_when_all_are_at_their_limit_somebody_still_gets_it() -> None:
    chosen = choose(job(), on(staff("one", load_max=1)), {"one": 9})
    assert chosen.staff is not None
    assert not chosen.last_resort


def test_j6_who_said_cannot_is_not_called_again() -> None:
    first = _id(job(), {})
    tried: tuple[str, ...] = ()
    for _ in TEAM:
        tried = (*tried, first)
        chosen = choose(job(tried=tried), on(*TEAM), {})
        if chosen.staff is None:
            break
        assert chosen.staff.id not in tried
        first = chosen.staff.id
    assert choose(job(tried=tried), on(*TEAM), {}).last_resort, "all have said it: the last resort (J21)"


def test_the_supervisor_does_the_work_himself_only_where_nobody_else_is_there() -> None:
    boss, worker = staff("boss", role="repair_supervisor"), staff("worker", skills=("mason",))
    urgent = job(urgency="urgent")
    assert {choose(job(n, urgency="urgent"), on(boss, worker), {}).staff for n in range(20)} == {worker}
    assert choose(urgent, on(boss), {}).staff == boss
    assert choose(job(), on(boss), {}).staff == boss


def test_p066_an_errand_goes_to_a_butler() -> None:
    butler = staff("butler-1", role="butler", skills=("concierge",))
    assert choose(car(assignee_id=""), on(staff("tech-1", skills=("concierge",)), butler), {}).staff == butler


CHAIN = ("duty_officer", "director", "property_manager", "hq_duty")
PEOPLE = [
    staff("duty-1", role="duty_officer"),
    staff("director-1", role="director"),
    staff("manager-1", role="property_manager"),
    staff("hq-1", role="hq_duty"),
]


@pytest.mark.parametrize(
    ("on_duty", "planned", "tried", "expected"),
    [
        (["duty-1"], {"duty-1"}, (), "duty-1"),
        ([], {"duty-1"}, (), "director-1"),
        ([], {"duty-1"}, ("director-1",), "manager-1"),
        ([], {"duty-1", "director-1", "manager-1"}, (), "hq-1"),
        ([], set(), (), "duty-1"),
    ],
)
def test_j21_the_chain_is_walked_until_somebody_can_be_reached(
    on_duty: list[str], planned: set[str], tried: tuple[str, ...], expected: str
) -> None:
    present = on(*(s for s in PEOPLE if s.id in on_duty))
    chosen = last_resort(CHAIN, present, PEOPLE, frozenset(planned), tried)
    assert chosen.staff is not None
    assert (chosen.staff.id, chosen.last_resort) == (expected, True)


def test_j21_a_person_named_in_the_chain_is_called_whatever_the_plan_says() -> None:
    chosen = last_resort(("manager-1", "director"), [], PEOPLE, frozenset({"manager-1"}), ())
    assert chosen.staff == PEOPLE[2]


def test_j21_with_nobody_at_all_the_alarm_still_names_the_first_of_the_chain() -> None:
    chosen = last_resort(CHAIN, [], [], frozenset(), ())
    assert (chosen.staff, chosen.role, chosen.last_resort) == (None, "duty_officer", True)


def _id(subject: WorkOrder, loads: dict[str, int]) -> str:
    chosen = choose(subject, on(*TEAM), loads).staff
    assert chosen is not None
    return chosen.id
