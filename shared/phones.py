"""Telephone numbers: what a caller said becomes E.164 or is refused; how a number is shown in lists."""

from __future__ import annotations

import functools

import phonenumbers

from shared.errors import Invalid
from shared.texts.say import say

LENGTH_MAX = 32
ACCEPTED = say("a telephone number, such as 138 0013 8000, 0755-1234 5678 or +852 2345 6789")


@functools.lru_cache(maxsize=10_000)
def to_e164(text: str, region: str = "CN", field: str = "phone") -> str:
    """As `+<country><number>`; one without country code is of `region`. Raises Invalid naming the field."""
    try:
        number = phonenumbers.parse(text[: LENGTH_MAX + 1], region)
    except phonenumbers.NumberParseException as error:
        raise _invalid(field) from error
    if len(text) > LENGTH_MAX or not phonenumbers.is_valid_number(number):
        raise _invalid(field)
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def masked(e164: str) -> str:
    """The number with all but its last four digits hidden, for lists and logs."""
    hidden = max(len(e164) - 4, 0)
    return "*" * hidden + e164[hidden:] if hidden else "*" * len(e164)


def last_four(e164: str) -> str:
    """What people are looked up by together with their building (ruling J22)."""
    return e164[-4:]


def _invalid(field: str) -> Invalid:
    return Invalid("phone", "This is not a telephone number.", field=field, accepted=ACCEPTED)
