"""P018-P020, guarantee 10.

The chain of a deadline, silence, nobody found, paperwork, and the timers of an order.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from services.dispatch.domain.commands import (
    CheckAnswer,
    CheckCancellation,
    CheckPaperwork,
    Escalate,
    FindSomebody,
)
from services.dispatch.domain.deadlines import escalation_steps, more_urgent, next_step, step_due
from services.dispatch.domain.model import DONE, EscalationPoint
from services.dispatch.domain.side_flow import HELD
from services.dispatch.domain.timetable import changes, timers_of
from tests.unit.dispatch.builders import NOW, car, noticed, order, terms

DUE = NOW + timedelta(days=3)


def share(percent: int) -> datetime:
    """When so much of the three days is over."""
    return NOW + timedelta(days=3) * percent / 100


def test_p019_before_and_after_the_breach_the_next_higher_is_told() -> None:
    assert [(s.number, s.kind, *s.roles, s.at) for s in escalation_steps(order())] == [
        (1, "approaching", "repair_supervisor", share(75)),
        (2, "breached", "department_head", share(100)),
        (3, "breached", "director", share(150)),
    ]


def test_an_order_without_a_chain_is_still_told_at_its_breach() -> None:
    [only] = escalation_steps(order(terms=terms(escalation=())))
    assert (only.kind, only.roles, only.at) == ("breached", ("duty_officer",), DUE)


@pytest.mark.parametrize(
    ("raised", "now", "due"),
    [
        (0, share(74), None),
        (0, share(75), 75),
        (75, share(99), None),
        (75, share(100), 100),
        (0, share(120), 100),
        (0, share(400), 150),
        (150, share(400), None),
    ],
)
def test_after_an_outage_only_the_highest_step_is_told(raised: int, now: datetime, due: int | None) -> None:
    step = step_due(order(escalated_percent=raised), now)
    assert (step.at_percent if step else None) == due


@pytest.mark.parametrize("status", sorted(DONE))
def test_a_kept_deadline_has_no_steps(status: str) -> None:
    assert next_step(order(status)) is None
    assert not [t for t in timers_of(order(status), NOW).values() if isinstance(t.command, Escalate)]


def test_an_order_has_one_timer_for_its_deadline_and_it_moves_up_the_chain() -> None:
    fresh = order()
    [key] = [k for k in timers_of(fresh, NOW) if k.startswith("deadline:")]
    told = replace(fresh, escalated_percent=75)
    moved = changes(fresh, told, share(75))
    assert moved.start[key].due_at == share(100)
    assert moved.cancel == ()
    assert changes(told, replace(told, escalated_percent=150), share(150)).cancel == (key,)


@pytest.mark.parametrize(
    ("changed", "minutes"),
    [
        ({}, None),
        ({"terms": terms(mode="collect")}, 30),
        ({"urgency": "urgent"}, 30),
        ({"urgency": "emergency"}, 5),
        ({"urgency": "emergency", "status": "ON_SITE"}, None),
    ],
)
def test_j6_silence_is_looked_after(changed: dict[str, Any], minutes: int | None) -> None:
    timers = [t for t in timers_of(order(**changed), NOW).values() if isinstance(t.command, CheckAnswer)]
    assert [t.due_at for t in timers] == ([] if minutes is None else [NOW + timedelta(minutes=minutes)])


def test_another_assignee_gets_the_whole_time_to_answer() -> None:
    first = order(urgency="emergency")
    later = NOW + timedelta(minutes=4)
    second = replace(first, assignee_id="tech-2", asked_at=later)
    assert changes(first, second, later).start["answer:w1"].due_at == later + timedelta(minutes=5)
    assert "answer:w1" not in changes(second, replace(second, place="elsewhere"), later).start


def test_j21_as_long_as_nobody_has_it_somebody_is_looked_for() -> None:
    nobody = order(assignee_id="", urgency="emergency")
    timer = timers_of(nobody, NOW)["find:w1"]
    assert isinstance(timer.command, FindSomebody)
    assert timer.due_at == NOW + timedelta(minutes=1)
    assert "find:w1" in changes(nobody, replace(nobody, assignee_id="tech-1"), NOW).cancel


def test_p020_the_paperwork_of_an_emergency_has_its_own_deadline() -> None:
    done = order("REPAIRED", urgency="emergency", done_at=NOW)
    timer = timers_of(done, NOW)["paperwork:w1"]
    assert isinstance(timer.command, CheckPaperwork)
    assert timer.due_at == NOW + timedelta(hours=24)
    assert "paperwork:w1" in changes(done, replace(done, status="SIGNED"), NOW).cancel
    assert "paperwork:w1" not in timers_of(replace(done, urgency="general"), NOW)


def test_j4_an_unconfirmed_cancellation_is_an_alarm_before_the_delay_is_ours() -> None:
    start = NOW + timedelta(days=5)
    last_free = start - timedelta(hours=24)
    received = last_free - timedelta(minutes=30)
    timer = timers_of(noticed(car("BOOKED"), received), received)["cancellation:w1"]
    assert isinstance(timer.command, CheckCancellation)
    assert received < timer.due_at < last_free
    early = timers_of(noticed(car("BOOKED"), NOW), NOW)["cancellation:w1"]
    assert early.due_at == NOW + timedelta(minutes=60)


def test_taking_every_step_forgets_every_timer() -> None:
    fresh = order(urgency="emergency")
    ended = replace(fresh, status="CLOSED", open=False)
    assert set(changes(fresh, ended, NOW).cancel) == set(timers_of(fresh, NOW))
    assert timers_of(ended, NOW) == {}


def test_j18_urgency_is_only_raised_on_the_way() -> None:
    assert more_urgent(order(), "urgent")
    assert more_urgent(order(urgency="urgent"), "emergency")
    assert not more_urgent(order(urgency="urgent"), "urgent")
    assert not more_urgent(order(urgency="emergency"), "general")


def test_the_chain_is_sorted_whatever_the_file_says() -> None:
    mixed = terms(escalation=(EscalationPoint(100, "b"), EscalationPoint(50, "a")))
    assert [s.at_percent for s in escalation_steps(order(terms=mixed))] == [50, 100]


@pytest.mark.parametrize("status", sorted(HELD))
def test_p025_nobody_is_looked_for_while_it_is_in_others_hands(status: str) -> None:
    held = order(status, assignee_id="")
    assert "find:w1" not in timers_of(held, NOW)
    assert "find:w1" in changes(held, replace(held, status="COLLECTED"), NOW).start
