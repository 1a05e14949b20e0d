"""Payments: who may take money, how, and where it stands afterwards (rulings J3, R1 to R4)."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal

from services.billing.domain.charge import Part
from services.billing.domain.postings import Holder
from shared.catalogue.model import BillingRules
from shared.errors import Conflict, Forbidden, Invalid
from shared.money import Money
from shared.texts.say import as_is, say, word, words

Purpose = Literal["charge", "deposit"]
Method = Literal["cash", "card", "qr", "transfer"]

ENGINEERING = frozenset({"technician", "repair_supervisor"})  # never take money, whatever else they are (J3)
DRAWER_ROLES = frozenset({"cashier", "finance"})  # cash they take is in a drawer, not in their hands
CLEAR_MAX = 200


@dataclass(frozen=True, slots=True)
class Payment:
    """Money that came in, with its receipt.

    `in_hands_of` names who carries the cash until finance clears it.
    """

    property_id: str
    id: str
    version: int
    account_id: str
    request_id: str
    purpose: Purpose
    deposit_id: str
    parts: tuple[Part, ...]
    amount: Money
    method: Method
    holder: Holder
    collected_by: str
    in_hands_of: str
    reference: str
    receipt: str
    receipt_year: int
    receipt_number: int
    received_at: datetime
    cleared_at: datetime | None = None
    cleared_by: str = ""


def no_collector(roles: Collection[str], rules: BillingRules) -> Forbidden | None:
    """Forbidden unless the catalogue lets one of these roles take the money, and none is engineering's.

    The profile's switch `repair.payment` (desk or door, P030) has already decided `collected_by`.
    """
    if ENGINEERING.intersection(roles):
        return Forbidden("engineering-takes-no-money", "nobody in engineering takes money from an owner")
    if set(rules.collected_by).intersection(roles):
        return None
    accepted = words(sorted(rules.collected_by))
    return Forbidden("not-a-collector", "your role does not take money here", accepted=accepted)


def check_method(method: str, purpose: Purpose, rules: BillingRules) -> None:
    """Invalid unless the catalogue accepts this way to pay for this purpose."""
    accepted = rules.deposit_methods if purpose == "deposit" else rules.payment_methods
    if method not in accepted:
        raise Invalid(
            "method",
            say("a {purpose} is not paid by {method} here", purpose=word(purpose), method=word(method)),
            field="method",
            accepted=words(accepted),
        )


def holder_of(method: Method, roles: Collection[str]) -> Holder:
    """Where the money stands: cash in a drawer or in hands, everything else at the bank."""
    if method != "cash":
        return "bank"
    return "drawer" if DRAWER_ROLES.intersection(roles) else "hands"


def check_deposit_amount(amount: Money, asked: Money) -> None:
    """A deposit is paid at once: less does not hold the booking, more is not owed."""
    if amount != asked:
        kind = "overpayment" if amount.amount_minor > asked.amount_minor else "deposit-in-full"
        raise Conflict(kind, say("{asked} is owed", asked=asked), field="amount", accepted=as_is(asked))


def receipt_text(year: int, number: int) -> str:
    """The number as printed: R, the year in the property's zone, and at least six digits."""
    return f"R{year}-{number:06d}"


def not_own_cash(staff_id: str, by: str) -> Forbidden | None:
    """Forbidden for the one who carries the cash: somebody else counts it."""
    if staff_id != by:
        return None
    return Forbidden(
        "own-cash", "you collected this cash: somebody else counts it", accepted="another clerk of finance"
    )


def cleared_total(payments: Sequence[Payment], staff_id: str, counted: Money) -> Money:
    """What these payments put into the hands of a person.

    Conflict if one is not there or the count differs.
    """
    for payment in payments:
        if payment.in_hands_of != staff_id:
            raise Conflict(
                "not-in-hands",
                say("payment {id} is not in the hands of {staff_id}", id=payment.id, staff_id=staff_id),
                field="payment_ids",
                accepted="payments listed under door-cash for this person",
            )
    total = Money(sum(p.amount.amount_minor for p in payments), counted.currency)
    if total != counted:
        raise Conflict(
            "count-differs",
            say("these payments make {total}", total=total),
            field="counted",
            accepted=as_is(total),
        )
    return total


def clear(payment: Payment, at: datetime, by: str) -> Payment:
    """Finance has the money."""
    return replace(payment, in_hands_of="", cleared_at=at, cleared_by=by)
