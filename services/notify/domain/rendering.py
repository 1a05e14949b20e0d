"""From a wording and its values to a text, in the reader's language and the property's time zone.

Which variables a wording may use is decided where the wordings are read (`shared/catalogue/wordings.py`).
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from string import Formatter
from zoneinfo import ZoneInfo

from services.notify.domain.message import Language
from shared.events.envelope import Amount
from shared.money import Money

VALUE_LENGTH_MAX = 200
TEXT_LENGTH_MAX = 2_000
MISSING = "—"  # stands for a value that is not known
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def names_in(text: str) -> frozenset[str]:
    """The variables a wording uses, as `{name}`."""
    return frozenset(name for _, name, _, _ in Formatter().parse(text) if name)


def render(text: str, values: Mapping[str, str]) -> str:
    """The text with its values; one that is missing shows a dash, a value is never read as a wording."""
    parts = []
    for literal, name, _, _ in Formatter().parse(text):
        parts.append(literal)
        if name is not None:
            parts.append(values.get(name) or MISSING)
    return "".join(parts)[:TEXT_LENGTH_MAX]


def shown(value: object, language: Language, zone: str) -> str:
    """One value as a reader of that language expects it, on one line and of bounded length."""
    if isinstance(value, datetime):
        return moment(value, language, zone)
    if isinstance(value, Amount):
        return str(Money(value.amount_minor, value.currency))
    return " ".join(str(value).split())[:VALUE_LENGTH_MAX]


def moment(value: datetime, language: Language, zone: str) -> str:
    """Day and time on the wall of the property."""
    local = value.astimezone(ZoneInfo(zone))
    if language == "zh":
        return f"{local.month}月{local.day}日{local:%H:%M}"
    return f"{local.day} {_MONTHS[local.month - 1]} {local:%H:%M}"
