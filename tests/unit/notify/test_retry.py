"""Backoff: a table of delays, jitter from the key, and when a channel has had its time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.notify.domain.retry import RetryRule, backoff_seconds, channel_is_spent, next_attempt_at
from services.notify.loops import rules
from shared.settings import Settings

RULE = RetryRule(base_seconds=2, cap_seconds=600, next_channel_seconds=900, give_up_seconds=86_400)
NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("failures", "middle"),
    [(1, 2), (2, 4), (3, 8), (4, 16), (5, 32), (6, 64), (7, 128), (8, 256), (9, 512), (10, 600), (500, 600)],
)
def test_delays_double_up_to_the_cap_and_spread_by_half(failures: int, middle: float) -> None:
    delays = [backoff_seconds(RULE, f"key-{n}", failures) for n in range(300)]
    assert all(middle / 2 <= delay <= middle * 1.5 for delay in delays)
    assert max(delays) - min(delays) > middle * 0.8
    assert abs(sum(delays) / len(delays) - middle) < middle * 0.1


@given(st.text(max_size=40), st.integers(1, 100))
def test_the_same_key_waits_the_same(key: str, failures: int) -> None:
    assert backoff_seconds(RULE, key, failures) == backoff_seconds(RULE, key, failures)


def test_the_channel_may_ask_for_more_but_not_for_ever() -> None:
    assert next_attempt_at(RULE, "k", 1, NOW, 90) == NOW + timedelta(seconds=90)
    assert next_attempt_at(RULE, "k", 1, NOW, 10**9) == NOW + timedelta(seconds=600)


def test_a_channel_has_less_time_while_another_is_left() -> None:
    since = NOW - timedelta(seconds=900)
    assert channel_is_spent(RULE, since, NOW, has_next=True)
    assert not channel_is_spent(RULE, since, NOW, has_next=False)
    assert not channel_is_spent(RULE, None, NOW, has_next=True)


def test_every_queue_has_its_rule_and_the_more_urgent_is_never_slower() -> None:
    by_queue = rules(Settings()).retry
    order = [by_queue["emergency"], by_queue["urgent"], by_queue["routine"]]
    for name in ("cap_seconds", "next_channel_seconds", "give_up_seconds"):
        values = [getattr(rule, name) for rule in order]
        assert values == sorted(values)
