"""Whether dispatch answers (J30): how long it may be silent, who is told then, when nobody waits any more."""

from __future__ import annotations

import dataclasses
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from services.intake.domain.changes import overtakes, reopened
from services.intake.domain.follow import follow
from services.intake.domain.request import Request, Work, ended
from services.intake.domain.watch import (
    Overdue,
    SlipWatch,
    expected,
    more_urgent,
    raised,
    silence,
    slips_raised,
)
from shared.catalogue.load import Catalogue
from shared.events.dispatch import WorkCompleted, WorkOrderIssued, WorkPaidOff, WorkStepTaken
from shared.events.envelope import Amount
from tests import events

NOW = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
SECOND, MINUTE = timedelta(seconds=1), timedelta(minutes=1)
REPAIR = Catalogue.shipped().procedure("repair-report", "villa").dispatch
SETTINGS = Catalogue.shipped().profile("villa").settings
CHAIN = ("duty_officer", "director")


def request(urgency: Any = "emergency", **changes: Any) -> Request:
    """A request that was accepted just now."""
    values: dict[str, Any] = {"lane": "urgent", "reference": "AB12", "place": "Pump room", **changes}
    return expected(Request("villa", "r1", 1, urgency=urgency, **values), REPAIR, NOW)


def issued(kind: Any = "repair") -> WorkOrderIssued:
    return events.issued("r1", NOW, work_order_id=f"w-{kind}", kind=kind, urgency="emergency")


@pytest.mark.parametrize(
    ("urgency", "what", "after"),
    [("emergency", "answer", 15 * SECOND), ("urgent", "slip", 5 * MINUTE), ("general", "slip", 5 * MINUTE)],
)
def test_j30_how_long_dispatch_may_be_silent(urgency: Any, what: str, after: timedelta) -> None:
    assert silence(REPAIR, urgency, NOW) == (what, NOW + after)


def test_j30_the_slip_ends_the_waiting_and_so_does_the_end() -> None:
    assert follow(request(), issued()).watch_at is None
    assert ended(request(), "CANCELLED", NOW).watch_at is None
    assert request(works=False).watch_at is None, "nobody waits for work where there is none"


def test_j30_a_request_that_became_an_emergency_waits_for_its_response() -> None:
    known = follow(request("general", lane="routine"), issued())
    risen = more_urgent(known, dataclasses.replace(known, urgency="emergency"), REPAIR, NOW)
    assert (risen.watch_for, risen.watch_at) == ("answer", NOW + 15 * SECOND)
    assert follow(risen, issued("response")).watch_at is None
    urgent = follow(request("urgent"), issued())
    same_lane = more_urgent(urgent, dataclasses.replace(urgent, urgency="emergency"), REPAIR, NOW)
    assert same_lane.watch_at == NOW + 15 * SECOND, "its slip is out, and dispatch has still to hear of it"
    runs = WorkStepTaken(
        work_order_id="w-repair",
        request_id="r1",
        step="urgency_raised",
        status="ISSUED",
        by="system",
        taken_at=NOW,
    )
    assert follow(same_lane, runs).watch_at is None
    assert follow(risen, runs).watch_at is not None, "on the slow lane only the response answers"


@pytest.mark.parametrize(
    "changes",
    [
        {"stage": "DONE"},
        {"stage": "TO_CONFIRM"},
        {"works": False},
        {"joined_to": "r2"},
        {"lane": "routine"},
        {"notice_received_at": NOW},
    ],
    ids=lambda changes: next(iter(changes)),
)
def test_j18_j30_an_emergency_without_a_live_slip_sends_somebody_and_is_watched(
    changes: dict[str, Any],
) -> None:
    before = Request("villa", "r1", 1, **{"urgency": "urgent", "lane": "urgent", **changes})
    risen = dataclasses.replace(before, urgency="emergency")
    assert overtakes(before, risen, None)
    assert more_urgent(before, risen, None, NOW).watch_at == NOW + 15 * SECOND
    assert not overtakes(risen, risen, None)


def test_j18_an_urgent_slip_that_is_out_runs_faster_and_no_second_one_goes_out() -> None:
    before = follow(request("urgent"), issued())
    assert not overtakes(before, dataclasses.replace(before, urgency="emergency"), None)


@pytest.mark.parametrize("late", [False, True])
def test_j30_the_new_slip_of_a_reopened_emergency_ends_the_waiting(late: bool) -> None:
    done = WorkCompleted(
        work_order_id="w-repair",
        request_id="r1",
        kind="repair",
        quote_id="",
        amount=Amount(amount_minor=0, currency="CNY"),
        completed_at=NOW,
    )
    paid_off = WorkPaidOff(work_order_id="w-repair", request_id="r1", closed_at=NOW)
    known = follow(follow(request(), issued()), done)
    again = expected(reopened(known), REPAIR, NOW)
    assert again.watch_for == "answer"
    if late:
        again = follow(again, paid_off)
    new = issued().model_copy(update={"work_order_id": "w-again", "slip": "2026-000002"})
    assert follow(again, new).watch_at is None


def test_j30_each_step_goes_up_the_duty_chain_and_the_last_hears_it_again() -> None:
    waiting, told = request(), []
    for _ in range(3):
        assert waiting.watch_at is not None
        waiting, fact = raised(waiting, CHAIN, SETTINGS, waiting.watch_at)
        assert waiting.watch_at is not None
        told.append((fact.step, fact.to_role, waiting.watch_at - fact.raised_at))
    assert told == [
        (1, "duty_officer", MINUTE),
        (2, "director", 5 * MINUTE),
        (3, "director", 5 * MINUTE),
    ]


def test_j30_slips_are_told_once_for_all_and_again_after_a_while() -> None:
    overdue = Overdue("villa", 700, 2, NOW - 6 * MINUTE, ("A", "B", "C", "D"))
    first = slips_raised(SlipWatch("villa", "villa"), overdue, CHAIN, SETTINGS, NOW)
    assert first is not None
    state, fact = first
    assert (fact.count, fact.reference, fact.to_role, fact.urgency) == (
        700,
        "A, B, C",
        "duty_officer",
        "urgent",
    )
    assert slips_raised(state, overdue, CHAIN, SETTINGS, NOW + 4 * MINUTE) is None
    second = slips_raised(state, overdue, CHAIN, SETTINGS, NOW + 5 * MINUTE)
    assert second is not None
    assert (second[1].step, second[1].to_role) == (2, "director")
    later = slips_raised(second[0], overdue, CHAIN, SETTINGS, NOW + 60 * MINUTE)
    assert later is not None
    assert later[1].to_role == "duty_officer", "another silence begins with the first of the chain"


def test_j30_a_slip_that_is_out_already_is_not_waited_for_again() -> None:
    known = Request("villa", "r1", 1, work=Work("w1"))
    assert more_urgent(known, known, REPAIR, NOW) is known
