"""What must always be true of the books, whatever happened."""

from __future__ import annotations

from collections.abc import Sequence

from services.billing.domain.deposit import Deposit
from services.billing.domain.ledger import Entry, Place, balances

_DEPOSITS = ("deposits_held", "deposits_disputed", "refunds_due")
_DEBIT = ("receivable", "bank")


def check_books(entries: Sequence[Entry], deposits: Sequence[Deposit]) -> None:
    """Every entry balances, so does the whole; nothing is negative; all deposit money is somewhere."""
    for entry in entries:
        assert sum(line.amount_minor for line in entry.lines) == 0
        assert entry.version == 1, "an entry was changed"
    sums = balances(entries)
    assert sum(sums.values()) == 0
    _no_negative(sums)
    _check_deposits(entries, deposits, sums)


def _check_deposits(entries: Sequence[Entry], deposits: Sequence[Deposit], sums: dict[Place, int]) -> None:
    def worth(*statuses: str) -> int:
        return sum(d.amount.amount_minor for d in deposits if d.status in statuses)

    paid_in = sum(
        line.amount_minor
        for entry in entries
        if entry.kind == "deposit_payment"
        for line in entry.lines
        if line.amount_minor > 0
    )
    assert worth("HELD", "DISPUTED", "APPLIED", "REFUNDED", "FORFEITED") == paid_in
    held = {account: -sum(v for p, v in sums.items() if p.account == account) for account in _DEPOSITS}
    due = sum(d.amount.amount_minor for d in deposits if d.refund == "due")
    assert held == {
        "deposits_held": worth("HELD"),
        "deposits_disputed": worth("DISPUTED"),
        "refunds_due": due,
    }


def _no_negative(sums: dict[Place, int]) -> None:
    for place, amount in sums.items():
        if place.account in _DEBIT:
            assert amount >= 0, f"{place} is {amount}"
        elif not place.account.startswith("cash"):
            assert amount <= 0, f"{place} is {amount}"
    assert sum(amount for place, amount in sums.items() if place.account.startswith("cash")) >= 0
