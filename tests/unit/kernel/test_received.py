"""Whatever the order, loss and repetition of records: a group confirms only what it has without a gap."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from shared.kernel.received import PATIENCE_SECONDS, STRETCHES_MAX, Gaps, Received

FACTS = [(p, p + step) for p, step in ((0, 2), (2, 1), (3, 4), (7, 1), (8, 3), (11, 5), (16, 1))]


def test_in_order_it_just_counts_up() -> None:
    got = Received()
    assert all(got.take(*fact) for fact in FACTS)
    assert (got.position, got.beyond) == (17, [])
    assert not got.take(11, 16)


def test_a_lost_record_is_not_confirmed_until_it_comes() -> None:
    got = Received()
    got.take(0, 2)
    got.take(3, 7)
    got.take(7, 8)
    assert (got.position, got.beyond) == (2, [(3, 8)])
    got.take(2, 3)
    assert (got.position, got.beyond) == (8, [])


def test_positions_left_out_by_a_restart_are_no_gap() -> None:
    got = Received(position=10)
    got.take(10, 2_013)
    assert (got.position, got.beyond) == (2_013, [])


def test_nonsense_changes_nothing() -> None:
    got = Received(position=10)
    assert not got.take(0, 0)
    assert not got.take(12, 11)
    assert not got.take(-1, 11)
    assert (got.position, got.beyond) == (10, [])


def test_stretches_are_bounded() -> None:
    got = Received()
    for n in range(1, 200):
        got.take(10 * n, 10 * n + 1)
    assert len(got.beyond) == STRETCHES_MAX
    assert got.position == 0


def test_a_gap_is_asked_about_after_some_patience_and_ever_less_often() -> None:
    gaps, has = Gaps(), {("intake", 0): Received(10), ("intake", 1): Received(10)}
    has["intake", 0].take(20, 21)
    assert gaps.due(has, 100) == {}
    assert gaps.due(has, 100 + PATIENCE_SECONDS - 0.1) == {}
    assert gaps.due(has, 100 + PATIENCE_SECONDS) == {("intake", 0): (10, 20)}
    assert gaps.due(has, 100 + 2 * PATIENCE_SECONDS) == {}
    assert gaps.due(has, 100 + 3 * PATIENCE_SECONDS) == {("intake", 0): (10, 20)}
    has["intake", 0].take(10, 15)  # it comes: patience again
    assert gaps.due(has, 100 + 8 * PATIENCE_SECONDS) == {}
    has["intake", 0].take(15, 20)
    assert gaps.due(has, 10_000) == {}
    assert has["intake", 0].gap is None


@given(st.permutations(FACTS), st.sets(st.sampled_from(FACTS)), st.lists(st.sampled_from(FACTS)))
def test_it_confirms_exactly_what_has_no_gap(
    order: list[tuple[int, int]], lost: set[tuple[int, int]], again: list[tuple[int, int]]
) -> None:
    got = Received()
    came = [f for f in [*order, *again] if f not in lost]
    for fact in came:
        got.take(*fact)
    expected = 0
    for previous, position in FACTS:
        if (previous, position) not in came:
            break
        expected = position
    assert got.position == expected
    for fact in lost:  # sent again at the end, everything closes
        got.take(*fact)
    assert (got.position, got.beyond) == (17, [])
