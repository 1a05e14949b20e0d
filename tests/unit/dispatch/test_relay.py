"""To whom a message goes over at the change of shifts, and when that is looked at (P002)."""

from __future__ import annotations

from datetime import timedelta

from services.dispatch.domain.relay import look_at, next_reader
from services.dispatch.domain.roster import Roster, Shift
from tests.unit.dispatch.builders import NOW, staff

HOUR, AGAIN = timedelta(hours=1), timedelta(minutes=15)
PEOPLE = (
    staff("mei", role="cs_officer"),
    staff("wu", role="cs_officer"),
    staff("ma", role="cs_supervisor", rank=3),
)


def desk(*shifts: Shift) -> Roster:
    return Roster("villa", "customer_service", staff=PEOPLE, shifts=shifts)


def test_p002_it_is_looked_at_when_his_shift_or_his_next_one_ends() -> None:
    now, later = Shift("mei", NOW - HOUR, NOW + HOUR), Shift("mei", NOW + 5 * HOUR, NOW + 9 * HOUR)
    assert look_at([desk(now, later)], "mei", NOW, AGAIN) == NOW + HOUR
    assert look_at([desk(later)], "mei", NOW, AGAIN) == NOW + 9 * HOUR
    assert look_at([desk(Shift("mei", NOW, NOW + HOUR, on_call=True))], "mei", NOW, AGAIN) == NOW + AGAIN


def test_p002_it_goes_to_somebody_of_his_role_before_others_and_to_nobody_while_he_is_there() -> None:
    wu, ma = Shift("wu", NOW, NOW + HOUR), Shift("ma", NOW, NOW + HOUR)
    found = next_reader([desk(ma, wu)], "mei", NOW)
    assert found is not None
    assert found.id == "wu"
    found = next_reader([desk(ma)], "mei", NOW)
    assert found is not None
    assert found.id == "ma"
    assert next_reader([desk(wu, Shift("mei", NOW, NOW + HOUR))], "mei", NOW) is None
    assert next_reader([desk(Shift("wu", NOW, NOW + HOUR, on_call=True))], "mei", NOW) is None
    assert next_reader([desk(wu)], "a stranger", NOW) is None
