"""Money: whole minor units, one currency, shares rounded half up."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.money import AMOUNT_MINOR_MAX, Money

AMOUNTS = st.integers(0, AMOUNT_MINOR_MAX)


@given(AMOUNTS, st.integers(0, 100))
def test_a_share_is_rounded_half_up(minor: int, percent: int) -> None:
    exact = (Decimal(minor) * percent / 100).quantize(Decimal(1), ROUND_HALF_UP)
    assert Money(minor, "CNY").percent(percent) == Money(int(exact), "CNY")


@pytest.mark.parametrize(("minor", "tenth"), [(4, 0), (5, 1), (14, 1), (15, 2), (80_005, 8001), (0, 0)])
def test_a_tenth(minor: int, tenth: int) -> None:
    assert Money(minor, "CNY").percent(10).amount_minor == tenth


@given(st.integers(-1000, 1000), st.integers(-1000, 1000), st.integers(0, 50))
def test_sums(a: int, b: int, n: int) -> None:
    assert Money(a, "HKD") + Money(b, "HKD") - Money(b, "HKD") == Money(a, "HKD")
    assert Money(a, "HKD").times(n).amount_minor == a * n


@pytest.mark.parametrize(
    ("minor", "currency"),
    [(1.5, "CNY"), (True, "CNY"), ("1", "CNY"), (1, "XXX"), (AMOUNT_MINOR_MAX + 1, "CNY"), (None, "CNY")],
)
def test_what_is_no_money(minor: Any, currency: str) -> None:
    with pytest.raises(ValueError, match="must be"):
        Money(minor, currency)


def test_currencies_do_not_mix() -> None:
    with pytest.raises(ValueError, match="cannot mix"):
        Money(1, "CNY") + Money(1, "USD")
    with pytest.raises(ValueError, match="not negative"):
        Money(-1, "CNY").percent(10)


@pytest.mark.parametrize(("minor", "text"), [(3050, "30.50 CNY"), (-5, "-0.05 CNY"), (0, "0.00 CNY")])
def test_text(minor: int, text: str) -> None:
    assert str(Money(minor, "CNY")) == text
