"""Entries: balanced or not made at all."""

from __future__ import annotations

from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.billing.domain.ledger import (
    CHART,
    AccountName,
    Entry,
    Line,
    Move,
    Place,
    Posting,
    balances,
    entry_of,
)
from shared.money import Money
from tests.unit.billing.desk import START

POSTING = Posting("villa", "e1", "r1", "charge", "c1", START, "wu")
PLACES = st.builds(Place, st.sampled_from(get_args(AccountName)), st.sampled_from(["a", "b"]))
MOVES = st.builds(Move, PLACES, PLACES, st.builds(Money, st.integers(1, 10**8), st.just("CNY")))


def test_the_chart_names_every_account() -> None:
    assert set(CHART) == set(get_args(AccountName))


@given(st.lists(st.lists(MOVES, min_size=1, max_size=5), min_size=1, max_size=10))
def test_every_entry_and_the_whole_balance(all_moves: list[list[Move]]) -> None:
    entries = [entry_of(POSTING, moves) for moves in all_moves]
    for entry, moves in zip(entries, all_moves, strict=True):
        assert sum(line.amount_minor for line in entry.lines) == 0
        assert len(entry.lines) == 2 * len(moves)
    assert sum(balances(entries).values()) == 0


@pytest.mark.parametrize(
    "lines",
    [
        (),
        (Line("bank", "card", 1),),
        (Line("bank", "card", 2), Line("revenue", "x", -1)),
        (Line("bank", "card", 0), Line("revenue", "x", 0)),
    ],
)
def test_an_unbalanced_entry_cannot_be_made(lines: tuple[Line, ...]) -> None:
    fields: dict[str, Any] = {
        "property_id": "villa",
        "id": "e1",
        "version": 0,
        "request_id": "r1",
        "kind": "charge",
        "document_id": "c1",
        "currency": "CNY",
        "posted_at": START,
        "posted_by": "wu",
    }
    with pytest.raises(ValueError, match=r"entry|line"):
        Entry(**fields, lines=lines)


def test_moves_are_positive_and_of_one_currency() -> None:
    bank, revenue = Place("bank", "card"), Place("revenue", "x")
    with pytest.raises(ValueError, match="above zero"):
        Move(bank, revenue, Money(0, "CNY"))
    moves = [Move(bank, revenue, Money(1, "CNY")), Move(bank, revenue, Money(1, "USD"))]
    with pytest.raises(ValueError, match="one currency"):
        entry_of(POSTING, moves)
