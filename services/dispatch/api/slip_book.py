"""The slips as papers over HTTP: the four copies, the month and its hand-in, paper blocks (P029, P033)."""

from __future__ import annotations

import asyncio
from typing import Annotated

from fastapi import APIRouter, Path, Response
from pydantic import BaseModel

from services.dispatch import repository
from services.dispatch.api.common import READ, PathId, answer, asked
from services.dispatch.api.slips import Year, wanted_year
from services.dispatch.api.work_orders import order_of
from services.dispatch.domain.bodies import NoteBody
from services.dispatch.domain.paper import PaperBlock
from services.dispatch.domain.slip_commands import (
    BlockBody,
    HandInBody,
    HandInSlip,
    IssuePaperBlock,
    VoidBody,
    VoidPaperNumber,
)
from services.dispatch.handlers.answers import WorkOrderAnswer, work_order_answer
from services.dispatch.handlers.copies import ACTIONS, AnyCopy, CopyName, copy_of
from services.dispatch.handlers.slips import PaperBlockAnswer, block_answer
from shared.errors import Forbidden, Invalid
from shared.http.call import CallDep
from shared.http.page import PageDep
from shared.kernel.unit import Applied, Duplicate
from shared.texts.say import say, word, words

router = APIRouter(prefix="/v1/properties/{property_id}", tags=["slips"])
HAND_IN_MAX = 200  # slips handed in by one call; the answer says how many are left
Period = Annotated[str, Path(pattern=r"^2[01]\d{2}-(0[1-9]|1[0-2])$", description="A month, such as 2026-03")]


class CategoryView(BaseModel):
    """The slips of a month in one category."""

    category: str
    slips: int
    handled: int
    handed_in: int
    undone: int
    withdrawn: int


class MonthAnswer(BaseModel):
    """A month's slips by category; those of its last two days count in the next (P029)."""

    period: str
    slips: int
    handled: int
    handed_in: int
    categories: list[CategoryView]


class HandInAnswer(BaseModel):
    """The slips that are at the office now; `more`: call again."""

    department: str
    period: str
    handed_in: list[str]
    more: bool


class BlockPage(BaseModel):
    """The blocks of a year, newest first."""

    items: list[PaperBlockAnswer]


class BookPage(BaseModel):
    """A page of a month's slips in the order of their numbers."""

    items: list[WorkOrderAnswer]
    next: str | None


@router.get("/work-orders/{work_order_id}/copies/{copy}", response_model=AnyCopy)
async def read_copy(call: CallDep, work_order_id: PathId, copy: CopyName) -> Response:
    """One of the four copies; each only for its addressee."""
    if not call.runtime.policy.may(call.roles, ACTIONS[copy]):
        detail = say("The {copy} copy of a slip is not for your role (P033).", copy=word(copy))
        mine = [name for name, action in ACTIONS.items() if call.runtime.policy.may(call.roles, action)]
        raise call.refuse(Forbidden("other-copy", detail, field="copy", accepted=words(mine) or "none"))
    order = await order_of(call, work_order_id)
    return answer(copy_of(order, copy), order.version)


@router.get("/slips/months/{period}", response_model=MonthAnswer)
async def read_month(call: CallDep, period: Period) -> Response:
    """The month by category."""
    call.authorise(READ)
    lines = await repository.month_lines(call.db, call.property_id, period)
    body = MonthAnswer(
        period=period,
        slips=sum(line.slips for line in lines),
        handled=sum(line.handled for line in lines),
        handed_in=sum(line.handed_in for line in lines),
        categories=[
            CategoryView(
                category=line.category,
                slips=line.slips,
                handled=line.handled,
                handed_in=line.handed_in,
                undone=line.undone,
                withdrawn=line.withdrawn,
            )
            for line in lines
        ],
    )
    return Response(body.model_dump_json(), media_type="application/json")


@router.get("/slips/months/{period}/book", response_model=BookPage)
async def read_book(call: CallDep, page: PageDep, period: Period) -> Response:
    """The month's slips as they are bound: strictly in the order of their numbers."""
    call.authorise(READ)
    year, _, number = (page.after or "0-0").partition("-")
    if not (year.isdigit() and number.isdigit()):
        accepted = "`next` of a page"
        raise Invalid("invalid-cursor", "the cursor is not one of ours", field="cursor", accepted=accepted)
    place = (int(year), int(number))
    found = await repository.book(call.db, call.property_id, period, place, page.limit + 1)
    page_of = found[: page.limit]
    last = page_of[-1] if len(found) > page.limit else None
    cursor = f"{last.slip_year}-{last.slip_number}" if last is not None else None
    reader = await asked(call)
    copies = await repository.attachment_copies(call.db, call.property_id, page_of)
    items = [work_order_answer(o, reader, call.runtime.policy, copies) for o in page_of]
    return page.answer(items, cursor)


@router.post("/slips/hand-in", response_model=HandInAnswer)
async def hand_in(call: CallDep, body: HandInBody) -> Response:
    """The department's handled slips of a month go to the office, each as a step on its own."""
    call.authorise(HandInSlip.NAME)
    found = await repository.to_hand_in(
        call.db, call.property_id, body.department, body.period, HAND_IN_MAX + 1
    )
    orders = found[:HAND_IN_MAX]
    outcomes = await asyncio.gather(
        *(
            call.submit(
                HandInSlip(work_order_id=o.id, body=NoteBody()), stream=o.stream, lane=o.lane, emergency=False
            )
            for o in orders
        )
    )
    taken = [
        o.slip for o, done in zip(orders, outcomes, strict=True) if isinstance(done, Applied | Duplicate)
    ]
    result = HandInAnswer(
        department=body.department,
        period=body.period,
        handed_in=sorted(taken),
        more=len(found) > HAND_IN_MAX or len(taken) < len(orders),
    )
    return Response(result.model_dump_json(), media_type="application/json")


@router.post("/slips/paper-blocks", status_code=201, response_model=PaperBlockAnswer)
async def issue_block(call: CallDep, body: BlockBody) -> Response:
    """Numbers go out on paper, for an outage."""
    block_id = call.derived_id("paper-block")
    command = IssuePaperBlock(block_id=block_id, body=body)
    return await call.run(command, stream=f"paper:{block_id}", status=201)


@router.get("/slips/paper-blocks", response_model=BlockPage)
async def list_blocks(call: CallDep, year: Year = 0) -> Response:
    """The blocks of a year and what became of each number."""
    call.authorise(READ)
    wanted = await wanted_year(call, year)
    blocks: list[PaperBlock] = [b async for b in repository.paper_blocks(call.db, call.property_id, wanted)]
    page = BlockPage(items=[block_answer(block) for block in blocks])
    return Response(page.model_dump_json(), media_type="application/json")


@router.post("/slips/paper-blocks/{block_id}/void", response_model=PaperBlockAnswer)
async def void_number(call: CallDep, block_id: PathId, body: VoidBody) -> Response:
    """A sheet was not used, and why; its number stays in the series."""
    command = VoidPaperNumber(block_id=block_id, body=body)
    return await call.run(command, stream=f"paper:{block_id}")
