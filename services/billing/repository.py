"""The collections of billing, their indexes and their queries; the only place that knows them.

A balance is never stored: it is a sum over entries, which an index finds. So no document is written by every
commit of a property.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, TypeVar, cast

from pymongo.asynchronous.database import AsyncDatabase

from services.billing.domain.account import Account
from services.billing.domain.books import Books
from services.billing.domain.charge import Charge
from services.billing.domain.deposit import Deposit
from services.billing.domain.ledger import AccountName, Entry
from services.billing.domain.payment import Payment
from services.billing.domain.quote import Quote
from shared.kernel.gaps import compared
from shared.kernel.kinds import Kinds
from shared.kernel.unit import Aggregate, Index

BOOKS, ACCOUNTS, QUOTES, CHARGES = "books", "accounts", "quotes", "charges"
DEPOSITS, PAYMENTS, ENTRIES = "deposits", "payments", "entries"

KINDS: Mapping[type, str] = {
    Books: BOOKS,
    Account: ACCOUNTS,
    Quote: QUOTES,
    Charge: CHARGES,
    Deposit: DEPOSITS,
    Payment: PAYMENTS,
    Entry: ENTRIES,
}
OF_REQUEST_MAX = 500
PROPERTIES_MAX = 5_000
HOLDERS_MAX = 1_000
PENDING_FOR = timedelta(minutes=15)  # how long a number may be taken before its payment is there

OF_REQUEST = (("property_id", 1), ("request_id", 1))
PAID = (("received_at", -1), ("id", -1))
ASKED = (("requested_at", -1), ("id", -1))
POSTED = (("posted_at", -1), ("id", -1))
INDEXES = (
    Index(ACCOUNTS, OF_REQUEST, serves="the account of a request"),
    Index(QUOTES, OF_REQUEST, serves="the quotes of a request"),
    Index(CHARGES, OF_REQUEST, serves="the charges of a request"),
    Index(
        CHARGES,
        (("property_id", 1), ("hands", 1), ("hands_since", 1), ("id", 1)),
        serves="charges collected at the door, by who has their slip, the longest there first",
        partial={"hands": {"$gt": ""}},
    ),
    Index(DEPOSITS, (*OF_REQUEST, *ASKED), serves="the deposits of a request"),
    Index(DEPOSITS, (("property_id", 1), ("status", 1), *ASKED), serves="deposits in a status, newest first"),
    Index(
        DEPOSITS,
        (("property_id", 1), ("remind_at", 1)),
        serves="forfeitures that wait for their decision; the auditor's reading",
        partial={"status": "DISPUTED"},
    ),
    Index(DEPOSITS, (("property_id", 1), ("refund", 1), *ASKED), serves="refunds to hand out, newest first"),
    Index(DEPOSITS, (("property_id", 1), *ASKED), serves="all deposits, newest first"),
    Index(PAYMENTS, (*OF_REQUEST, *PAID), serves="the payments of a request"),
    Index(PAYMENTS, (("property_id", 1), *PAID), serves="all payments, newest first"),
    Index(PAYMENTS, (("property_id", 1), ("collected_by", 1), *PAID), serves="what one person collected"),
    Index(PAYMENTS, (("property_id", 1), ("method", 1), *PAID), serves="payments by method, newest first"),
    Index(
        PAYMENTS,
        (("property_id", 1), ("in_hands_of", 1), ("received_at", 1), ("amount.amount_minor", 1)),
        serves="cash in somebody's hands, oldest first, and its sum",
        partial={"in_hands_of": {"$gt": ""}},
    ),
    Index(
        PAYMENTS,
        (("property_id", 1), ("receipt_year", 1), ("receipt_number", 1)),
        serves="the gap check of receipts, from the index alone",
    ),
    Index(ENTRIES, (*OF_REQUEST, *POSTED), serves="the entries of a request"),
    Index(ENTRIES, (("property_id", 1), *POSTED), serves="the trial balance, also at a moment; the journal"),
)

_KINDS = Kinds(KINDS)
Database = AsyncDatabase[dict[str, Any]]
A = TypeVar("A", bound=Aggregate)
Place = tuple[datetime, str]


async def one(db: Database, kind: type[A], property_id: str, id: str) -> A | None:
    """One aggregate of a property."""
    row = await db[KINDS[kind]].find_one({"_id": f"{property_id}:{id}", "property_id": property_id})
    return None if row is None else cast("A", _KINDS.aggregate(kind, row))


async def several(db: Database, kind: type[A], property_id: str, ids: Collection[str]) -> list[A]:
    """Those of the aggregates that are there."""
    if not ids:
        return []
    query = {"_id": {"$in": [f"{property_id}:{id}" for id in ids]}, "property_id": property_id}
    rows = await db[KINDS[kind]].find(query).to_list(len(ids))
    return [cast("A", _KINDS.aggregate(kind, row)) for row in rows]


async def of_request(db: Database, kind: type[A], property_id: str, request_id: str) -> list[A]:
    """All aggregates of that kind of a request; of very many the first."""
    query = {"property_id": property_id, "request_id": request_id}
    rows = await db[KINDS[kind]].find(query).limit(OF_REQUEST_MAX).to_list(OF_REQUEST_MAX)
    return [cast("A", _KINDS.aggregate(kind, row)) for row in rows]


async def newest(
    db: Database,
    kind: type[A],
    property_id: str,
    filters: Mapping[str, str],
    after: Place | None,
    limit: int,
) -> list[A]:
    """Payments, deposits or entries, newest first, after the given place."""
    at = {Payment: "received_at", Deposit: "requested_at", Entry: "posted_at"}[kind]
    query: dict[str, Any] = {"property_id": property_id, **{k: v for k, v in filters.items() if v}}
    if after is not None:
        moment, last = after
        query[at] = {"$lte": moment}
        query["$or"] = [{at: {"$lt": moment}}, {"id": {"$lt": last}}]
    rows = await db[KINDS[kind]].find(query).sort([(at, -1), ("id", -1)]).limit(limit).to_list(limit)
    return [cast("A", _KINDS.aggregate(kind, row)) for row in rows]


async def charges_with(
    db: Database, property_id: str, hands: str, after: Place | None, limit: int
) -> list[Charge]:
    """Charges whose slip is in those hands, the longest there first, after the given place."""
    query: dict[str, Any] = {"property_id": property_id, "hands": {"$eq": hands, "$gt": ""}}
    if after is not None:
        moment, last = after
        query["hands_since"] = {"$gte": moment}
        query["$or"] = [{"hands_since": {"$gt": moment}}, {"id": {"$gt": last}}]
    rows = db[CHARGES].find(query).sort([("hands_since", 1), ("id", 1)]).limit(limit)
    return [_KINDS.aggregate(Charge, row) for row in await rows.to_list(limit)]


async def properties(db: Database) -> list[str]:
    """The ids of all properties that have books. Only for the auditor."""
    found = db[BOOKS].find({}, {"property_id": 1}).sort("_id", 1).limit(PROPERTIES_MAX)
    return [row["property_id"] for row in await found.to_list(PROPERTIES_MAX)]


async def unreminded(
    db: Database, properties: Sequence[str], before: datetime, limit: int
) -> AsyncIterator[Deposit]:
    """Deposits about whose forfeiture somebody should have been reminded by then. Only for the auditor."""
    late = {"property_id": {"$in": list(properties)}, "status": "DISPUTED", "remind_at": {"$lt": before}}
    async for row in db[DEPOSITS].find(late).sort("remind_at", 1).limit(limit):
        yield cast("Deposit", _KINDS.aggregate(Deposit, row))


@dataclass(frozen=True, slots=True)
class Balance:
    """The sum of one account: debits and credits apart, in minor units."""

    account: AccountName
    debit_minor: int
    credit_minor: int
    lines: int


async def balances(db: Database, property_id: str, until: datetime | None) -> list[Balance]:
    """The balance of every account that has an entry, also as it was at a moment."""
    match: dict[str, Any] = {"property_id": property_id}
    if until is not None:
        match["posted_at"] = {"$lte": until}
    amount = "$lines.amount_minor"
    pipeline: list[dict[str, Any]] = [
        {"$match": match},
        {"$unwind": "$lines"},
        {
            "$group": {
                "_id": "$lines.account",
                "debit": {"$sum": {"$max": [amount, 0]}},
                "credit": {"$sum": {"$max": [{"$multiply": [amount, -1]}, 0]}},
                "lines": {"$sum": 1},
            }
        },
        {"$sort": {"_id": 1}},
    ]
    cursor = await db[ENTRIES].aggregate(pipeline)
    return [Balance(r["_id"], r["debit"], r["credit"], r["lines"]) async for r in cursor]


@dataclass(frozen=True, slots=True)
class InHands:
    """Cash one person carries that finance has not cleared."""

    staff_id: str
    amount_minor: int
    payments: int
    oldest_at: datetime


async def in_hands(db: Database, property_id: str) -> list[InHands]:
    """Who carries how much, and since when; the longest first."""
    pipeline: list[dict[str, Any]] = [
        {"$match": {"property_id": property_id, "in_hands_of": {"$gt": ""}}},
        {
            "$group": {
                "_id": "$in_hands_of",
                "sum": {"$sum": "$amount.amount_minor"},
                "count": {"$sum": 1},
                "oldest": {"$min": "$received_at"},
            }
        },
        {"$sort": {"oldest": 1, "_id": 1}},
        {"$limit": HOLDERS_MAX},
    ]
    cursor = await db[PAYMENTS].aggregate(pipeline)
    return [InHands(r["_id"], r["sum"], r["count"], r["oldest"]) async for r in cursor]


async def carried_by(db: Database, property_id: str, staff_id: str, limit: int) -> list[Payment]:
    """The payments in the hands of one person, oldest first."""
    query = {"property_id": property_id, "in_hands_of": {"$eq": staff_id, "$gt": ""}}
    rows = await db[PAYMENTS].find(query).sort("received_at", 1).limit(limit).to_list(limit)
    return [_KINDS.aggregate(Payment, row) for row in rows]


@dataclass(frozen=True, slots=True)
class Receipts:
    """The receipt numbers of a year: `last` is the highest taken; void ones have a reason."""

    last: int
    used: int
    pending: tuple[int, ...]
    void: tuple[tuple[int, str], ...]
    missing: tuple[int, ...]
    twins: tuple[int, ...]


async def receipts(db: Database, property_id: str, series: str, year: int, now: datetime) -> Receipts:
    """Compare the numbers taken with the receipts written.

    What has neither receipt nor void slip is missing.
    """
    query = {"property_id": property_id, "receipt_year": year}
    rows = db[PAYMENTS].find(query, {"_id": 0, "receipt_number": 1}).sort("receipt_number", 1)
    seen = await compared(db, property_id, series, year, (row["receipt_number"] async for row in rows))
    void = tuple((row["number"], row["reason"]) for row in seen.void())
    young = seen.pending(now - PENDING_FOR)
    known = {*young, *(n for n, _ in void)}
    missing = tuple(n for n in seen.absent if n not in known)
    return Receipts(seen.last, seen.used, young, void, missing, seen.twins)
