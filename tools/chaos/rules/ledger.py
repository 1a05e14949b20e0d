"""The books: every entry balances, every property's sum is zero, every payment and charge is booked once."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator

from tools.chaos.facts import Entry, Handed, Money, Violation


def balanced(entries: Iterable[Entry], booked: Iterable[Money]) -> Iterator[Violation]:
    """Entries balance; together they are zero; each payment and charge has one entry of its amount."""
    sums: dict[str, int] = defaultdict(int)
    currencies: dict[str, set[str]] = defaultdict(set)
    of: dict[tuple[str, str], list[Entry]] = defaultdict(list)
    for entry in entries:
        where = f"{entry.property_id}:{entry.id}"
        sums[entry.property_id] += entry.sum_minor
        currencies[entry.property_id].add(entry.currency)
        of[entry.property_id, entry.document_id].append(entry)
        if entry.sum_minor:
            yield Violation("entry-unbalanced", where, f"its lines add up to {entry.sum_minor}")
    for property_id, total in sums.items():
        if total:
            yield Violation("ledger-unbalanced", property_id, f"the trial balance is {total}")
        if len(currencies[property_id]) > 1:
            used = " and ".join(sorted(currencies[property_id]))
            yield Violation("ledger-currencies", property_id, f"one ledger in {used}")
    for money in booked:
        own = [e for e in of[money.property_id, money.id] if e.kind in money.kinds]
        yield from _booked(money, own)


def _booked(money: Money, entries: list[Entry]) -> Iterator[Violation]:
    where = f"{money.property_id}:{money.id}"
    if money.amount_minor and len(entries) != 1:
        yield Violation("booked-once", where, f"{len(entries)} entries for {money.amount_minor}")
    for entry in entries:
        if entry.debit_minor != money.amount_minor:
            what = f"booked {entry.debit_minor}, the document says {money.amount_minor}"
            yield Violation("booked-once", where, what)


def receipts_hold(handed: Iterable[Handed], payments: Iterable[Money]) -> Iterator[Violation]:
    """A receipt that was handed out is in the books, with its number and amount."""
    stored = {(p.property_id, p.id): p for p in payments}
    for one in handed:
        where = f"{one.property_id}:{one.payment_id}"
        found = stored.get((one.property_id, one.payment_id))
        if found is None:
            yield Violation("receipt-lost", where, f"receipt {one.receipt} was handed out and is not there")
        elif (found.receipt, found.amount_minor) != (one.receipt, one.amount_minor):
            what = f"handed out {one.receipt} over {one.amount_minor}, kept {found.receipt} over "
            yield Violation("receipt-changed", where, f"{what}{found.amount_minor}")
