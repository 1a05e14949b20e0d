"""The deposit state machine: every pair of state and action, allowed or refused."""

from __future__ import annotations

from itertools import product
from typing import get_args

import pytest

from services.billing.domain.deposit import (
    TRANSITIONS,
    Deposit,
    DepositAction,
    DepositStatus,
    hand_out,
    kept_by,
    no_decider,
    reminded,
    step,
)
from shared.catalogue.model import BillingRules
from shared.errors import Conflict, Forbidden
from shared.money import Money
from tests.unit.billing.desk import START

ALLOWED = {
    ("REQUESTED", "hold"): "HELD",
    ("REQUESTED", "void"): "VOID",
    ("HELD", "apply"): "APPLIED",
    ("HELD", "refund"): "REFUNDED",
    ("HELD", "dispute"): "DISPUTED",
    ("DISPUTED", "forfeit"): "FORFEITED",
    ("DISPUTED", "waive"): "REFUNDED",
}
PAIRS = list(product(get_args(DepositStatus), get_args(DepositAction)))


def deposit(status: DepositStatus) -> Deposit:
    return Deposit(
        property_id="villa",
        id="d1",
        version=1,
        account_id="r1",
        request_id="r1",
        work_order_id="w1",
        quote_id="q1",
        procedure="car-hire",
        partner="dida",
        amount=Money(3000, "CNY"),
        status=status,
        requested_at=START,
    )


@pytest.mark.parametrize(("status", "action"), PAIRS)
def test_transition(status: DepositStatus, action: DepositAction) -> None:
    wanted = ALLOWED.get((status, action))
    if wanted is None:
        with pytest.raises(Conflict) as refused:
            step(deposit(status), action, START, "wu")
        assert refused.value.accepted
        return
    after = step(deposit(status), action, START, "wu", "why")
    assert after.status == wanted
    assert (after.steps[-1].status, after.steps[-1].by, after.steps[-1].reason) == (wanted, "wu", "why")
    assert after.refund == ("due" if wanted == "REFUNDED" else "")


def test_every_state_can_be_reached_and_no_end_is_left() -> None:
    reached = {"REQUESTED", *TRANSITIONS.values()}
    assert reached == set(get_args(DepositStatus))
    ends = reached - {status for status, _ in TRANSITIONS}
    assert ends == {"APPLIED", "REFUNDED", "FORFEITED", "VOID"}


def test_a_refund_is_handed_out_once() -> None:
    due = step(deposit("HELD"), "refund", START, "wu")
    paid = hand_out(due)
    assert paid.refund == "paid"
    with pytest.raises(Conflict, match="paid out before"):
        hand_out(paid)
    with pytest.raises(Conflict, match="no refund is due"):
        hand_out(deposit("HELD"))


def test_only_deciders_decide() -> None:
    rules = BillingRules(payer="owner", forfeiture_approver=("director",))
    assert no_decider({"director", "technician"}, rules) is None
    refused = no_decider({"cashier"}, rules)
    assert isinstance(refused, Forbidden)
    assert refused.accepted == "director"


@pytest.mark.parametrize(
    ("to", "partner", "keeper"),
    [("property", "dida", "property"), ("partner", "dida", "partner"), ("partner", "", "property")],
)
def test_who_keeps_it(to: str, partner: str, keeper: str) -> None:
    rules = BillingRules.model_validate({"payer": "owner", "forfeited_to": to})
    assert kept_by(rules, partner) == keeper


def test_reminders_go_up_and_stay_at_the_top() -> None:
    rules = BillingRules(payer="owner", forfeiture_approver=("director", "property_manager"))
    assert [reminded(rules, n) for n in range(4)] == ["director", *["property_manager"] * 3]
