"""The money of a hired car, from the deposit to its end (P066, J4)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from services.billing.domain.charge import Charge
from services.billing.domain.commands import (
    ApproveForfeiture,
    ConsentQuote,
    ReceivePayment,
    RefundDeposit,
    WaiveForfeiture,
)
from services.billing.domain.deposit import REMINDERS_MAX, Deposit
from services.billing.domain.quote import Quote
from shared.errors import Conflict, Forbidden, Invalid, Poison
from shared.events.billing import (
    DepositApplied,
    DepositForfeited,
    DepositRefunded,
    DepositRequested,
    ForfeitureOverdue,
    ForfeitureProposed,
    RefundPaid,
    RequestSettled,
)
from shared.money import Money
from tests.unit.billing.desk import START, WORK, Desk, cny, person

CASHIER, BUTLER, DIRECTOR, MANAGER = (
    person("cashier"),
    person("butler"),
    person("director"),
    person("property_manager"),
)


def asked(price: int = 80_005) -> Desk:
    """A price was agreed and its deposit asked for."""
    desk = Desk()
    desk.accept("car-hire", area="public")
    desk.hire(price)
    desk.run(ConsentQuote(quote_id="q1", how="counter"), BUTLER)
    desk.check()
    return desk


def held(price: int = 80_005) -> Desk:
    """The deposit is held."""
    desk = asked(price)
    pay(desk, "deposit", desk.only(Deposit).amount.amount_minor)
    return desk


def pay(desk: Desk, purpose: str, minor: int, **more: Any) -> Any:
    fields = {"payment_id": f"p-{purpose}", "request_id": "r1", "purpose": purpose, "method": "cash"}
    answer = desk.run(ReceivePayment(**{**fields, "amount": cny(minor), **more}), CASHIER)
    desk.check()
    return answer


def deposit_id(desk: Desk) -> str:
    return desk.only(Deposit).id


def test_a_tenth_of_the_price_half_up_is_asked_for() -> None:
    desk = asked(80_005)
    assert [e.amount for e in desk.told(DepositRequested)] == [cny(8001)]
    assert desk.only(Quote).deposit == Money(8001, "CNY")


def test_a_price_too_small_for_a_deposit_asks_for_none() -> None:
    desk = asked(4)
    assert desk.all(Deposit) == []


def test_used_the_deposit_is_applied_and_the_rest_owed() -> None:
    desk = held()
    desk.complete(80_005)
    desk.check()
    assert [e.amount for e in desk.told(DepositApplied)] == [cny(8001)]
    assert desk.balance("receivable") == 80_005 - 8001
    assert desk.balance("partner_payable") == -80_005  # the price is the partner's: we collect it for him
    assert desk.balance("revenue") == 0
    assert not desk.told(RequestSettled)
    with pytest.raises(Conflict, match=r"720\.04 CNY is owed"):
        pay(desk, "charge", 72_005)
    pay(desk, "charge", 72_004, method="transfer")
    assert [e.work_order_id for e in desk.told(RequestSettled)] == [WORK]


def test_used_without_its_deposit_everything_is_owed() -> None:
    desk = asked()
    desk.complete(80_005)
    desk.check()
    assert (desk.only(Deposit).status, desk.balance("receivable")) == ("VOID", 80_005)


@pytest.mark.parametrize(("in_time", "our_delay"), [(True, False), (False, True)])
def test_in_time_or_late_by_our_fault_it_goes_back(in_time: bool, our_delay: bool) -> None:
    desk = held()
    desk.cancel(in_time=in_time, our_delay=our_delay)
    desk.check()
    [told] = desk.told(DepositRefunded)
    assert (told.amount, told.reason) == (cny(8001), "cancelled_in_time" if in_time else "our_delay")
    assert desk.told(RequestSettled)
    assert not desk.told(ForfeitureProposed)
    assert (desk.only(Quote).status, desk.balance("refunds_due")) == ("VOID", -8001)
    answer = desk.run(RefundDeposit(deposit_id=deposit_id(desk)), CASHIER)
    desk.check()
    assert (answer.status, answer.refund, answer.version) == ("REFUNDED", "paid", 4)
    assert [e.paid_by for e in desk.told(RefundPaid)] == ["cashier"]
    assert (desk.balance("refunds_due"), desk.balance("cash_drawer")) == (0, 0)
    with pytest.raises(Conflict):
        desk.run(RefundDeposit(deposit_id=deposit_id(desk), reason="again"), DIRECTOR)


def test_late_somebody_has_to_decide() -> None:
    desk = held()
    desk.cancel(in_time=False)
    desk.check()
    [told] = desk.told(ForfeitureProposed)
    assert told.decide_by == START + timedelta(days=7)
    assert (desk.balance("deposits_held"), desk.balance("deposits_disputed")) == (0, -8001)
    assert not desk.told(RequestSettled)


def test_approved_the_property_keeps_it() -> None:
    desk = held()
    desk.cancel(in_time=False)
    answer = desk.run(ApproveForfeiture(deposit_id=deposit_id(desk)), DIRECTOR)
    desk.check()
    assert (answer.status, answer.kept_by, answer.allowed_actions) == ("FORFEITED", "property", [])
    assert [(e.kept_by, e.approved_by) for e in desk.told(DepositForfeited)] == [("property", "director")]
    assert (desk.balance("forfeited_income"), desk.timers) == (-8001, {})
    assert desk.told(RequestSettled)


def test_or_the_partner_does() -> None:
    desk = held()
    desk.cancel(in_time=False)
    procedure = desk.kit.catalogue.procedure("car-hire", "villa")
    assert procedure.billing is not None
    billing = procedure.billing.model_copy(update={"forfeited_to": "partner"})
    kept = procedure.model_copy(update={"billing": billing})
    desk.kit.catalogue._versions[procedure.version] = kept
    try:
        desk.run(ApproveForfeiture(deposit_id=deposit_id(desk)), MANAGER)
    finally:
        desk.kit.catalogue._versions[procedure.version] = procedure
    desk.check()
    assert (desk.balance("partner_payable"), desk.balance("forfeited_income")) == (-8001, 0)


def test_waived_it_goes_back() -> None:
    desk = held()
    desk.cancel(in_time=False)
    desk.run(WaiveForfeiture(deposit_id=deposit_id(desk), reason="illness"), DIRECTOR)
    desk.check()
    assert [e.reason for e in desk.told(DepositRefunded)] == ["waived"]  # a code; the words stay in the books
    assert desk.only(Deposit).steps[-1].reason == "illness"
    assert (desk.balance("deposits_disputed"), desk.balance("refunds_due"), desk.timers) == (0, -8001, {})


def test_who_takes_money_does_not_decide_and_who_decides_does_not_pay_out() -> None:
    desk = held()
    desk.cancel(in_time=False)
    before = dict(desk.rows)
    for who in (CASHIER, BUTLER, person("finance"), person("technician")):
        for command in (ApproveForfeiture, WaiveForfeiture):
            with pytest.raises(Forbidden):
                desk.run(command(deposit_id=deposit_id(desk), reason="x"), who)
    assert desk.rows == before
    desk.run(WaiveForfeiture(deposit_id=deposit_id(desk), reason="illness"), DIRECTOR)
    with pytest.raises(Forbidden):
        desk.run(RefundDeposit(deposit_id=deposit_id(desk)), DIRECTOR)


def test_one_person_with_both_roles_does_not_decide_and_pay_out() -> None:
    desk, both = held(), person("director", "cashier")
    answer = desk.run(RefundDeposit(deposit_id=deposit_id(desk), reason="no car"), both)
    assert answer.allowed_actions == []
    with pytest.raises(Forbidden, match="somebody else"):
        desk.run(RefundDeposit(deposit_id=deposit_id(desk)), both)
    assert desk.run(RefundDeposit(deposit_id=deposit_id(desk)), CASHIER).refund == "paid"
    desk.check()


def test_a_timer_reminds_and_never_decides() -> None:
    desk = held()
    desk.cancel(in_time=False)
    fired = 0
    for _ in range(60):
        desk.now += timedelta(days=1)
        fired += desk.fire()
        desk.check()
        assert desk.only(Deposit).status == "DISPUTED"
    overdue = desk.told(ForfeitureOverdue)
    assert fired == len(overdue) == REMINDERS_MAX
    assert [(e.step, e.to_role) for e in overdue[:3]] == [
        (0, "director"),
        (1, "property_manager"),
        (2, "property_manager"),
    ]
    assert overdue[0].raised_at == START + timedelta(days=7)


def test_a_reminder_after_the_decision_says_nothing() -> None:
    desk = held()
    desk.cancel(in_time=False)
    late = dict(desk.timers)
    desk.run(ApproveForfeiture(deposit_id=deposit_id(desk)), DIRECTOR)
    desk.timers, desk.now = late, START + timedelta(days=8)
    assert desk.fire() == 1
    assert not desk.told(ForfeitureOverdue)


def test_a_held_deposit_is_released_for_a_reason_by_who_decides() -> None:
    desk = held()
    with pytest.raises(Forbidden):
        desk.run(RefundDeposit(deposit_id=deposit_id(desk), reason="no car"), CASHIER)
    with pytest.raises(Invalid, match="reason"):
        desk.run(RefundDeposit(deposit_id=deposit_id(desk)), DIRECTOR)
    answer = desk.run(RefundDeposit(deposit_id=deposit_id(desk), reason="no car"), DIRECTOR)
    desk.check()
    assert (answer.status, answer.refund) == ("REFUNDED", "due")
    desk.complete(80_005)
    desk.check()
    assert desk.balance("receivable") == 80_005


@pytest.mark.parametrize("late", [True, False])
def test_cancelled_before_the_deposit_nothing_is_owed(late: bool) -> None:
    desk = asked()
    desk.cancel(in_time=not late)
    desk.check()
    assert (desk.only(Deposit).status, desk.only(Quote).status) == ("VOID", "VOID")
    assert desk.told(RequestSettled)
    with pytest.raises(Conflict, match="no deposit is asked for"):
        pay(desk, "deposit", 8001)


def test_another_price_gives_back_the_deposit_that_was_paid_meanwhile() -> None:
    desk = held()
    desk.hire(90_000, "q2")
    desk.check()
    first = desk.only(Deposit)
    assert (first.status, first.refund, desk.balance("refunds_due")) == ("REFUNDED", "due", -8001)
    assert [(e.reason, e.work_order_id) for e in desk.told(DepositRefunded)] == [("another_quote", WORK)]
    desk.run(ConsentQuote(quote_id="q2", how="counter"), BUTLER)
    pay(desk, "deposit", 9_000, payment_id="p-second")
    desk.run(RefundDeposit(deposit_id=first.id), CASHIER)
    desk.complete(90_000, quote_id="q2")
    desk.check()
    assert (desk.balance("receivable"), desk.balance("cash_drawer")) == (81_000, 9_000)


def test_a_price_that_is_disputed_or_whose_work_has_ended_does_not_change() -> None:
    desk = held()
    desk.cancel(in_time=False)
    with pytest.raises(Poison, match="price-after-payment"):
        desk.hire(90_000, "q2")
    other = held()
    other.cancel(in_time=True)
    with pytest.raises(Poison, match="work-ended"):
        other.hire(90_000, "q3")


@pytest.mark.parametrize("paid", [True, False])
def test_p067_a_taxi_after_an_agreed_price_costs_nothing_here(paid: bool) -> None:
    desk = held() if paid else asked()
    desk.complete(None, quote_id="")
    desk.check()
    assert (desk.only(Quote).status, desk.all(Charge)) == ("VOID", [])
    assert (desk.only(Deposit).status, desk.only(Deposit).refund) == (
        ("REFUNDED", "due") if paid else ("VOID", "")
    )
    assert desk.told(RequestSettled)


def test_a_deposit_nobody_paid_lapses_for_the_reason_it_was_cancelled() -> None:
    desk = asked()
    desk.cancel(in_time=False)
    assert desk.only(Deposit).steps[-1].reason == "cancelled_late"


def test_a_withdrawn_repair_owes_nothing() -> None:
    desk = Desk()
    desk.accept()
    desk.quote(("tap-replacement", 1, None))
    desk.run(ConsentQuote(quote_id="q1"), person("cs_officer"))
    desk.withdraw()
    desk.check()
    assert (desk.only(Quote).status, len(desk.told(RequestSettled))) == ("VOID", 1)
    with pytest.raises(Poison, match="withdrawn before"):
        desk.complete(None, quote_id="")
