"""Commands about people and parties beside the roster's own: parties, leave, swaps."""

from __future__ import annotations

from typing import ClassVar, Literal

from services.dispatch.domain import people_bodies
from services.dispatch.domain.party_bodies import NamedParty
from shared.kernel.unit import Command
from shared.texts.rows import RefusedRow
from shared.texts.voices import Language


class PutParties(Command):
    """Parties of a property, added or replaced. `refused` are lines of a file that were not understood."""

    NAME: ClassVar[str] = "dispatch.put_parties"
    parties: tuple[NamedParty, ...]
    lines: tuple[int, ...] = ()
    refused: tuple[RefusedRow, ...] = ()
    language: Language = "en"


class AskLeave(Command):
    """Somebody asks for leave, for himself."""

    NAME: ClassVar[str] = "dispatch.ask_leave"
    department: str
    leave_id: str
    body: people_bodies.AskLeaveBody


class DecideLeave(Command):
    """A supervisor approves leave or refuses it."""

    NAME: ClassVar[str] = "dispatch.decide_leave"
    department: str
    leave_id: str
    decision: Literal["approved", "refused"]


class AskSwap(Command):
    """Somebody asks another to take his shift."""

    NAME: ClassVar[str] = "dispatch.ask_swap"
    department: str
    swap_id: str
    shift_id: str
    to_id: str


class AgreeSwap(Command):
    """The other agrees to take the shift."""

    NAME: ClassVar[str] = "dispatch.agree_swap"
    department: str
    swap_id: str


class DecideSwap(Command):
    """A supervisor approves a swap both agreed to, or refuses it."""

    NAME: ClassVar[str] = "dispatch.decide_swap"
    department: str
    swap_id: str
    decision: Literal["approved", "refused"]
