"""Changes of a property's parties: single, in lists, and from files."""

from __future__ import annotations

import dataclasses

from pydantic import BaseModel

from services.dispatch.domain import bodies
from services.dispatch.domain.parties import Party, party_of
from services.dispatch.domain.people_commands import PutParties
from services.dispatch.handlers.keeping import payload
from shared.kernel.unit import Unit


class PartiesAnswer(BaseModel):
    """What became of a change: how many were taken over, and the lines that were not.

    `version` is that of the party where only one was sent.
    """

    version: int
    accepted: int
    refused: list[bodies.RefusedRow] = []


async def put_parties(unit: Unit) -> None:
    """Add or replace parties; all of them or, where one is wrong, none."""
    command = payload(unit, PutParties)
    single = len(command.parties) == 1
    kept: list[Party] = []
    for row in command.parties:
        before = await unit.load(Party, row.party_id)
        if single:
            unit.require_match(before.version if before is not None else 0)
        after = party_of(unit.cause.property_id, before, row)
        unit.save(after)
        kept.append(dataclasses.replace(after, version=after.version + 1))
    version = kept[0].version if single else 0
    unit.answer(PartiesAnswer(version=version, accepted=len(kept), refused=list(command.refused)))
