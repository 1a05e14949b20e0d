"""The breaker spares a failing channel, tries it with one call, and trusts it again."""

from __future__ import annotations

from services.notify.breaker import Breaker


def test_it_opens_after_failures_in_a_row_and_lets_one_call_try() -> None:
    breaker = Breaker(failures_max=3, open_seconds=5)
    for second in range(3):
        assert breaker.allows(second)
        breaker.note(second, worked=False)
    assert not breaker.allows(3)
    assert not breaker.allows(6.9)
    assert breaker.allows(7)
    assert not breaker.allows(7.1)  # one call tries for all
    breaker.note(8, worked=True)
    assert breaker.allows(8)


def test_a_success_between_starts_the_count_again() -> None:
    breaker = Breaker(failures_max=2, open_seconds=5)
    for worked in (False, True, False):
        breaker.note(0, worked=worked)
    assert breaker.allows(0)


def test_it_waits_longer_while_the_channel_stays_down_but_not_for_ever() -> None:
    breaker = Breaker(failures_max=1, open_seconds=5)
    now, waits = 0.0, []
    for _ in range(30):
        breaker.note(now, worked=False)
        began = now
        while not breaker.allows(now):
            now += 1
        waits.append(now - began)
    assert waits == sorted(waits)
    assert (waits[0], waits[-1]) == (5, 60)
