"""Identifiers: random ones are made only here, derived ones are pure functions.

Callers make their own ids (UUIDv7 text), so that sending the same thing twice is recognised. What follows
from a cause is derived from it, so that a unit of work that runs again makes the same ids.
"""

from __future__ import annotations

import re

import uuid_utils

_DERIVED = uuid_utils.UUID("6f1d2c9e-3d55-5c1b-9a57-6b1f0c6f8a01")
ID_PATTERN = r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$"
_ID = re.compile(ID_PATTERN.removesuffix("$"))  # in Python `$` would let a line end through


def new_id() -> str:
    """A fresh UUIDv7 as text: sorts by the time it was made."""
    return str(uuid_utils.uuid7())


def derived_id(*parts: str | int) -> str:
    """The one UUIDv5 that belongs to these parts, for ever."""
    return str(uuid_utils.uuid5(_DERIVED, "\x1f".join(map(str, parts))))


def is_id(text: str) -> bool:
    """Whether the text may be used as an id: 1 to 64 letters, digits, dot, dash, underscore."""
    return _ID.fullmatch(text) is not None
