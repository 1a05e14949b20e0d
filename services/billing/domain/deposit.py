"""Deposits: the state machine of money that is held for an owner (P066, ruling J4).

REQUESTED is asked for and not paid; VOID was never paid. A forfeiture is only ever proposed by itself: a
person approves or waives it.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal

from services.billing.domain.postings import KeptBy
from shared.catalogue.model import BillingRules
from shared.errors import Conflict, Forbidden, Rejected, demand
from shared.money import Money
from shared.texts.say import listed, say, word, words

DepositStatus = Literal["REQUESTED", "HELD", "APPLIED", "REFUNDED", "DISPUTED", "FORFEITED", "VOID"]
DepositAction = Literal["hold", "apply", "refund", "dispute", "forfeit", "waive", "void"]
RefundState = Literal["", "due", "paid"]

TRANSITIONS: Mapping[tuple[DepositStatus, DepositAction], DepositStatus] = {
    ("REQUESTED", "hold"): "HELD",
    ("REQUESTED", "void"): "VOID",
    ("HELD", "apply"): "APPLIED",
    ("HELD", "refund"): "REFUNDED",
    ("HELD", "dispute"): "DISPUTED",
    ("DISPUTED", "forfeit"): "FORFEITED",
    ("DISPUTED", "waive"): "REFUNDED",
}
REMINDERS_MAX = 30
KEPT: frozenset[DepositStatus] = frozenset({"HELD", "DISPUTED"})


@dataclass(frozen=True, slots=True)
class DepositStep:
    """One transition: what happened, who did it, why."""

    status: DepositStatus
    at: datetime
    by: str
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Deposit:
    """A deposit asked for one work order.

    At most four steps long. `decide_by` is until when a proposed forfeiture has to be decided.
    """

    property_id: str
    id: str
    version: int
    account_id: str
    request_id: str
    work_order_id: str
    quote_id: str
    procedure: str
    partner: str
    amount: Money
    status: DepositStatus
    requested_at: datetime
    steps: tuple[DepositStep, ...] = ()
    decide_by: datetime | None = None
    kept_by: KeptBy | Literal[""] = ""
    refund: RefundState = ""
    remind_at: datetime | None = None  # when the next decider is reminded; None after the last reminder

    @property
    def is_kept(self) -> bool:
        """Whether the owner's money is with us and undecided."""
        return self.status in KEPT


def not_possible(deposit: Deposit, action: DepositAction) -> Conflict | None:
    """What the state of a deposit does not allow."""
    if (deposit.status, action) in TRANSITIONS:
        return None
    accepted = listed(word(s.lower()) for s, a in TRANSITIONS if a == action)
    return Conflict(
        "deposit-state",
        say("this deposit is {status}", status=word(deposit.status.lower())),
        field="deposit_id",
        accepted=say("a deposit that is {accepted}", accepted=accepted),
    )


def step(deposit: Deposit, action: DepositAction, at: datetime, by: str, reason: str = "") -> Deposit:
    """The deposit after that action; Conflict if its state does not allow it."""
    demand(not_possible(deposit, action))
    status = TRANSITIONS[deposit.status, action]
    refund: RefundState = "due" if status == "REFUNDED" else deposit.refund
    taken = (*deposit.steps, DepositStep(status, at, by, reason))
    return replace(deposit, status=status, steps=taken, refund=refund)


def hand_out(deposit: Deposit) -> Deposit:
    """The refund is paid to the owner; Conflict if none is due."""
    if deposit.refund != "due":
        detail = "this refund was paid out before" if deposit.refund == "paid" else "no refund is due"
        raise Conflict("no-refund-due", detail, field="deposit_id")
    return replace(deposit, refund="paid")


def same_person(deposit: Deposit, by: str) -> Forbidden | None:
    """Forbidden for the one who decided that the deposit goes back: somebody else hands it out."""
    if deposit.steps and deposit.steps[-1].by == by:
        return Forbidden(
            "decided-it", "you decided this refund: somebody else hands it out", accepted="another cashier"
        )
    return None


def no_decider(roles: Collection[str], rules: BillingRules) -> Forbidden | None:
    """Forbidden unless the catalogue lets one of these roles decide over a deposit that is held (J4)."""
    if set(rules.forfeiture_approver).intersection(roles):
        return None
    accepted = words(rules.forfeiture_approver)
    return Forbidden("not-the-decider", "your role does not decide over a deposit", accepted=accepted)


def not_to_decide(
    deposit: Deposit, action: DepositAction, roles: Collection[str], rules: BillingRules
) -> Rejected | None:
    """Why these roles do not release, forfeit or give back the deposit now."""
    return no_decider(roles, rules) or not_possible(deposit, action)


def reminded(rules: BillingRules, number: int) -> str:
    """Whom the reminder of that number tells: the deciders in turn, then again and again the last."""
    return rules.forfeiture_approver[min(number, len(rules.forfeiture_approver) - 1)]


def kept_by(rules: BillingRules, partner: str) -> KeptBy:
    """Who keeps a forfeited deposit; the property, where the catalogue names a partner and there is none."""
    return "partner" if rules.forfeited_to == "partner" and partner else "property"
