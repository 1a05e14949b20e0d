"""Commands about people and parties beside the roster's own: parties, leave, swaps."""

from __future__ import annotations

from typing import ClassVar

from services.dispatch.domain import bodies
from services.dispatch.domain.party_bodies import NamedParty
from shared.kernel.unit import Command


class PutParties(Command):
    """Parties of a property, added or replaced. `refused` are lines of a file that were not understood."""

    NAME: ClassVar[str] = "dispatch.put_parties"
    parties: tuple[NamedParty, ...]
    refused: tuple[bodies.RefusedRow, ...] = ()
