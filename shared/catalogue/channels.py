"""Reads `channels.toml`: the ways in which a need reaches a property, the only values that a contact's
`channel` takes.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Literal

from shared.catalogue.section import Section
from shared.errors import Invalid
from shared.texts.say import words

FILE = Path(__file__).with_name("channels.toml")
Medium = Literal["call", "visit", "writing", "radio", "staff", "online"]


class Channel(Section):
    """One channel; a call has ring and answer times, the others do not.

    `household`: what comes this way is asked for by the household itself, so it may be answered in the home.
    `attended`: somebody of ours answers or stands there, and is the first contact (P009). Otherwise nobody is
    until somebody takes the item over.
    """

    zh: str
    en: str
    medium: Medium
    source: str
    household: bool = True
    attended: bool = True


@cache
def channels() -> Mapping[str, Channel]:
    """All channels by id, as shipped; read once per process."""
    rows = tomllib.loads(FILE.read_text(encoding="utf-8"))
    return {name: Channel.model_validate(row) for name, row in rows.items()}


def channel(name: str, field: str = "channel") -> Channel:
    """One channel. Raises Invalid naming the field and every accepted value."""
    found = channels().get(name)
    if found is None:
        raise Invalid(
            "unknown-channel",
            "There is no such channel.",
            field=field,
            accepted=words(sorted(channels())),
        )
    return found


def by_household(name: str) -> bool:
    """Whether a need that came this way is an order of the household (R9); an unknown channel is."""
    found = channels().get(name)
    return found is None or found.household
