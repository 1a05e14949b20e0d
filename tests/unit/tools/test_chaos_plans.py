"""The plans of chaos: seeded, complete, and as many as asked."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta
from random import Random

import pytest

from tools.chaos import kills, visits
from tools.chaos.calls import COMPLAINT_TIMERS, OVERDUE, SOON_SECONDS, body_of
from tools.chaos.kills import FAILPOINTS_MIN
from tools.chaos.lives.cases import DeskCases
from tools.chaos.lives.repairs import DeeperRepairs
from tools.chaos.lives.script import Deeper
from tools.chaos.load import MORE_BUTLERS, MORE_TECHNICIANS, OFFICES, with_more_staff
from tools.demo.group import demonstration_group

SERVICES = tuple(f"{s}-{r}" for s in ("intake", "dispatch", "billing", "notify") for r in ("front", "bulk"))
OTHERS = ("broker", "mongod", "auditor")
NOW = datetime(2026, 3, 1, 8, tzinfo=UTC)
ESTATES = demonstration_group()


@pytest.mark.parametrize("count", [1, 30, 32, 100])
def test_every_process_dies_and_the_failpoint_kills_often_enough(seed: int, count: int) -> None:
    plan = kills.plan(Random(seed), SERVICES, OTHERS, count)
    assert {kill.process for kill in plan} == {*SERVICES, *OTHERS}
    assert sum(kill.count for kill in plan) >= count
    armed = [kill for kill in plan if kill.how == "failpoint"]
    assert len(armed) >= FAILPOINTS_MIN
    assert {kill.process for kill in armed} <= set(SERVICES)
    assert all(kill.awaited for kill in armed)


def test_no_kills_are_no_plan() -> None:
    assert kills.plan(Random(1), SERVICES, OTHERS, 0) == []


def test_a_plan_of_kills_follows_from_its_seed(seed: int) -> None:
    assert kills.plan(Random(seed), SERVICES, OTHERS, 30) == kills.plan(Random(seed), SERVICES, OTHERS, 30)


def test_visits_are_spread_over_time_and_properties(seed: int) -> None:
    plan = visits.plan(Random(seed), ["garden", "tower", "villa"], frozenset({"tower", "villa"}), 3_000, 300)
    assert len(plan) == 3_000
    assert [v.at_seconds for v in plan] == sorted(v.at_seconds for v in plan)
    assert plan[-1].at_seconds < 300
    assert Counter(v.property_id for v in plan) == {"garden": 1_000, "tower": 1_000, "villa": 1_000}
    assert {v.what for v in plan} == {*visits.CALLS, *visits.LIVED}
    assert not [v for v in plan if v.property_id == "garden" and v.what in visits.CARS]


def test_a_fair_share_goes_through_the_deeper_flows_and_what_is_slow_begins_early(seed: int) -> None:
    plan = visits.plan(Random(seed), ["garden", "tower"], frozenset({"tower"}), 3_000, 300)
    assert sum(v.what in visits.DEEPER for v in plan) > 200
    for what, (instead, part) in visits.SLOW.items():
        assert all(v.at_seconds <= 300 * part for v in plan if v.what == what)
        assert instead in visits.LIVED


def test_every_life_of_the_plan_can_be_played() -> None:
    for what in visits.LIVED:
        assert callable(
            getattr(Deeper, what, None) or getattr(DeeperRepairs, what, None) or getattr(DeskCases, what)
        ), what


@pytest.mark.parametrize("what", visits.CALLS)
@pytest.mark.parametrize("estate", ESTATES, ids=lambda estate: estate.id)
def test_a_call_says_the_same_again_for_the_same_seed(what: str, estate: object, seed: int) -> None:
    assert isinstance(estate, type(ESTATES[0]))
    body = body_of(what, Random(seed), estate, NOW)
    assert body == body_of(what, Random(seed), estate, NOW)
    assert "unit_id" in body or body["place"]


def test_a_forgotten_complaint_comes_to_one_of_its_clocks_while_the_run_lasts(seed: int) -> None:
    earliest, latest = (timedelta(seconds=s) for s in SOON_SECONDS)
    for number in range(50):
        body = body_of("complaint_overdue", Random(f"{seed}:{number}"), ESTATES[0], NOW)
        due = [datetime.fromisoformat(body["reported_at"]) + after for after in COMPLAINT_TIMERS]
        assert any(NOW + earliest - timedelta(seconds=1) <= at <= NOW + latest for at in due)


def test_an_overdue_call_comes_to_a_step_of_its_chain_while_the_run_lasts(seed: int) -> None:
    earliest, latest = (timedelta(seconds=s) for s in SOON_SECONDS)
    for number in range(50):
        body = body_of("overdue", Random(f"{seed}:{number}"), ESTATES[0], NOW)
        reported = datetime.fromisoformat(body["reported_at"])
        steps = [reported + after for group in OVERDUE.values() for after in group]
        assert any(NOW + earliest - timedelta(seconds=1) <= step <= NOW + latest for step in steps)


def test_more_staff_have_ids_and_numbers_of_their_own() -> None:
    staff = [one for estate in ESTATES for one in with_more_staff(estate).staff]
    extra = len(ESTATES) * (MORE_TECHNICIANS + MORE_BUTLERS + len(OFFICES))
    assert len(staff) == sum(len(estate.staff) for estate in ESTATES) + extra
    assert len({one.id for one in staff}) == len(staff)
