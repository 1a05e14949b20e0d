"""Parties outside the staff: partners, developers and outside units, with contacts and terms.

They take over what belongs to them (P024, P025, P074): a warranty item goes to the developer, another unit's
problem to that unit, a commissioned service to its partner. Pure.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from services.dispatch.domain.party_bodies import NamedParty
from shared.errors import Invalid
from shared.phones import to_e164
from shared.texts.say import say, words

PartyKind = Literal["partner", "developer", "outside_unit"]


@dataclass(frozen=True, slots=True)
class PartyContact:
    """Whom to reach there, and for what. `phone` is E.164."""

    name: str
    phone: str = ""
    email: str = ""
    duty: str = ""


@dataclass(frozen=True, slots=True)
class Party:
    """One company or unit. `answer_within_hours`: until when it answers what it is given."""

    property_id: str
    id: str
    version: int = 0
    kind: PartyKind = "partner"
    name: str = ""
    contacts: tuple[PartyContact, ...] = ()
    services: tuple[str, ...] = ()
    reached_by: Literal["phone", "email", "link"] = "phone"
    terms: str = ""
    cancellable: bool = False
    settlement: str = ""
    answer_within_hours: int = 24
    active: bool = True


def party_of(property_id: str, existing: Party | None, row: NamedParty) -> Party:
    """The party as the row says, its version kept. Raises Invalid naming the field."""
    contacts = tuple(
        PartyContact(c.name, to_e164(c.phone) if c.phone else "", c.email, c.duty) for c in row.contacts
    )
    _check_reach(row, contacts)
    if existing is not None and existing.kind != row.kind:
        raise Invalid(
            "party-kind",
            say(
                "{name} is recorded as another kind of party; give the new one an id of its own.",
                name=existing.name,
            ),
            field="kind",
            accepted=words([existing.kind]),
        )
    return dataclasses.replace(
        existing or Party(property_id, row.party_id),
        kind=row.kind,
        name=row.name,
        contacts=contacts,
        services=row.services,
        reached_by=row.reached_by,
        terms=row.terms,
        cancellable=row.cancellable,
        settlement=row.settlement,
        answer_within_hours=row.answer_within_hours,
        active=row.active,
    )


def _check_reach(row: NamedParty, contacts: tuple[PartyContact, ...]) -> None:
    """Whoever is given work by a way must be reachable by it."""
    by_phone = row.reached_by == "phone"
    if any(c.phone if by_phone else c.email for c in contacts):
        return
    wanted = say("telephone number") if by_phone else say("mail address")
    raise Invalid(
        "party-contact",
        say("{name} has nobody who can be reached; work could not be passed on.", name=row.name),
        field="contacts",
        accepted=say("at least one contact with a {wanted}", wanted=wanted),
    )


def joined(rows: Iterable[NamedParty]) -> tuple[NamedParty, ...]:
    """Rows of a file: several lines of one party are its contacts, the first line says the rest."""
    found: dict[str, NamedParty] = {}
    for row in rows:
        first = found.get(row.party_id)
        if first is not None:
            row = first.model_copy(update={"contacts": (*first.contacts, *row.contacts)})
        found[row.party_id] = row
    return tuple(found.values())
