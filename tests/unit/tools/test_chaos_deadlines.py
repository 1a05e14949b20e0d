"""When a deadline is late: max(due, recovery) and the grace; what relieves it; which alarm stands for it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from tools.chaos.facts import Order, Outage, Step
from tools.chaos.rules.deadlines import ALARM, ASKED, Deadline, deadlines, kept, recovered

T = datetime(2026, 3, 1, 8, tzinfo=UTC)
GRACE = timedelta(seconds=30)
ISSUED, ASSIGNED = ASKED


def at(seconds: float) -> datetime:
    return T + timedelta(seconds=seconds)


def outage(since: float, until: float) -> Outage:
    return Outage("mongod", at(since), at(until))


ORDER = Order(
    property_id="tower",
    id="wo",
    request_id="r",
    stream="r",
    kind="repair",
    status="ISSUED",
    rework_of="",
    succeeded_by="",
    issued_at=at(0),
    clock_from=at(-1_000),
    due_at=at(1_000),
    done_at=None,
    percents=(75, 100),
    answer_minutes=None,
)


def verdicts(*every: Deadline, now: float = 10_000, outages: tuple[Outage, ...] = ()) -> list[str]:
    return [found.rule for found in kept(every, outages, at(now), GRACE)]


def due(seconds: float, fired: float | None = None, relieved: float | None = None) -> Deadline:
    def moment(s: float | None) -> datetime | None:
        return None if s is None else at(s)

    return Deadline("tower:wo", "step", at(seconds), moment(fired), moment(relieved))


@pytest.mark.parametrize(
    ("outages", "expected"),
    [
        ((), 0),
        ((outage(-50, -10),), 0),
        ((outage(-50, 40),), 40),
        ((outage(29, 50),), 50),
        ((outage(31, 50),), 0),
        ((outage(10, 40), outage(60, 90)), 90),
        ((outage(60, 90), outage(10, 40)), 90),
        ((outage(10, 20), outage(100, 200)), 20),
    ],
)
def test_recovery_is_the_end_of_the_outages_that_stood_in_the_way(
    outages: tuple[Outage, ...], expected: float
) -> None:
    assert recovered(at(0), outages, GRACE) == at(expected)


def test_late_and_unfired_are_told_apart() -> None:
    assert verdicts(due(0, fired=30)) == []
    assert verdicts(due(0, fired=31)) == ["deadline-late"]
    assert verdicts(due(0)) == ["deadline-unfired"]
    assert verdicts(due(0), now=29) == []
    assert verdicts(due(0, fired=31), outages=(outage(-5, 5),)) == []


def test_what_was_relieved_in_time_need_not_fire() -> None:
    assert verdicts(due(0, relieved=29)) == []
    assert verdicts(due(0, relieved=31)) == ["deadline-unfired"]
    assert verdicts(due(0, fired=60, relieved=31)) == ["deadline-late"]


def test_an_alarm_stands_for_every_step_before_it() -> None:
    steps = [Step(ALARM, at(1_000), 1, "breached")]
    found = list(deadlines([ORDER], {("tower", "wo"): steps}))
    assert [(d.due_at, d.fired_at) for d in found] == [(at(500), at(1_000)), (at(1_000), at(1_000))]


def test_an_order_issued_late_has_its_steps_from_then_on() -> None:
    order = replace(ORDER, issued_at=at(700))
    steps = [Step(ISSUED, at(700), 1, due_at=order.due_at), Step(ALARM, at(701), 1, "approaching")]
    first = next(iter(deadlines([order], {("tower", "wo"): steps})))
    assert (first.due_at, first.fired_at) == (at(700), at(701))


def test_silence_of_whoever_was_asked_is_due_until_the_next_step() -> None:
    order = replace(ORDER, percents=(), answer_minutes=5)
    asked = Step(ISSUED, at(0), 1, assignee="a")
    taken = Step("dispatch.work_order.step_taken.v1", at(60), 2)
    [found] = deadlines([order], {("tower", "wo"): [asked, taken]})
    assert (found.due_at, found.relieved_at) == (at(300), at(60))
    [found] = deadlines([order], {("tower", "wo"): [asked, Step(ALARM, at(301), 1, "not_collected")]})
    assert (found.fired_at, found.relieved_at) == (at(301), None)


def test_nobody_is_silent_where_nobody_was_asked() -> None:
    order = replace(ORDER, percents=(), answer_minutes=5)
    assert not list(deadlines([order], {("tower", "wo"): [Step(ISSUED, at(0), 1, assignee="")]}))


def test_each_person_asked_has_his_own_time() -> None:
    order = replace(ORDER, percents=(), answer_minutes=5)
    steps = [Step(ISSUED, at(0), 1, assignee="a"), Step(ASSIGNED, at(301), 2, assignee="b")]
    steps.append(Step(ALARM, at(301), 1, "not_collected"))
    first, second = deadlines([order], {("tower", "wo"): steps})
    assert (first.due_at, first.fired_at) == (at(300), at(301))
    assert (second.due_at, second.fired_at) == (at(601), None)
