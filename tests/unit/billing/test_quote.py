"""Prices before service: priced by the catalogue, consented once, never changed afterwards."""

from __future__ import annotations

from datetime import timedelta

import pytest

from services.billing.domain.charge import Charge
from services.billing.domain.commands import ConsentQuote, RefuseQuote
from services.billing.domain.deposit import Deposit
from services.billing.domain.quote import (
    LINES_MAX,
    QUANTITY_MAX,
    AskedLine,
    Quote,
    free_reason,
    price,
    total_of,
)
from shared.catalogue.model import BillingRules, TariffRow
from shared.errors import Conflict, Invalid, Poison, Stale
from shared.events.billing import ChargePosted, QuoteConsented, QuoteOffered, QuoteRefused, RequestSettled
from shared.money import Money
from tests.unit.billing.desk import WORK, Desk, cny, kinds, person

LIN, ZHAO = person("cs_officer"), person("technician")
TAP, HOUR = ("tap-replacement", 1, None), ("labour-half-hour", 3, None)
RULES = BillingRules(
    payer="owner",
    tariff=(TariffRow(code="tap", zh="龙头", en="Tap", amount_minor=4000),),
    partner_price=False,
)
PARTNER = RULES.model_copy(update={"partner_price": True})


@pytest.fixture
def desk() -> Desk:
    desk = Desk()
    desk.accept()
    return desk


def consent(desk: Desk, quote_id: str = "q1", **more: object) -> object:
    return desk.run(ConsentQuote(quote_id=quote_id, **more), LIN)


# --- pricing ----------------------------------------------------------------------------------------------


def test_the_tariff_prices_each_line() -> None:
    lines = price([AskedLine("tap", 3)], RULES, "CNY", "")
    assert [(x.zh, x.en, x.quantity, x.price_minor, x.amount_minor) for x in lines] == [
        ("龙头", "Tap", 3, 4000, 12000)
    ]
    assert total_of(lines, "CNY") == Money(12000, "CNY")


def test_a_partner_price_is_taken_only_where_the_catalogue_says_so() -> None:
    line = AskedLine("car", 2, Money(30000, "CNY"))
    assert price([line], PARTNER, "CNY", "")[0].amount_minor == 60000
    with pytest.raises(Invalid, match="no price"):
        price([line], RULES, "CNY", "")


@pytest.mark.parametrize(
    ("line", "kind"),
    [
        (AskedLine("gold", 1), "no-price"),
        (AskedLine("tap", 0), "quantity"),
        (AskedLine("tap", QUANTITY_MAX + 1), "quantity"),
        (AskedLine("tap", 1, Money(3999, "CNY")), "not-the-tariff"),
    ],
)
def test_what_cannot_be_priced(line: AskedLine, kind: str) -> None:
    with pytest.raises(Invalid) as refused:
        price([line], RULES, "CNY", "")
    assert refused.value.kind == kind


def test_a_foreign_currency_and_too_many_lines() -> None:
    with pytest.raises(Invalid, match="in CNY"):
        price([AskedLine("car", 1, Money(1, "USD"))], PARTNER, "CNY", "")
    with pytest.raises(Invalid, match=f"at most {LINES_MAX}"):
        price([AskedLine("tap", 1)] * (LINES_MAX + 1), RULES, "CNY", "")


def test_who_pays_nothing() -> None:
    assert free_reason(RULES, "indoor") == ""
    assert free_reason(RULES, "public") == "public_area"
    assert free_reason(RULES.model_copy(update={"public_area_free": False}), "public") == ""
    assert free_reason(RULES.model_copy(update={"payer": "property"}), "indoor") == "not_the_owner"
    assert price([AskedLine("anything", 2)], RULES, "CNY", "public_area")[0].amount_minor == 0


# --- offered, consented, refused --------------------------------------------------------------------------


def test_a_quote_is_offered_consented_and_charged(desk: Desk) -> None:
    desk.quote(TAP, HOUR)
    [offered] = desk.told(QuoteOffered)
    assert offered.total == cny(13000)
    assert offered.expires_at == desk.now + timedelta(hours=72)
    assert "更换水龙头" in offered.wording
    assert "130.00" not in offered.wording  # the total stands in the event, the lines in the wording
    consent(desk, how="phone", total=cny(13000))
    [told] = desk.told(QuoteConsented)
    assert (told.consented_by, told.recorded_by, told.total) == ("owner", "cs_officer", cny(13000))
    desk.complete(13000)
    charge = desk.only(Charge)
    assert charge.amount == desk.only(Quote).total == Money(13000, "CNY")
    assert desk.balance("receivable") == 13000
    assert desk.balance("revenue") == -13000
    assert not desk.told(RequestSettled)


def test_a_technician_records_what_the_owner_says(desk: Desk) -> None:
    desk.quote(TAP)
    answer = desk.run(ConsentQuote(quote_id="q1"), ZHAO)
    assert (answer.status, answer.version, answer.allowed_actions) == ("CONSENTED", 2, [])


def test_work_in_a_public_area_is_free_and_needs_nobody() -> None:
    desk = Desk()
    desk.accept("repair-report", area="public")
    desk.quote(TAP)
    assert kinds(desk.events) == ["QuoteOffered", "QuoteConsented"]
    assert desk.told(QuoteOffered)[0].total == cny(0)
    assert desk.told(QuoteConsented)[0].consented_by == "free_of_charge"
    desk.complete(0)
    assert desk.all(Charge) == []
    assert [e.work_order_id for e in desk.told(RequestSettled)] == [WORK]


