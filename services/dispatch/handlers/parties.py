"""Changes of a property's parties: single, in lists, and from files."""

from __future__ import annotations

import dataclasses

from pydantic import BaseModel

from services.dispatch.domain.parties import Party, party_of
from services.dispatch.domain.people_commands import PutParties
from services.dispatch.handlers.keeping import payload
from shared.errors import Rejected
from shared.kernel.unit import Unit
from shared.texts.rows import RefusedRow, refused_row, require_taken
from shared.texts.voices import voice


class PartiesAnswer(BaseModel):
    """What became of a change: how many were taken over, and the lines that were not.

    `version` is that of the party where only one was sent.
    """

    version: int
    accepted: int
    refused: list[RefusedRow] = []


async def put_parties(unit: Unit) -> None:
    """Add or replace parties; all of them or none. Of a file each line that fits, the others are named."""
    command = payload(unit, PutParties)
    single = len(command.parties) == 1
    kept: list[Party] = []
    refused, tell = list(command.refused), voice(command.language).tell
    for n, row in enumerate(command.parties):
        before = await unit.load(Party, row.party_id)
        if single:
            unit.require_match(before.version if before is not None else 0)
        try:
            after = party_of(unit.cause.property_id, before, row)
        except Rejected as error:
            if not command.lines:
                raise
            refused.append(refused_row(command.lines[n], error, tell))
            continue
        if after != before:
            unit.save(after)
            after = dataclasses.replace(after, version=after.version + 1)
        kept.append(after)
    require_taken(len(kept), refused)
    version = kept[0].version if single else 0
    unit.answer(PartiesAnswer(version=version, accepted=len(kept), refused=refused))
