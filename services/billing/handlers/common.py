"""What the handlers share: finding the account and its rules, posting entries, and whose fault a "no" is."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from functools import wraps
from typing import Any, TypeVar

from services.billing.domain.account import Account
from services.billing.domain.books import Books
from services.billing.domain.charge import Charge
from services.billing.domain.deposit import Deposit
from services.billing.domain.ledger import EntryKind, Move, Posting, entry_of
from services.billing.domain.quote import Quote
from services.billing.viewer import NOBODY_PAYS, Viewer
from shared.catalogue.load import Catalogue
from shared.catalogue.model import BillingRules
from shared.errors import Bug, Conflict, Invalid, NotFound, Poison, Rejected
from shared.events.envelope import Amount
from shared.ids import derived_id
from shared.kernel.unit import Unit
from shared.money import Money
from shared.policy import Policy
from shared.texts.say import as_is, say

C = TypeVar("C")


@dataclass(frozen=True, slots=True)
class Kit:
    """What handlers are built with."""

    catalogue: Catalogue
    policy: Policy


KitHandler = Callable[[Kit, Unit], Coroutine[Any, Any, None]]


def of_event(handler: KitHandler) -> KitHandler:
    """An event that breaks a rule is its producer's fault: it is parked with the rule as the reason."""

    @wraps(handler)
    async def parking(kit: Kit, unit: Unit) -> None:
        try:
            await handler(kit, unit)
        except Rejected as error:
            raise Poison(f"{error.kind}: {error.detail}") from error

    return parking


def payload(unit: Unit, kind: type[C]) -> C:
    """The command or event of the unit."""
    found = unit.cause.payload
    if not isinstance(found, kind):
        raise Bug(f"wired to {kind.__name__}, called with {type(found).__name__}")
    return found


def money(amount: Amount, currency: str, field: str) -> Money:
    """The amount as money of this ledger. Raises Invalid for another currency or one beyond the limit."""
    if amount.currency != currency:
        raise Invalid(
            "currency",
            say("this ledger is in {currency}", currency=currency),
            field=f"{field}.currency",
            accepted=as_is(currency),
        )
    try:
        return Money(amount.amount_minor, amount.currency)
    except ValueError as error:
        raise Invalid("amount", error.args[0], field=f"{field}.amount_minor") from error


def amount_of(value: Money) -> Amount:
    """The money as it stands in an event."""
    return Amount(amount_minor=value.amount_minor, currency=value.currency)


def roles_of(unit: Unit) -> frozenset[str]:
    """The roles of the person who asked, in this property."""
    return unit.cause.principal.roles_in(unit.cause.property_id, unit.now)


def viewer_of(kit: Kit, unit: Unit, rules: BillingRules | None = None) -> Viewer:
    """For whom an answer is made."""
    cause = unit.cause
    return Viewer(
        cause.property_id, cause.principal.sub, roles_of(unit), kit.policy, unit.now, rules or NOBODY_PAYS
    )


async def books_of(unit: Unit, account: Account | None = None) -> Books:
    """The property's own settings; until billing has heard of them, what the account knows.

    An urgent request of a new property may overtake the property. Conflict if nobody knows.
    """
    books = await unit.look(Books, unit.cause.property_id)
    if books is not None:
        return books
    if account is None or not (account.zone and account.currency):
        raise Conflict("property-not-configured", "billing does not know this property's currency yet")
    return Books(account.property_id, account.property_id, 0, account.zone, "", account.currency)


async def account_of(unit: Unit) -> Account:
    """The account of this stream. NotFound if no request was accepted on it."""
    account = await unit.load(Account, unit.cause.stream)
    if account is None:
        raise NotFound("no-account", "no request of this property has this id", field="request_id")
    return account


async def rules_of(kit: Kit, unit: Unit, account: Account) -> BillingRules:
    """What the catalogue says about money for the request, as it was when it was accepted."""
    books = await books_of(unit, account)
    version = account.catalogue_version
    procedure = kit.catalogue.at_or_current(version, account.procedure, books.profile)
    return procedure.billing or NOBODY_PAYS


async def quote_of(unit: Unit, quote_id: str) -> Quote:
    """The quote, in the version the caller speaks of."""
    quote = await unit.load(Quote, quote_id)
    if quote is None:
        raise NotFound("no-quote", "there is no such quote", field="quote_id")
    unit.require_match(quote.version)
    return quote


async def deposit_of(unit: Unit, deposit_id: str) -> Deposit:
    """The deposit, in the version the caller speaks of."""
    deposit = await unit.load(Deposit, deposit_id)
    if deposit is None:
        raise NotFound("no-deposit", "there is no such deposit", field="deposit_id")
    unit.require_match(deposit.version)
    return deposit


async def charges_of(unit: Unit, account: Account) -> list[Charge]:
    """All charges of the account."""
    return [known(await unit.load(Charge, i), i) for i in account.charge_ids]


async def deposits_of(unit: Unit, account: Account) -> list[Deposit]:
    """All deposits of the account."""
    return [known(await unit.load(Deposit, i), i) for i in account.deposit_ids]


def known(found: C | None, id: str) -> C:
    """What an account lists must be there."""
    if found is None:
        raise Bug(f"{id} is listed and not stored")
    return found


def post(unit: Unit, kind: EntryKind, request_id: str, document_id: str, *moves: Move) -> None:
    """Write one entry. Its id follows from what it books, so that a second one of the same kind cannot be."""
    posting = Posting(
        property_id=unit.cause.property_id,
        id=derived_id("entry", unit.cause.property_id, kind, document_id),
        request_id=request_id,
        kind=kind,
        document_id=document_id,
        posted_at=unit.now,
        posted_by=unit.cause.principal.sub,
    )
    unit.save(entry_of(posting, moves))
