"""From a wording and an event to a text.

Only whitelisted variables, formatted for the reader's language and the property's zone.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from string import Formatter
from zoneinfo import ZoneInfo

from services.notify.domain.message import Language
from shared.events.envelope import Amount, Event
from shared.money import Money

VALUE_LENGTH_MAX = 200
TEXT_LENGTH_MAX = 2_000

# What a wording may name besides the fields below: of the property, the request and the person who acts.
CONTEXT = (
    "property_name",
    "property_phone",
    "procedure",
    "reference",
    "owner_name",
    "owner_phone",
    "place",
    "staff_name",
    "staff_phone",
)
# Fields of events that may be shown; where an event lacks one the text shows a dash.
EVENT_FIELDS = (
    "amount",
    "appointment_at",
    "completed_at",
    "confirmed_at",
    "decide_by",
    "department",
    "deposit",
    "detail",
    "due_at",
    "expires_at",
    "hazard",
    "kind",
    "kept_by",
    "method",
    "outcome",
    "partner",
    "promised_at",
    "reason",
    "receipt",
    "reported_at",
    "slip",
    "start_at",
    "step",
    "to_role",
    "total",
    "urgency",
)
VARIABLES: frozenset[str] = frozenset(CONTEXT + EVENT_FIELDS)
MISSING = "—"


def names_in(text: str) -> frozenset[str]:
    """The variables a wording uses, as `{name}`. Raises ValueError on anything but a plain known name."""
    found = set()
    for _, name, spec, conversion in Formatter().parse(text):
        if name is None:
            continue
        if name not in VARIABLES or spec or conversion:
            raise ValueError(f"unknown variable {{{name}}}; accepted: {', '.join(sorted(VARIABLES))}")
        found.add(name)
    return frozenset(found)


def render(text: str, values: Mapping[str, str]) -> str:
    """The text with its variables; one without a value shows a dash, a value is never read as a template."""
    parts = []
    for literal, name, _, _ in Formatter().parse(text):
        parts.append(literal)
        if name is not None:
            parts.append(values.get(name) or MISSING)
    return "".join(parts)[:TEXT_LENGTH_MAX]


def event_values(event: Event, language: Language, zone: str) -> dict[str, str]:
    """The fields of an event a wording may show, as text."""
    found = {name: getattr(event, name, None) for name in EVENT_FIELDS}
    return {name: shown(value, language, zone) for name, value in found.items() if value not in (None, "")}


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


_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
