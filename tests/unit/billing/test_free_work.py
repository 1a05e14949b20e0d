"""P021, P024, P025, P029: what the owner never pays, whatever was quoted before."""

from __future__ import annotations

import pytest

from services.billing.domain.charge import Charge
from services.billing.domain.commands import ConsentQuote
from services.billing.domain.quote import Quote
from shared.events.billing import ChargePosted, RequestSettled
from shared.events.dispatch import WorkNotDone
from tests.unit.billing.desk import WORK, Desk, person

TAP = ("tap-replacement", 1, None)


@pytest.fixture
def desk() -> Desk:
    desk = Desk()
    desk.accept()
    return desk


@pytest.mark.parametrize("free", ["warranty", "outside"])
@pytest.mark.parametrize("consented", [None, False, True])
def test_p024_p025_what_others_do_is_free_even_after_a_consented_quote(
    desk: Desk, free: str, consented: bool | None
) -> None:
    if consented is not None:
        desk.quote(TAP)
    if consented:
        desk.run(ConsentQuote(quote_id="q1"), person("cs_officer"))
    desk.complete(None, quote_id="", free=free)
    assert desk.all(Charge) == []
    assert desk.told(ChargePosted) == []
    assert len(desk.told(RequestSettled)) == 1
    if consented is not None:
        assert desk.only(Quote).status == "VOID"
    desk.check()


def test_p029_a_slip_that_came_back_undone_owes_nothing(desk: Desk) -> None:
    desk.quote(TAP)
    desk.run(ConsentQuote(quote_id="q1"), person("cs_officer"))
    desk.run(WorkNotDone(work_order_id=WORK, request_id="r1", slip="2026-000001", told_at=desk.now))
    assert (desk.only(Quote).status, desk.all(Charge)) == ("VOID", [])
    assert len(desk.told(RequestSettled)) == 1
    desk.check()


@pytest.mark.parametrize("answered", [False, True])
def test_p021_nobody_pays_when_the_place_is_corrected_to_a_public_one(answered: bool) -> None:
    desk = Desk()
    desk.accept("repair-report")
    desk.quote(TAP)
    if answered:
        desk.run(ConsentQuote(quote_id="q1"), person("cs_officer"))
    desk.amend(area="public")
    desk.complete(4_000 if answered else None)
    assert (desk.only(Quote).status, desk.all(Charge)) == ("VOID", [])
    assert len(desk.told(RequestSettled)) == 1
    desk.check()


def test_p021_an_emergency_corrected_to_a_public_place_is_priced_at_nothing() -> None:
    desk = Desk()
    desk.accept("repair-report")
    stream = desk.raise_emergency()
    desk.amend(area="public")
    desk.quote(TAP, stream=stream)
    assert desk.only(Quote).free == "public_area"
    desk.check()


def test_a_correction_of_other_things_keeps_the_price(desk: Desk) -> None:
    desk.amend(category="electrical")
    desk.quote(TAP)
    assert desk.only(Quote).total.amount_minor == 4_000


def test_p021_a_public_repair_is_priced_at_nothing(desk: Desk) -> None:
    other = Desk()
    other.accept("repair-report", area="public")
    other.quote(TAP)
    assert (other.only(Quote).free, other.only(Quote).total.amount_minor) == ("public_area", 0)
    other.complete(None)
    assert other.all(Charge) == []
