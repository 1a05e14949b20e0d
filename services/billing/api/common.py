"""What the routers of billing share: answers with an ETag, places in lists, and finding what a path names."""

from __future__ import annotations

from collections.abc import Collection
from typing import Annotated, TypeVar

from fastapi import Path

from services.billing import repository
from services.billing.domain.account import Account
from services.billing.domain.books import Books
from services.billing.viewer import NOBODY_PAYS, Viewer
from shared.catalogue.model import BillingRules
from shared.errors import Conflict, NotFound
from shared.http.answer import answer as answer
from shared.http.call import Call
from shared.http.page import cursor as cursor
from shared.http.page import place as place
from shared.ids import ID_PATTERN
from shared.kernel.unit import Aggregate
from shared.texts.say import say, word

READ = "billing.read"
PathId = Annotated[str, Path(pattern=ID_PATTERN)]
A = TypeVar("A", bound=Aggregate)


async def found(call: Call, kind: type[A], id: str) -> A:
    """The thing a path names. NotFound if there is none in this property."""
    aggregate = await repository.one(call.db, kind, call.property_id, id)
    if aggregate is None:
        raise NotFound("not-found", say("there is no such {kind} here", kind=word(kind.__name__.lower())))
    return aggregate


async def books_of(call: Call) -> Books:
    """The books of the property. Conflict until billing has heard of the property."""
    books = await repository.one(call.db, Books, call.property_id, call.property_id)
    if books is None:
        raise Conflict(
            "property-not-configured", "billing does not know this property yet; try again shortly"
        )
    return books


async def rules_of(call: Call, account_id: str) -> BillingRules | None:
    """The rules of an account, to say which actions stand open; None if they cannot be had."""
    return (await rules_by_account(call, {account_id})).get(account_id)


async def rules_by_account(call: Call, account_ids: Collection[str]) -> dict[str, BillingRules]:
    """The rules of these accounts; one that has none, or is not there, is left out."""
    accounts = await repository.several(call.db, Account, call.property_id, account_ids)
    books = await repository.one(call.db, Books, call.property_id, call.property_id) if accounts else None
    found = {}
    for account in accounts:
        profile = books.profile if books is not None else ""
        procedure = call.catalogue.at_or_current(account.catalogue_version, account.procedure, profile)
        if procedure.billing is not None:
            found[account.id] = procedure.billing
    return found


def viewer(call: Call, rules: BillingRules | None = None) -> Viewer:
    """The caller, as one who reads."""
    return Viewer(
        call.property_id, call.principal.sub, call.roles, call.runtime.policy, call.now, rules or NOBODY_PAYS
    )
