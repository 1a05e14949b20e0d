"""The number a caller is given: read back however it is said, and never mistaken for another."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.intake.domain.reference import SERIAL_MIN, read_reference, reference_of
from shared.errors import Invalid


@given(st.integers(SERIAL_MIN, 10**12))
def test_a_reference_is_read_back_however_it_is_said(serial: int) -> None:
    reference = reference_of(serial)
    assert read_reference(f"{reference[:3]} {reference[3:]}") == reference
    assert read_reference(f"{reference[:-1]}-{reference[-1]}") == reference


def test_a_reference_with_one_wrong_digit_is_never_another_reference() -> None:
    seed = random.SystemRandom().randrange(10**9)
    print(f"seed {seed}")
    chance = random.Random(seed)
    for _ in range(200):
        reference = reference_of(chance.randrange(SERIAL_MIN, 10**9))
        place = chance.randrange(len(reference))
        other = str((int(reference[place]) + chance.randrange(1, 10)) % 10)
        with pytest.raises(Invalid):
            read_reference(reference[:place] + other + reference[place + 1 :])


@pytest.mark.parametrize("said", ["", "1", "abc", "１０００００１", "1" * 19, "100002"])
def test_what_is_no_reference_is_refused(said: str) -> None:
    with pytest.raises(Invalid):
        read_reference(said)
