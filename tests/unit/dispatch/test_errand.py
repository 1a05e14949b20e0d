"""P066, P067, J4, J5: a car from the question to the journey, and all that can come between."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import get_args

import pytest

from services.dispatch.domain import errand, repair
from services.dispatch.domain.errand import ERRAND
from services.dispatch.domain.flow import Action, allowed, check
from services.dispatch.domain.wording import STATUS
from shared.errors import Conflict, Invalid
from shared.events.dispatch import (
    CarUnavailable,
    ErrandBooked,
    WorkCancelled,
    WorkCompleted,
    WorkPaidOff,
    WorkQuoted,
)
from tests.unit.dispatch.builders import BUTLER, NOW, PRICE, car, noticed

START = NOW + timedelta(days=5)
LAST_FREE = START - timedelta(hours=24)
BEFORE = {"cannot", "assign", "hand-over"}
EXPECTED: dict[str, set[str]] = {
    "ASKED": BEFORE | {"confirm-car", "unavailable"},
    "AVAILABLE": BEFORE | {"quote", "unavailable"},
    "UNAVAILABLE": BEFORE | {"confirm-car", "taxi"},
    "QUOTED": BEFORE | {"quote"},
    "CONSENTED": BEFORE | {"form-signed"},
    "OBJECTED": BEFORE | {"confirm-car", "unavailable"},
    "FORM_SIGNED": BEFORE,
    "DEPOSIT_PAID": BEFORE,
    "BOOKED": {"assign", "hand-over", "used"},
    "USED": {"hand-in"},
    "TAXI_CALLED": {"hand-in"},
    "CLOSED": {"hand-in"},
    "CANCELLED_IN_TIME": {"hand-in"},
    "CANCELLED_LATE": {"hand-in"},
}


@pytest.mark.parametrize("action", get_args(Action))
@pytest.mark.parametrize("status", EXPECTED)
def test_p066_every_status_against_every_action(status: str, action: Action) -> None:
    subject = car(status)
    assert (action in allowed(ERRAND, subject)) == (action in EXPECTED[status])
    if action not in EXPECTED[status]:
        with pytest.raises(Conflict) as refused:
            check(ERRAND, subject, action)
        assert subject.slip in refused.value.detail
    assert STATUS[status]


@pytest.mark.parametrize("status", EXPECTED)
def test_p066_a_cancellation_is_confirmed_only_where_somebody_asked_and_something_is_left(
    status: str,
) -> None:
    asked = "confirm-cancellation" in allowed(ERRAND, noticed(car(status), NOW))
    assert asked == (
        status in {s for s, actions in EXPECTED.items() if actions - {"hand-in"} or s == "FORM_SIGNED"}
    )
    assert "confirm-cancellation" not in allowed(ERRAND, car(status))


def test_p066_from_the_question_to_the_paid_journey() -> None:
    change = errand.confirm_car(car(), BUTLER, NOW, "Fast Cars", "sedan", PRICE)
    change = errand.quote(change.order, BUTLER, NOW, "q1")
    [quoted] = change.events
    assert isinstance(quoted, WorkQuoted)
    [line] = quoted.lines
    assert line.amount is not None
    assert (line.amount.amount_minor, quoted.deposit_percent) == (60_000, 10), (
        "the partner's price, a tenth held"
    )
    change = repair.consented(change.order, "q1", PRICE, NOW)
    change = errand.deposit_requested(change.order)
    assert change.order.deposit == "requested"
    change = errand.form_signed(change.order, BUTLER, NOW)
    assert change.order.status == "FORM_SIGNED"
    assert not [e for e in change.events if isinstance(e, ErrandBooked)]
    change = errand.deposit_held(change.order, NOW)
    assert change.order.status == "BOOKED"
    assert isinstance(change.events[-1], ErrandBooked)
    change = errand.used(change.order, BUTLER, NOW)
    completed = change.events[-1]
    assert isinstance(completed, WorkCompleted)
    assert completed.amount is not None
    assert completed.amount.amount_minor == 60_000
    change = repair.settled(change.order, NOW)
    assert change.order.status == "CLOSED"
    assert isinstance(change.events[0], WorkPaidOff)


def test_p066_a_deposit_paid_before_the_form_books_with_the_form() -> None:
    held = errand.deposit_held(car("CONSENTED"), NOW)
    assert (held.order.status, held.order.deposit, held.events) == ("CONSENTED", "held", ())
    booked = errand.form_signed(held.order, BUTLER, NOW)
    assert booked.order.status == "BOOKED"


def test_p066_a_booking_does_not_stand_on_a_deposit_that_went_back() -> None:
    held = errand.deposit_held(car("CONSENTED"), NOW).order
    back = errand.deposit_returned(held).order
    assert errand.form_signed(back, BUTLER, NOW).order.status == "FORM_SIGNED"
    assert errand.deposit_returned(car("CANCELLED_LATE")).order == car("CANCELLED_LATE")


def test_p066_nothing_is_booked_before_the_partners_confirmation() -> None:
    with pytest.raises(Conflict, match="partner has not said yet"):
        errand.quote(car("ASKED"), BUTLER, NOW, "q1")
    with pytest.raises(Conflict):
        errand.form_signed(car("ASKED"), BUTLER, NOW)


def test_p066_an_owner_who_objects_gets_another_offer_or_none() -> None:
    refused = repair.objected(car("QUOTED"), "q1", NOW)
    assert refused.order.status == "OBJECTED"
    again = errand.confirm_car(refused.order, BUTLER, NOW, "Slow Cars", "van", PRICE)
    assert (again.order.status, again.order.quote) == ("AVAILABLE", None)


def test_p067_no_car_then_a_taxi_with_consent_and_plate() -> None:
    gone = errand.unavailable(car(), BUTLER, NOW, "Fast Cars")
    assert isinstance(gone.events[0], CarUnavailable)
    with pytest.raises(Invalid) as refused:
        errand.taxi(gone.order, BUTLER, NOW, consent=False, plate="沪A12345", departs_at=None)
    assert refused.value.field == "consent"
    called = errand.taxi(gone.order, BUTLER, NOW, consent=True, plate="沪A12345", departs_at=None)
    assert called.order.taxi is not None
    assert (called.order.status, called.order.taxi.plate, called.order.open) == (
        "TAXI_CALLED",
        "沪A12345",
        False,
    )
    assert "沪A12345" not in str([e.model_dump(exclude={"personal"}) for e in called.events])


@pytest.mark.parametrize(
    ("received_at", "confirmed_at", "in_time", "our_delay"),
    [
        (LAST_FREE - timedelta(hours=2), LAST_FREE - timedelta(hours=1), True, False),
        (LAST_FREE - timedelta(hours=2), LAST_FREE, True, False),
        (LAST_FREE - timedelta(hours=2), LAST_FREE + timedelta(seconds=1), False, True),
        (LAST_FREE, LAST_FREE + timedelta(hours=1), False, True),
        (LAST_FREE + timedelta(seconds=1), LAST_FREE + timedelta(hours=1), False, False),
    ],
)
def test_j4_late_is_what_the_desk_confirms_late_unless_the_notice_was_in_time(
    received_at: datetime, confirmed_at: datetime, in_time: bool, our_delay: bool
) -> None:
    asked = errand.notice_received(car("BOOKED"), received_at, "trip is off", received_at)
    assert asked.order.status == "BOOKED", "the butler desk has to confirm (P066)"
    done = errand.confirm_cancellation(asked.order, confirmed_at)
    [fact] = done.events
    assert isinstance(fact, WorkCancelled)
    assert (fact.in_time, fact.our_delay) == (in_time, our_delay)
    assert (fact.notice_received_at, fact.confirmed_at, fact.start_at) == (received_at, confirmed_at, START)
    assert done.order.status == ("CANCELLED_IN_TIME" if in_time else "CANCELLED_LATE")
    assert not done.order.open


@pytest.mark.parametrize(
    "status", ["ASKED", "AVAILABLE", "UNAVAILABLE", "QUOTED", "CONSENTED", "FORM_SIGNED"]
)
def test_j5_before_the_booking_a_notice_cancels_at_once(status: str) -> None:
    done = errand.notice_received(car(status), NOW, "trip is off", NOW)
    [fact] = done.events
    assert isinstance(fact, WorkCancelled)
    assert (fact.in_time, done.order.status) == (True, "CANCELLED_IN_TIME")


def test_j5_with_money_held_the_butler_desk_decides_even_before_the_booking() -> None:
    asked = errand.notice_received(replace(car("CONSENTED"), deposit="held"), NOW, "trip is off", NOW)
    assert asked.order.open
    assert "confirm-cancellation" in allowed(ERRAND, asked.order)


def test_j5_a_used_car_is_not_cancelled() -> None:
    change = errand.notice_received(car("USED"), NOW, "trip is off", NOW)
    assert change.order == car("USED")
    assert len(change.events) == 1
