"""Telephone numbers as people say them."""

from __future__ import annotations

import pytest

from shared.errors import Invalid
from shared.phones import last_four, masked, to_e164


@pytest.mark.parametrize(
    ("said", "e164"),
    [
        ("13800138000", "+8613800138000"),
        ("138 0013 8000", "+8613800138000"),
        ("１３８００１３８０００", "+8613800138000"),
        ("0755-12345678", "+8675512345678"),
        ("(0755) 1234 5678", "+8675512345678"),
        ("400-800-1234", "+864008001234"),
        ("+852 2345 6789", "+85223456789"),
        ("0086 138 0013 8000", "+8613800138000"),
    ],
)
def test_a_number_becomes_e164(said: str, e164: str) -> None:
    assert to_e164(said) == e164
    assert to_e164(e164) == e164


def test_a_number_without_country_code_is_of_the_region() -> None:
    assert to_e164("(212) 639-9675", region="US") == "+12126399675"


@pytest.mark.parametrize(
    "said", ["", "abc", "110", "12345", "1", "+", "+999999999", "138001380001380013800", "1" * 10_000, "\x00"]
)
def test_what_is_no_number_is_refused_naming_the_field(said: str) -> None:
    with pytest.raises(Invalid) as refused:
        to_e164(said)
    assert refused.value.field == "phone"
    assert refused.value.accepted
    assert said == "" or said not in refused.value.detail
    with pytest.raises(Invalid) as refused:
        to_e164(said, field="people.0.phone")
    assert refused.value.field == "people.0.phone"


def test_a_masked_number_shows_its_last_four_digits_only() -> None:
    assert masked("+8613800138000") == "**********8000"
    assert last_four("+8613800138000") == "8000"
    assert masked("123") == "***"
    assert masked("") == ""
