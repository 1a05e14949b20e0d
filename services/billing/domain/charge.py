"""Charges: what is owed for work that was done, equal to the quote the owner consented to."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal

from services.billing.domain.quote import Quote
from shared.errors import Conflict, demand
from shared.money import Money
from shared.texts.say import say, word

Hands = Literal["", "finance", "customer_service"]


@dataclass(frozen=True, slots=True)
class Charge:
    """An amount owed for one work order; `paid` counts payments and an applied deposit.

    `hands`: who has the slip of a charge that is collected at the door; empty where nobody has to collect.
    """

    property_id: str
    id: str
    version: int
    account_id: str
    request_id: str
    work_order_id: str
    quote_id: str
    amount: Money
    paid: Money
    posted_at: datetime
    slip: str = ""
    hands: Hands = ""
    hands_since: datetime | None = None
    noted_at: datetime | None = None
    noted_by: str = ""

    @property
    def owed(self) -> Money:
        """What is still to be paid."""
        return self.amount - self.paid


@dataclass(frozen=True, slots=True)
class Part:
    """The part of a payment that goes to one charge."""

    charge_id: str
    amount_minor: int


def charge_for(
    quote: Quote, charge_id: str, written: Money | None, at: datetime, *, noted_first: bool = False
) -> Charge:
    """The charge of a consented quote; `noted_first`: finance has it until it is noted.

    Conflict if nobody consented or another amount was written on the slip (P030).
    """
    if quote.status != "CONSENTED":
        raise Conflict(
            "no-consent",
            say(
                "quote {id} is {status}: it cannot be charged", id=quote.id, status=word(quote.status.lower())
            ),
        )
    if written is not None and written != quote.total:
        raise Conflict(
            "other-amount",
            say(
                "{written} was written, the consented quote {id} is {total}",
                written=written,
                id=quote.id,
                total=quote.total,
            ),
        )
    return Charge(
        property_id=quote.property_id,
        id=charge_id,
        version=0,
        account_id=quote.account_id,
        request_id=quote.request_id,
        work_order_id=quote.work_order_id,
        quote_id=quote.id,
        amount=quote.total,
        paid=Money(0, quote.total.currency),
        posted_at=at,
        slip=quote.slip,
        hands="finance" if noted_first else "",
        hands_since=at if noted_first else None,
    )


def not_to_note(charge: Charge) -> Conflict | None:
    """A charge is noted once, before it is collected."""
    if charge.hands == "finance":
        return None
    return Conflict(
        "nothing-to-note", "this charge does not wait for finance", field="charge_id", accepted="nothing"
    )


def note(charge: Charge, by: str, at: datetime) -> Charge:
    """Finance noted it; charge slip and task slip go to customer service (P030)."""
    demand(not_to_note(charge))
    return replace(charge, hands="customer_service", hands_since=at, noted_at=at, noted_by=by)


def not_noted(charge: Charge) -> Conflict | None:
    """Nobody collects at a door what finance has not noted (P030)."""
    if charge.hands != "finance":
        return None
    return Conflict(
        "not-noted",
        say("finance has not noted the charge of slip {slip} yet (P030)", slip=charge.slip),
        field="request_id",
        accepted="a charge that finance has noted; or payment at the cashier",
    )


def pay(charge: Charge, amount: Money) -> Charge:
    """The charge after that much came in; Conflict for more than is owed."""
    if amount.amount_minor <= 0 or amount.amount_minor > charge.owed.amount_minor:
        raise overpaid(charge.owed)
    paid = replace(charge, paid=charge.paid + amount)
    return paid if paid.owed.amount_minor else replace(paid, hands="", hands_since=None)


def owed_on(charges: Iterable[Charge], currency: str) -> Money:
    """What is owed on all of them."""
    return Money(sum(c.owed.amount_minor for c in charges), currency)


def spread(charges: Sequence[Charge], amount: Money) -> tuple[Part, ...]:
    """How a payment is laid on the charges, oldest first.

    Conflict, naming what is owed, if it is more than that.
    """
    owed = owed_on(charges, amount.currency)
    if amount.amount_minor <= 0 or amount.amount_minor > owed.amount_minor:
        raise overpaid(owed)
    left, parts = amount.amount_minor, []
    for charge in sorted(charges, key=lambda c: (c.posted_at, c.id)):
        part = min(left, charge.owed.amount_minor)
        if part > 0:
            parts.append(Part(charge.id, part))
            left -= part
    return tuple(parts)


def overpaid(owed: Money) -> Conflict:
    """The answer to more money than is owed."""
    if owed.amount_minor == 0:
        return Conflict("nothing-owed", "nothing is owed", field="amount", accepted="no payment")
    return Conflict(
        "overpayment",
        say("{owed} is owed", owed=owed),
        field="amount",
        accepted=say("more than 0, at most {owed}", owed=owed),
    )
