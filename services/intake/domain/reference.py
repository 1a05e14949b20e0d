"""The reference of a request: a short number that can be said aloud, its last digit a check digit (ISO
7064 mod 11,10).

The check digit catches every single wrong digit and nearly every swap of neighbours, so a number misheard
on the telephone is refused instead of showing another owner's request.
"""

from __future__ import annotations

from stdnum.exceptions import ValidationError
from stdnum.iso7064 import mod_11_10

from shared.errors import Invalid

SERIAL_MIN = 10_000
ACCEPTED = "a reference of 6 to 18 digits as it was told, spaces and dashes do not matter"


def reference_of(serial: int) -> str:
    """The number with its check digit. Shape: 6 or more digits."""
    if serial < SERIAL_MIN:
        raise ValueError(f"serials start at {SERIAL_MIN}")
    return f"{serial}{mod_11_10.calc_check_digit(str(serial))}"


def read_reference(said: str, field: str = "reference") -> str:
    """A reference as somebody said or typed it. Raises Invalid if the check digit does not fit."""
    digits = said.replace(" ", "").replace("-", "")
    try:
        if not 6 <= len(digits) <= 18 or not digits.isascii():
            raise ValidationError
        return str(mod_11_10.validate(digits))
    except ValidationError as error:
        raise Invalid(
            "reference", "This is not a reference of ours.", field=field, accepted=ACCEPTED
        ) from error
