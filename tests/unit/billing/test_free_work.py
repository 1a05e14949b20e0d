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


def test_p021_a_public_repair_is_priced_at_nothing(desk: Desk) -> None:
    other = Desk()
    other.accept("repair-report", area="public")
    other.quote(TAP)
    assert (other.only(Quote).free, other.only(Quote).total.amount_minor) == ("public_area", 0)
    other.complete(None)
    assert other.all(Charge) == []
