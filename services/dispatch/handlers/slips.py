"""What dispatch does about the slips themselves: hand-in, paper blocks, the nightly check (P029, P033)."""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import Sequence

from pydantic import BaseModel

from services.dispatch.domain import handin, paper
from services.dispatch.domain.flow import Change
from services.dispatch.domain.handin import SlipCheck
from services.dispatch.domain.issue import SERIES, Report
from services.dispatch.domain.model import PropertyCopy, WorkOrder
from services.dispatch.domain.paper import PaperBlock, PaperNumber
from services.dispatch.domain.slip_commands import IssuePaperBlock, RecordSlipCheck, VoidPaperNumber
from services.dispatch.handlers.keeping import actor_of, payload
from services.dispatch.handlers.rules import settings_with, zone_of
from shared.catalogue.load import Catalogue
from shared.deadlines import local_year
from shared.errors import NotFound
from shared.events.dispatch_slips import PaperNumbersRecorded, SlipsChecked
from shared.kernel.unit import Unit

BLOCK_MAX = "slip.paper_block_max"


class PaperBlockAnswer(BaseModel):
    """A block and what became of each of its numbers."""

    version: int
    block_id: str
    year: int
    state: str
    issued_to: str
    issued_by: str
    reason: str
    open: list[str]
    used: dict[str, str]
    void: dict[str, str]


def block_answer(block: PaperBlock) -> PaperBlockAnswer:
    """The block as read; numbers as printed, used ones with their request, void ones with their reason."""

    def of(state: str) -> Sequence[PaperNumber]:
        return [n for n in block.numbers if n.state == state]

    def shown(number: PaperNumber) -> str:
        return f"{block.year:04d}-{number.number:06d}"

    return PaperBlockAnswer(
        version=block.version,
        block_id=block.id,
        year=block.year,
        state=block.state,
        issued_to=block.issued_to,
        issued_by=block.issued_by,
        reason=block.reason,
        open=[shown(n) for n in of("open")],
        used={shown(n): n.request_id for n in of("used")},
        void={shown(n): n.reason for n in of("void")},
    )


async def hand_in(order: WorkOrder, unit: Unit) -> Change:
    """See `handin.handed_in`."""
    return handin.handed_in(order, actor_of(unit), unit.now)


class Paper:
    """Blocks of numbers on paper; how many at once is a setting of the property."""

    def __init__(self, catalogue: Catalogue) -> None:
        self._catalogue = catalogue

    async def issue(self, unit: Unit) -> None:
        """The next numbers of the series go out."""
        command = payload(unit, IssuePaperBlock)
        settings = await unit.look(PropertyCopy, unit.cause.property_id)
        count = command.body.count
        paper.check_size(count, int(settings_with(self._catalogue, settings)[BLOCK_MAX]))
        paper.check_open(await _open_blocks(unit))
        year = local_year(unit.now, zone_of(settings))
        names = [f"paper:{command.block_id}:{n}" for n in range(count)]
        numbers = await asyncio.gather(*(unit.number(SERIES, name, year) for name in names))
        block = PaperBlock(unit.cause.property_id, command.block_id, year=year)
        by = unit.cause.principal.sub
        block = paper.issued(block, numbers, command.body.issued_to, by, command.body.reason, unit.now)
        unit.save(block)
        _tell(unit, block, "issued", tuple(n.number for n in block.numbers))
        unit.answer(block_answer(_stored(block)))

    async def void(self, unit: Unit) -> None:
        """A sheet that was not used."""
        command = payload(unit, VoidPaperNumber)
        block = await unit.load(PaperBlock, command.block_id)
        if block is None:
            raise NotFound("paper-block", "There is no such block in this property.", field="block_id")
        unit.require_match(block.version)
        by, body = unit.cause.principal.sub, command.body
        after = paper.voided(block, body.number, body.reason, by, unit.now)
        unit.save(after)
        _tell(unit, after, "void", (body.number,))
        unit.answer(block_answer(_stored(after)))


async def paper_number(unit: Unit, report: Report) -> tuple[int, int] | None:
    """Year and number of the paper slip a report came in on, now used; None where no block has it open."""
    named = paper.printed(report.paper_slip)
    if named is None:
        return None
    seen = paper.holding(await _open_blocks(unit), *named)
    block = await unit.load(PaperBlock, seen.id) if seen is not None else None
    if block is None or paper.holding([block], *named) is None:
        return None
    unit.save(paper.used(block, named[1], report.request_id, unit.cause.principal.sub, unit.now))
    return named


async def _open_blocks(unit: Unit) -> Sequence[PaperBlock]:
    """All that are out; two desks at once may exceed the most there should be."""
    return await unit.look_by(PaperBlock, "state", "open", limit=2 * paper.OPEN_BLOCKS_MAX)


async def record_check(unit: Unit) -> None:
    """The night's result, once a day: told to headquarters, and to the director where a number is lost."""
    command = payload(unit, RecordSlipCheck)
    if await unit.load(SlipCheck, command.date) is not None:
        return
    found = command.missing or command.twins or command.altered
    complete = not found and not command.paper_overdue
    unit.save(SlipCheck(unit.cause.property_id, command.date, 0, complete, unit.now))
    values = command.model_dump(exclude={"date"})
    unit.emit(SlipsChecked(check_id=command.date, complete=complete, checked_at=unit.now, **values))


def _tell(unit: Unit, block: PaperBlock, what: str, numbers: tuple[int, ...]) -> None:
    unit.emit(
        PaperNumbersRecorded(
            block_id=block.id, year=block.year, what=what, numbers=numbers, recorded_at=unit.now
        )
    )


def _stored(block: PaperBlock) -> PaperBlock:
    return dataclasses.replace(block, version=block.version + 1)
