"""Slips beside the straight way: numbers on paper are used or void, refused slips went through all hands,
and what the owner agreed to is what he owes (P029, P030, P033).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator

from tools.chaos.facts import Order, Violation
from tools.chaos.facts_work import Charge, Completed, OnPaper, Quote, Refused, Sheet

NOT_DONE = "NOT_DONE"


def sheets_hold(
    settled: Iterable[Sheet], on_paper: Iterable[OnPaper], slips: Iterable[tuple[str, int, int, str]]
) -> Iterator[Violation]:
    """A number on paper is what the desk was told. `slips`: property, year, number and request of each."""
    kept = {(one.property_id, one.year, one.number): one for one in on_paper}
    borne = {(property_id, year, number): request_id for property_id, year, number, request_id in slips}
    for sheet in settled:
        key = (sheet.property_id, sheet.year, sheet.number)
        one, where = kept.get(key), ":".join(map(str, key))
        expected = ("used", sheet.request_id) if sheet.request_id else ("void", "")
        if one is None or (one.state, one.request_id) != expected:
            said = "nothing" if one is None else f"{one.state} {one.request_id}"
            yield Violation("paper-lost", where, f"it was {' '.join(expected)}, kept is {said}")
    for key, one in kept.items():
        where = ":".join(map(str, key))
        if borne.get(key, "") != (one.request_id if one.state == "used" else ""):
            what = f"it is {one.state} {one.request_id}, its slip is of {borne.get(key, 'nobody')}"
            yield Violation("paper-split", where, what)
        if one.state == "void" and not one.reason:
            yield Violation("paper-void", where, "it is void without a reason")


def refusals_complete(refused: Iterable[Refused]) -> Iterator[Violation]:
    """A slip that ended undone went through head, office and desk to the owner, and that was told once."""
    for one in refused:
        where = f"{one.property_id}:{one.order_id}"
        ended = one.status == NOT_DONE
        if one.told != (1 if ended else 0):
            yield Violation("refused-untold", where, f"{one.status or 'no slip'}, told {one.told} times")
        if ended and not all(one.hands):
            yield Violation("refused-unsigned", where, f"returned, signed, passed, told by {one.hands}")


def consented(
    completed: Iterable[Completed],
    quotes: Iterable[Quote],
    charges: Iterable[Charge],
    orders: Iterable[Order],
) -> Iterator[Violation]:
    """Every charge is the price the owner agreed to, and every such price of done work is charged once."""
    prices = {(quote.property_id, quote.id): quote for quote in quotes}
    owed = list(charges)
    known = {(order.property_id, order.id) for order in orders}
    for charge in owed:
        where = f"{charge.property_id}:{charge.id}"
        quote = prices.get((charge.property_id, charge.quote_id))
        if quote is None or not quote.agreed or quote.status != "CONSENTED":
            yield Violation("charge-unconsented", where, f"nobody agreed to quote {charge.quote_id}")
        elif (quote.total_minor, quote.order_id) != (charge.amount_minor, charge.order_id):
            what = f"charged {charge.amount_minor}, agreed {quote.total_minor}"
            yield Violation("charge-differs", where, what)
        if (charge.property_id, charge.order_id) not in known:
            yield Violation("charge-alone", where, f"no work order {charge.order_id}")
    count = Counter((charge.property_id, charge.quote_id) for charge in owed)
    for done in completed:
        where, times = f"{done.property_id}:{done.order_id}", count[done.property_id, done.quote_id]
        if done.quote_id and done.amount_minor and times != 1:
            yield Violation("charge-count", where, f"{times} charges for {done.amount_minor} agreed")
