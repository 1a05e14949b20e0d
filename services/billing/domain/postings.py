"""What each fact does to the ledger: one function a fact, the whole posting scheme on one page."""

from __future__ import annotations

from typing import Literal

from services.billing.domain.ledger import Move, Place
from shared.money import Money

Holder = Literal["drawer", "hands", "bank"]
KeptBy = Literal["property", "partner"]


def cash_place(holder: Holder, method: str, staff_id: str) -> Place:
    """Where money stands that came in or goes out: a drawer, somebody's hands, or the bank by method."""
    if holder == "drawer":
        return Place("cash_drawer", staff_id)
    if holder == "hands":
        return Place("cash_in_hands", staff_id)
    return Place("bank", method)


def earned(request_id: str, amount: Money, procedure: str, partner: str) -> Move:
    """The owner owes the price: to us, or to the partner whose price it is and for whom we only collect."""
    credit = Place("partner_payable", partner) if partner else Place("revenue", procedure)
    return Move(Place("receivable", request_id), credit, amount)


def charge_paid(request_id: str, amount: Money, cash: Place) -> Move:
    """The owner pays what is owed."""
    return Move(cash, Place("receivable", request_id), amount)


def deposit_paid(request_id: str, amount: Money, cash: Place) -> Move:
    """A deposit comes in: it is the owner's money, held."""
    return Move(cash, Place("deposits_held", request_id), amount)


def deposit_applied(request_id: str, amount: Money) -> Move:
    """The held deposit pays (part of) what is owed."""
    return Move(Place("deposits_held", request_id), Place("receivable", request_id), amount)


def deposit_disputed(request_id: str, amount: Money) -> Move:
    """Still held, but somebody has to decide who gets it."""
    return Move(Place("deposits_held", request_id), Place("deposits_disputed", request_id), amount)


def deposit_refunded(request_id: str, amount: Money, *, disputed: bool) -> Move:
    """It is the owner's again; due until it is handed out."""
    held = Place("deposits_disputed" if disputed else "deposits_held", request_id)
    return Move(held, Place("refunds_due", request_id), amount)


def deposit_forfeited(request_id: str, amount: Money, kept_by: KeptBy, procedure: str, partner: str) -> Move:
    """The property keeps it as income, or owes it to the partner (J4)."""
    gains = (
        Place("forfeited_income", procedure) if kept_by == "property" else Place("partner_payable", partner)
    )
    return Move(Place("deposits_disputed", request_id), gains, amount)


def refund_paid_out(request_id: str, amount: Money, cash: Place) -> Move:
    """The owner gets the money."""
    return Move(Place("refunds_due", request_id), cash, amount)


def cash_cleared(staff_id: str, amount: Money, finance_id: str) -> Move:
    """Finance counts what a member of staff collected and takes it over."""
    return Move(Place("cash_drawer", finance_id), Place("cash_in_hands", staff_id), amount)
