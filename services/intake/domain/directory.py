"""The owner directory: units by label, people with their telephones and homes, and who belongs to a
number (ruling J22).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Literal

from services.intake.domain.bodies import PersonBody, UnitBody
from shared.errors import Conflict, Invalid
from shared.ids import is_id
from shared.phones import last_four, to_e164
from shared.texts.say import as_is, say

LABEL = re.compile(r"^[0-9A-Za-z\u4e00-\u9fff]{1,12}(-[0-9A-Za-z\u4e00-\u9fff]{1,12}){0,2}$")
LABEL_ACCEPTED = "building-floor-room such as 3-2-1801, building-room such as 3-1801, or one villa number"
PEOPLE_PER_PHONE_MAX = 50


@dataclass(frozen=True, slots=True)
class Unit:
    """A flat, villa, office or shop. The label is what people say; it never changes."""

    property_id: str
    id: str
    version: int = 0
    label: str = ""
    building: str = ""
    floor: str = ""
    room: str = ""
    kind: str = "flat"
    delivered_on: str = ""  # the day the developer handed it over, 2025-06-30; empty: not known

    @property
    def delivery(self) -> date | None:
        """The day it was handed over to its owner, where it is recorded."""
        return date.fromisoformat(self.delivered_on) if self.delivered_on else None


@dataclass(frozen=True, slots=True)
class Home:
    """What a person is in one unit: owner, tenant or family."""

    unit_id: str
    role: str
    label: str
    building: str


@dataclass(frozen=True, slots=True)
class Person:
    """An owner, tenant or member of a household. `tails` is building:last-four-digits, for ruling J22."""

    property_id: str
    id: str
    version: int = 0
    name: str = ""
    phones: tuple[str, ...] = ()
    email: str = ""
    language: Literal["zh", "en"] = "zh"
    units: tuple[Home, ...] = ()
    tails: tuple[str, ...] = ()
    special: bool = False  # the director talks to him himself after handling (P009)


@dataclass(frozen=True, slots=True)
class Card:
    """What is known of a caller at once: enough to greet him, to answer in his language, to seal for him."""

    person_id: str
    name: str = ""
    phone: str = ""
    email: str = ""
    language: Literal["zh", "en"] = "zh"
    special: bool = False


@dataclass(frozen=True, slots=True)
class PhoneEntry:
    """Who belongs to a number: the id is the E.164 number, so that looking one up is one read by id."""

    property_id: str
    id: str
    version: int = 0
    cards: tuple[Card, ...] = ()

    @property
    def person_ids(self) -> tuple[str, ...]:
        """Everybody who has the number."""
        return tuple(card.person_id for card in self.cards)

    def caller(self, said_name: str) -> Card | None:
        """The one person of this number, unless another name was said: two are shown, never guessed (J22)."""
        if len(self.cards) != 1:
            return None
        card = self.cards[0]
        return card if not said_name or _folded(said_name) == _folded(card.name) else None


def parse_label(label: str, field: str = "label") -> tuple[str, str, str]:
    """Building, floor and room of a label; a villa is its own building. Raises Invalid."""
    tidy = label.replace(" ", "")
    if not LABEL.match(tidy):
        raise Invalid("unit-label", "This is not the label of a unit.", field=field, accepted=LABEL_ACCEPTED)
    parts = tidy.split("-")
    if len(parts) == 1:
        return parts[0], "", ""
    return (parts[0], "", parts[1]) if len(parts) == 2 else (parts[0], parts[1], parts[2])


def unit_id_of(body: UnitBody) -> str:
    """The id of a unit: as given, else its label. Raises Invalid if it is no label, or cannot be an id."""
    parse_label(body.label)
    label = body.label.replace(" ", "")
    if body.unit_id:
        return body.unit_id
    if not is_id(label):
        raise Invalid(
            "unit-id",
            "This label cannot serve as an id.",
            field="unit_id",
            accepted="an id of letters, digits, dots, dashes",
        )
    return label


def recorded_unit(
    property_id: str, existing: Unit | None, same_label: Iterable[Unit], body: UnitBody
) -> Unit:
    """The unit as the body says. Raises Conflict if the id has another label or the label another id."""
    building, floor, room = parse_label(body.label)
    label = body.label.replace(" ", "")
    unit_id = unit_id_of(body)
    if existing is not None and existing.label != label:
        raise Conflict(
            "unit-label-fixed", "This unit has another label.", field="label", accepted=as_is(existing.label)
        )
    if any(other.id != unit_id for other in same_label):
        raise Conflict(
            "unit-label-taken", "Another unit has this label.", field="label", accepted="another label"
        )
    known = existing or Unit(property_id, unit_id)
    return replace(
        known,
        label=label,
        building=building,
        floor=floor,
        room=room,
        kind=body.kind,
        delivered_on=body.delivered_on.isoformat() if body.delivered_on else known.delivered_on,
    )


def recorded_person(
    property_id: str, existing: Person | None, units: Mapping[str, Unit], body: PersonBody, field: str = ""
) -> Person:
    """The person as the body says.

    Raises Invalid for a number that is none or a unit that is not of this property.
    """
    phones = tuple(
        dict.fromkeys(to_e164(said, "CN", f"{field}phones.{n}") for n, said in enumerate(body.phones))
    )
    homes = []
    for n, residence in enumerate(body.units):
        unit = units.get(residence.unit_id)
        if unit is None:
            raise unknown_unit(f"{field}units.{n}.unit_id")
        homes.append(Home(unit.id, residence.role, unit.label, unit.building))
    buildings = dict.fromkeys(home.building for home in homes)
    return replace(
        existing or Person(property_id, body.person_id),
        name=body.name,
        phones=phones,
        email=body.email,
        language=body.language,
        special=body.special,
        units=tuple(homes),
        tails=tuple(tail(building, phone) for building in buildings for phone in phones),
    )


def unknown_unit(field: str = "unit_id") -> Invalid:
    """The same words for a unit that does not exist and for one of another property: no oracle."""
    return Invalid(
        "unknown-unit", "There is no such unit in this property.", field=field, accepted="a recorded unit"
    )


def tail(building: str, phone: str) -> str:
    """What a person is found by when only the last four digits and the building are known."""
    return f"{building}:{last_four(phone)}"


def card_of(person: Person, phone: str = "") -> Card:
    """What is kept of a person beside a number; without one, beside his first."""
    first = person.phones[0] if person.phones else ""
    return Card(person.id, person.name, phone or first, person.email, person.language, person.special)


def entry_changes(existing: Person | None, recorded: Person) -> dict[str, bool]:
    """Every number the person has now (true) or had (false)."""
    old = set(existing.phones) if existing else set()
    new = set(recorded.phones)
    return {phone: phone in new for phone in sorted(old | new)}


def changed_entry(
    property_id: str, phone: str, entry: PhoneEntry | None, person: Person, has_it: bool
) -> PhoneEntry:
    """The entry of a number after a person was recorded. Raises Invalid if too many would share it."""
    known = entry or PhoneEntry(property_id, phone)
    others = tuple(card for card in known.cards if card.person_id != person.id)
    if has_it and len(others) >= PEOPLE_PER_PHONE_MAX:
        raise Invalid(
            "phone-shared-by-too-many",
            "Too many people have this number.",
            field="phones",
            accepted=say("a number of at most {most} people", most=PEOPLE_PER_PHONE_MAX),
        )
    return replace(known, cards=(*others, card_of(person, phone)) if has_it else others)


def _folded(name: str) -> str:
    return "".join(name.casefold().split())
