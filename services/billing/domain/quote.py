"""Quotes: the tariff applied before service, and the owner's answer to it (P014, P022).

A quote is priced once and never changes: a consented one is what will be charged. Another price is another
quote, with its own consent.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Literal

from shared.catalogue.model import BillingRules
from shared.errors import Conflict, Invalid, demand
from shared.money import Money
from shared.texts.say import as_is, listed, say, word

QuoteStatus = Literal["OFFERED", "CONSENTED", "REFUSED", "SUPERSEDED", "VOID"]
ConsentBy = Literal["owner", "household", "agent", "free_of_charge"]
ConsentHow = Literal["on_site", "counter", "phone", "written", "link", ""]
FreeReason = Literal["", "public_area", "not_the_owner", "no_price"]

LINES_MAX = 50
QUANTITY_MAX = 10_000


@dataclass(frozen=True, slots=True)
class AskedLine:
    """One line as the technician or butler asked for it; `price` is a partner's price for one."""

    code: str
    quantity: int
    price: Money | None = None


@dataclass(frozen=True, slots=True)
class PricedLine:
    """One line with its price, in minor units of the quote's currency."""

    code: str
    zh: str
    en: str
    quantity: int
    price_minor: int
    amount_minor: int


@dataclass(frozen=True, slots=True)
class Consent:
    """Who agreed, how it reached us, and who recorded it."""

    by: ConsentBy
    how: ConsentHow
    recorded_by: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Quote:
    """A price offered for one work order."""

    property_id: str
    id: str
    version: int
    account_id: str
    request_id: str
    work_order_id: str
    procedure: str
    slip: str
    lines: tuple[PricedLine, ...]
    total: Money
    deposit: Money | None
    partner: str
    free: FreeReason
    status: QuoteStatus
    quoted_by: str
    quoted_at: datetime
    offered_at: datetime
    expires_at: datetime | None
    consent: Consent | None = None
    refused_at: datetime | None = None
    refusal_reason: str = ""

    def expired(self, now: datetime) -> bool:
        """Whether nobody can consent to it any more."""
        return self.status == "OFFERED" and self.expires_at is not None and now >= self.expires_at

    def wording(self) -> str:
        """What the owner is shown, one part a line: both names, quantity, amount."""
        currency = self.total.currency
        parts = (f"{x.zh} {x.en} × {x.quantity}: {Money(x.amount_minor, currency)}" for x in self.lines)
        return "; ".join(parts)[:500]


def free_reason(rules: BillingRules, area: str) -> FreeReason:
    """Why the owner pays nothing, if so: work in a public area (P021), or somebody else is the payer."""
    if rules.payer != "owner":
        return "not_the_owner"
    if rules.public_area_free and area == "public":
        return "public_area"
    return ""


def price(
    asked: Sequence[AskedLine], rules: BillingRules, currency: str, free: FreeReason
) -> tuple[PricedLine, ...]:
    """The lines with the tariff's prices, or the partner's where the catalogue says so; zero if it is free.

    Raises Invalid for a line that the catalogue cannot price.
    """
    if len(asked) > LINES_MAX:
        raise Invalid(
            "too-many-lines", say("a quote has at most {most} lines", most=LINES_MAX), field="lines"
        )
    return tuple(_priced(line, rules, currency, free) for line in asked)


def _priced(line: AskedLine, rules: BillingRules, currency: str, free: FreeReason) -> PricedLine:
    if not 1 <= line.quantity <= QUANTITY_MAX:
        raise Invalid(
            "quantity",
            say("{quantity} is no quantity", quantity=line.quantity),
            field="lines.quantity",
            accepted=say("1 to {most}", most=QUANTITY_MAX),
        )
    row = next((r for r in rules.tariff if r.code == line.code), None)
    zh, en = (row.zh, row.en) if row else (line.code, line.code)
    if free:
        return PricedLine(line.code, zh, en, line.quantity, 0, 0)
    if row is not None:
        one = Money(row.amount_minor, currency)
        if line.price is not None and line.price != one:
            raise Invalid(
                "not-the-tariff",
                say("{code} costs {one}", code=line.code, one=one),
                field="lines.amount",
                accepted=as_is(one),
            )
    elif rules.partner_price and line.price is not None:
        one = line.price
    else:
        codes = listed(r.code for r in rules.tariff) or "a partner's price"
        raise Invalid(
            "no-price", say("{code} has no price here", code=line.code), field="lines.code", accepted=codes
        )
    if one.currency != currency or one.amount_minor < 0:
        raise Invalid(
            "currency",
            say("prices here are in {currency} and not negative", currency=currency),
            field="lines.amount",
        )
    return PricedLine(
        line.code, zh, en, line.quantity, one.amount_minor, one.times(line.quantity).amount_minor
    )


def total_of(lines: Sequence[PricedLine], currency: str) -> Money:
    """The sum of the lines."""
    return Money(sum(line.amount_minor for line in lines), currency)


def expiry(rules: BillingRules, offered_at: datetime) -> datetime:
    """Until when the price stands."""
    return offered_at + timedelta(hours=rules.quote_valid_hours)


def not_to_consent(quote: Quote, now: datetime) -> Conflict | None:
    """A quote is consented to while it is offered and stands."""
    if quote.status != "OFFERED":
        return _answered(quote)
    if not quote.expired(now):
        return None
    return Conflict(
        "quote-expired",
        say("this price stood until {expires_at:%Y-%m-%d %H:%M} UTC", expires_at=quote.expires_at),
        field="quote_id",
        accepted="a new quote",
    )


def not_to_refuse(quote: Quote) -> Conflict | None:
    """A quote is refused while it is offered, also after it ran out."""
    return None if quote.status == "OFFERED" else _answered(quote)


def consent(quote: Quote, given: Consent, shown: Money | None = None) -> Quote:
    """The owner agrees to the quote.

    `shown` is the total the owner was told, if the caller says so. Conflict if it is not open.
    """
    demand(not_to_consent(quote, given.at))
    if shown is not None and shown != quote.total:
        raise Conflict(
            "other-total",
            say("the quote is {total}", total=quote.total),
            field="total",
            accepted=as_is(quote.total),
        )
    return replace(quote, status="CONSENTED", consent=given)


def refuse(quote: Quote, at: datetime, reason: str) -> Quote:
    """The owner does not agree; also possible after the quote ran out. Conflict if it was answered before."""
    demand(not_to_refuse(quote))
    return replace(quote, status="REFUSED", refused_at=at, refusal_reason=reason)


def supersede(quote: Quote) -> Quote:
    """Another quote takes its place and needs a consent of its own; the old answer stays on record."""
    return replace(quote, status="SUPERSEDED") if quote.status in ("OFFERED", "CONSENTED") else quote


def void(quote: Quote) -> Quote:
    """The work will not be done: nobody owes anything on this quote."""
    return replace(quote, status="VOID") if quote.status in ("OFFERED", "CONSENTED") else quote


def _answered(quote: Quote) -> Conflict:
    return Conflict(
        "quote-not-open",
        say("this quote is {status}", status=word(quote.status.lower())),
        field="quote_id",
        accepted="a quote that is offered",
    )
