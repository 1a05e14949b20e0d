"""The ledger: immutable double-entry journal entries, and balances as sums over them.

An entry holds all its lines and can only be made balanced, so the trial balance is zero after every commit,
whatever else happened. Nothing is ever changed in the ledger: a correction is a new entry that takes the
first one back.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from shared.money import Money

AccountName = Literal[
    "receivable",
    "revenue",
    "cash_drawer",
    "cash_in_hands",
    "bank",
    "deposits_held",
    "deposits_disputed",
    "forfeited_income",
    "partner_payable",
    "refunds_due",
]
AccountType = Literal["asset", "liability", "income"]

# The chart of accounts: the type of each account, and whom or what the `party` of a line names.
CHART: dict[AccountName, tuple[AccountType, str]] = {
    "receivable": ("asset", "the request whose owner owes it"),
    "revenue": ("income", "the procedure that earned it"),
    "cash_drawer": ("asset", "the cashier or finance clerk whose drawer it is in"),
    "cash_in_hands": ("asset", "the member of staff who holds it until finance clears it (J3)"),
    "bank": ("asset", "the method: card, qr or transfer"),
    "deposits_held": ("liability", "the request it was paid for"),
    "deposits_disputed": ("liability", "the request; forfeiture was proposed and nobody has decided (J4)"),
    "forfeited_income": ("income", "the procedure"),
    "partner_payable": ("liability", "the partner company"),
    "refunds_due": ("liability", "the request; decided to be paid back, not yet handed out"),
}

EntryKind = Literal[
    "charge",
    "charge_payment",
    "deposit_payment",
    "deposit_applied",
    "deposit_refunded",
    "deposit_disputed",
    "deposit_forfeited",
    "refund_paid_out",
    "cash_cleared",
]


@dataclass(frozen=True, slots=True)
class Place:
    """Where an amount stands: an account and the party it is kept for."""

    account: AccountName
    party: str


@dataclass(frozen=True, slots=True)
class Move:
    """An amount that goes from one place to another: debited here, credited there."""

    debit: Place
    credit: Place
    amount: Money

    def __post_init__(self) -> None:
        if self.amount.amount_minor <= 0:
            raise ValueError("a move is of an amount above zero")


@dataclass(frozen=True, slots=True)
class Line:
    """One line of an entry; a debit is positive, a credit negative."""

    account: AccountName
    party: str
    amount_minor: int


@dataclass(frozen=True, slots=True)
class Entry:
    """One document of the journal with all its lines.

    `document_id` is the charge, payment or deposit it books.
    """

    property_id: str
    id: str
    version: int
    request_id: str
    kind: EntryKind
    document_id: str
    currency: str
    lines: tuple[Line, ...]
    posted_at: datetime
    posted_by: str

    def __post_init__(self) -> None:
        if len(self.lines) < 2:
            raise ValueError("an entry has at least two lines")
        if any(line.amount_minor == 0 for line in self.lines):
            raise ValueError("a line has an amount")
        if sum(line.amount_minor for line in self.lines) != 0:
            raise ValueError("an entry balances to zero")


@dataclass(frozen=True, slots=True)
class Posting:
    """What an entry is about, without its amounts."""

    property_id: str
    id: str
    request_id: str
    kind: EntryKind
    document_id: str
    posted_at: datetime
    posted_by: str


def entry_of(posting: Posting, moves: Sequence[Move]) -> Entry:
    """The entry of these moves: two lines each, all in one currency."""
    currencies = {move.amount.currency for move in moves}
    if len(currencies) != 1:
        raise ValueError("the moves of an entry share one currency")
    lines: list[Line] = []
    for move in moves:
        lines.append(Line(move.debit.account, move.debit.party, move.amount.amount_minor))
        lines.append(Line(move.credit.account, move.credit.party, -move.amount.amount_minor))
    return Entry(
        property_id=posting.property_id,
        id=posting.id,
        version=0,
        request_id=posting.request_id,
        kind=posting.kind,
        document_id=posting.document_id,
        currency=currencies.pop(),
        lines=tuple(lines),
        posted_at=posting.posted_at,
        posted_by=posting.posted_by,
    )


def balances(entries: Iterable[Entry]) -> dict[Place, int]:
    """The balance of every place, debits positive, in minor units.

    The same sum that the stored ledger gives.
    """
    sums: dict[Place, int] = defaultdict(int)
    for entry in entries:
        for line in entry.lines:
            sums[Place(line.account, line.party)] += line.amount_minor
    return dict(sums)