def test_work_without_a_quote_is_settled_when_it_is_done(desk: Desk) -> None:
    desk.complete(None, quote_id="")
    assert kinds(desk.events) == ["RequestSettled"]


@pytest.mark.parametrize(
    ("after", "open_still"), [(timedelta(hours=71, minutes=59), True), (timedelta(hours=72), False)]
)
def test_a_price_stands_for_its_hours(desk: Desk, after: timedelta, open_still: bool) -> None:
    desk.quote(TAP)
    desk.now += after
    if open_still:
        consent(desk)
        return
    with pytest.raises(Conflict) as refused:
        consent(desk)
    assert refused.value.kind == "quote-expired"
    assert desk.only(Quote).status == "OFFERED"
    assert desk.run(RefuseQuote(quote_id="q1"), LIN).status == "REFUSED"


def test_consent_to_another_total_or_version_changes_nothing(desk: Desk) -> None:
    desk.quote(TAP)
    before = dict(desk.rows)
    with pytest.raises(Conflict, match=r"the quote is 40\.00 CNY"):
        consent(desk, total=cny(3999))
    with pytest.raises(Invalid, match="in CNY"):
        consent(desk, total={"amount_minor": 4000, "currency": "USD"})
    with pytest.raises(Stale):
        desk.run(ConsentQuote(quote_id="q1"), LIN, if_match=7)
    assert desk.rows == before


def test_an_answer_is_given_once(desk: Desk) -> None:
    desk.quote(TAP)
    desk.run(RefuseQuote(quote_id="q1", reason="too dear"), LIN)
    assert [e.quote_id for e in desk.told(QuoteRefused)] == ["q1"]
    for again in (ConsentQuote(quote_id="q1"), RefuseQuote(quote_id="q1")):
        with pytest.raises(Conflict, match="refused"):
            desk.run(again, LIN)


def test_a_quote_never_changes(desk: Desk) -> None:
    desk.quote(TAP)
    consent(desk)
    with pytest.raises(Poison, match="cannot change"):
        desk.quote(TAP, HOUR)
    assert desk.only(Quote).total == Money(4000, "CNY")


def test_another_quote_needs_another_consent(desk: Desk) -> None:
    desk.quote(TAP)
    consent(desk)
    desk.quote(TAP, HOUR, quote_id="q2")
    first, second = desk.all(Quote)
    assert (first.status, second.status) == ("SUPERSEDED", "OFFERED")
    with pytest.raises(Conflict, match="superseded"):
        consent(desk)
    with pytest.raises(Poison, match="no-consent"):
        desk.complete(4000)
    with pytest.raises(Poison, match="no-consent"):
        desk.complete(13000, quote_id="q2")
    consent(desk, "q2")
    desk.complete(13000, quote_id="q2")
    assert desk.only(Charge).amount == Money(13000, "CNY")


@pytest.mark.parametrize("written", [3999, 4001, 0])
def test_another_amount_on_the_slip_is_parked(desk: Desk, written: int) -> None:
    desk.quote(TAP)
    consent(desk)
    with pytest.raises(Poison, match="other-amount"):
        desk.complete(written)
    assert desk.all(Charge) == []


def test_a_price_that_was_paid_for_does_not_change() -> None:
    desk = Desk()
    desk.accept("car-hire", area="public")
    desk.hire(80_000)
    consent(desk)
    desk.hire(90_000, "q2")  # the deposit was only asked for
    assert desk.only(Deposit).status == "VOID"
    consent(desk, "q2")
    assert sorted(d.status for d in desk.all(Deposit)) == ["REQUESTED", "VOID"]


# --- emergencies ------------------------------------------------------------------------------------------


def test_an_emergency_is_quoted_after_the_work_and_charged_after_consent() -> None:
    desk = Desk()
    desk.accept(urgency="emergency")
    desk.complete(13000, quote_id="")
    assert desk.events == []  # an amount stands on the slip, but nobody was asked: not settled, not charged
    desk.quote(TAP, HOUR)
    assert desk.all(Charge) == []
    consent(desk)
    assert [e.amount for e in desk.told(ChargePosted)] == [cny(13000)]
    assert desk.balance("receivable") == 13000


def test_an_emergency_that_the_owner_will_not_pay_is_settled() -> None:
    desk = Desk()
    desk.accept(urgency="emergency")
    desk.quote(TAP)
    desk.complete(None, quote_id="")
    assert not desk.told(RequestSettled)
    desk.run(RefuseQuote(quote_id="q1"), LIN)
    assert desk.told(RequestSettled)
    assert desk.all(Charge) == []


def test_only_an_emergency_is_quoted_after_the_work(desk: Desk) -> None:
    desk.complete(None, quote_id="")
    with pytest.raises(Poison, match="work-ended"):
        desk.quote(TAP)
    with pytest.raises(Poison, match="without a consented quote"):
        desk.complete(4000, quote_id="", work_order_id="w2")


def test_history_is_not_charged() -> None:
    desk = Desk()
    desk.accept(origin="history")
    with pytest.raises(Poison, match="no-account"):
        desk.quote(TAP)


def test_a_request_that_overtook_its_property_is_priced_all_the_same() -> None:
    desk = Desk(configured=False)
    desk.accept(zone="Asia/Shanghai", currency="HKD")
    desk.quote(TAP)
    assert desk.told(QuoteOffered)[0].total.currency == "HKD"
    desk = Desk(configured=False)
    desk.accept()
    with pytest.raises(Poison, match="property-not-configured"):
        desk.quote(TAP)
