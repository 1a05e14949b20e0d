"""Parties from CSV files: one line a contact; further lines of a party are its other contacts. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from services.dispatch.domain.parties import joined
from services.dispatch.domain.party_bodies import BULK_PARTIES_MAX, NamedParty
from services.dispatch.domain.roster_csv import Parsed, parsed, yes_or_no
from shared.phones import to_e164
from shared.texts.rows import Tell

CONTACT = {"contact": "name", "phone": "phone", "email": "email", "duty": "duty"}
NEEDED = ("party_id", "kind", "name", "contact")
COLUMNS = (
    *NEEDED,
    "phone",
    "email",
    "duty",
    "services",
    "reached_by",
    "terms",
    "cancellable",
    "settlement",
    "answer_within_hours",
    "active",
)


def parties_of(text: str, tell: Tell = str) -> Parsed[NamedParty]:
    """The parties of a file; `services` has `;` between its items. Raises Invalid without its columns."""
    found = parsed(text, COLUMNS, NEEDED, BULK_PARTIES_MAX, _party, tell)
    rows = joined(found.rows)
    first = dict(zip(reversed([row.party_id for row in found.rows]), reversed(found.lines), strict=True))
    return Parsed(rows, found.refused, tuple(first[row.party_id] for row in rows))


def _party(line: Mapping[str, str]) -> NamedParty:
    contact = {name: line[column] for column, name in CONTACT.items() if column in line}
    if "phone" in contact:
        contact["phone"] = to_e164(contact["phone"])
    values: dict[str, object] = {k: v for k, v in line.items() if k not in CONTACT}
    values["contacts"] = (contact,)
    if "services" in line:
        values["services"] = tuple(item.strip() for item in line["services"].split(";") if item.strip())
    for name in ("cancellable", "active"):
        if name in line:
            values[name] = yes_or_no(line[name], name)
    return NamedParty.model_validate(values)
