"""The commands around the slips themselves: month hand-in, paper blocks, the nightly check (P029, P033)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, ClassVar

from pydantic import Field

from services.dispatch.domain import bodies
from services.dispatch.domain.bodies import Body, Id, Words
from services.dispatch.domain.commands import WorkCommand
from services.dispatch.domain.flow import Action
from shared.kernel.unit import Command

BLOCK_NUMBERS_MAX = 500  # what a property may set at most


class HandInSlip(WorkCommand):
    """A handled slip goes to the office at the end of the month."""

    NAME: ClassVar[str] = "dispatch.hand_in_slip"
    body: bodies.NoteBody


SLIP_ACTIONS: Mapping[Action, type[WorkCommand]] = {"hand-in": HandInSlip}


class BlockBody(Body):
    """How many numbers go out on paper, to whom, and why."""

    count: Annotated[int, Field(ge=1, le=BLOCK_NUMBERS_MAX)]
    issued_to: Id
    reason: Words


class VoidBody(Body):
    """A paper number that was not used, and why."""

    number: Annotated[int, Field(ge=1, le=999_999_999)]
    reason: Words


class HandInBody(Body):
    """Which department hands in its slips of which month, such as 2026-03."""

    department: Id
    period: Annotated[str, Field(pattern=r"^2[01]\d{2}-(0[1-9]|1[0-2])$")]


class IssuePaperBlock(Command):
    """Numbers go out on paper."""

    NAME: ClassVar[str] = "dispatch.issue_paper_block"
    block_id: str
    body: BlockBody


class VoidPaperNumber(Command):
    """A paper number was not used."""

    NAME: ClassVar[str] = "dispatch.void_paper_number"
    block_id: str
    body: VoidBody


class RecordSlipCheck(Command):
    """What the nightly check has found. Numbers beyond the first hundred are only counted."""

    NAME: ClassVar[str] = "dispatch.record_slip_check"
    date: str
    year: int
    last: int
    used: int
    void: int
    missing: tuple[int, ...]
    twins: tuple[int, ...]
    altered: tuple[int, ...]
    paper_open: int
    paper_overdue: tuple[int, ...]
    not_handed_in: dict[str, int]
