"""The books as a whole: trial balance, journal, receipts, and cash in the hands of staff."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Query, Response
from pydantic import BaseModel

from services.billing import repository
from services.billing.answers import ClearedAnswer, EntryAnswer, PaymentAnswer, payment_answer
from services.billing.api.common import READ, PathId, books_of, cursor, place, viewer
from services.billing.bodies import At, ClearBody
from services.billing.domain.commands import ClearDoorCash
from services.billing.domain.ledger import CHART, AccountName, AccountType, Entry
from services.billing.domain.payment import CLEAR_MAX
from services.billing.handlers.paying import RECEIPTS
from shared.events.envelope import Amount
from shared.http.call import CallDep
from shared.http.page import PageDep

router = APIRouter(prefix="/v1/properties/{property_id}", tags=["ledger"])


class BalanceAnswer(BaseModel):
    """One account: what was debited and credited, and the difference, debits positive."""

    account: AccountName
    type: AccountType
    party: str
    debit_minor: int
    credit_minor: int
    balance_minor: int
    lines: int


class TrialBalanceAnswer(BaseModel):
    """All accounts. `sum_minor` is zero, always."""

    currency: str
    at: datetime
    sum_minor: int
    accounts: list[BalanceAnswer]


class EntryPage(BaseModel):
    """Entries, newest first; `next` is the cursor of the page after this one."""

    items: list[EntryAnswer]
    next: str | None


class VoidAnswer(BaseModel):
    """A number that found no use."""

    number: int
    reason: str


class ReceiptsAnswer(BaseModel):
    """The receipt numbers of a year. `complete`: none is missing and none is there twice.

    `pending` numbers have just been taken; their receipt is about to be written.
    """

    year: int
    last: int
    used: int
    complete: bool
    pending: list[int]
    void: list[VoidAnswer]
    missing: list[int]
    twins: list[int]


class InHandsAnswer(BaseModel):
    """Cash a person collected and finance has not cleared."""

    staff_id: str
    amount_minor: int
    payments: int
    oldest_at: datetime


class DoorCashAnswer(BaseModel):
    """Who carries how much; the longest first."""

    currency: str
    items: list[InHandsAnswer]


class CarriedAnswer(BaseModel):
    """The payments one person carries, oldest first: at most as many as can be cleared at once."""

    staff_id: str
    currency: str
    amount_minor: int
    items: list[PaymentAnswer]


@router.get("/ledger/trial-balance", response_model=TrialBalanceAnswer)
async def trial_balance(
    call: CallDep,
    at: Annotated[At | None, Query(description="As it was at that moment; else now")] = None,
) -> Response:
    """The balance of every account of the chart; their sum is zero."""
    call.authorise(READ)
    books = await books_of(call)
    rows = {row.account: row for row in await repository.balances(call.db, call.property_id, at)}
    accounts = []
    for name, (kind, party) in CHART.items():
        row = rows.get(name) or repository.Balance(name, 0, 0, 0)
        accounts.append(
            BalanceAnswer(
                account=name,
                type=kind,
                party=party,
                debit_minor=row.debit_minor,
                credit_minor=row.credit_minor,
                balance_minor=row.debit_minor - row.credit_minor,
                lines=row.lines,
            )
        )
    body = TrialBalanceAnswer(
        currency=books.currency,
        at=at or call.now,
        sum_minor=sum(a.balance_minor for a in accounts),
        accounts=accounts,
    )
    return Response(body.model_dump_json(), media_type="application/json")


@router.get("/ledger/entries", response_model=EntryPage)
async def list_entries(call: CallDep, page: PageDep) -> Response:
    """The journal, newest first. Entries never change; a correction is another entry."""
    call.authorise(READ)
    rows = await repository.newest(call.db, Entry, call.property_id, {}, place(page), page.limit + 1)
    shown, last = rows[: page.limit], rows[page.limit - 1] if len(rows) > page.limit else None
    items = [EntryAnswer.model_validate(entry) for entry in shown]
    return page.answer(items, None if last is None else cursor(last.posted_at, last.id))


@router.get("/receipts/gaps", response_model=ReceiptsAnswer)
async def receipt_gaps(
    call: CallDep,
    year: Annotated[
        int | None, Query(ge=2000, le=2199, description="Else this year, of the property")
    ] = None,
) -> Response:
    """Whether every receipt number of a year was used or made void with a reason."""
    call.authorise(READ)
    wanted = year or (await books_of(call)).year(call.now)
    found = await repository.receipts(call.db, call.property_id, RECEIPTS, wanted, call.now)
    body = ReceiptsAnswer(
        year=wanted,
        last=found.last,
        used=found.used,
        complete=not found.missing and not found.twins,
        pending=list(found.pending),
        void=[VoidAnswer(number=number, reason=reason) for number, reason in found.void],
        missing=list(found.missing),
        twins=list(found.twins),
    )
    return Response(body.model_dump_json(), media_type="application/json")


@router.get("/door-cash", response_model=DoorCashAnswer)
async def door_cash(call: CallDep) -> Response:
    """Cash in the hands of staff, with the day of the oldest (P030)."""
    call.authorise(READ)
    rows = await repository.in_hands(call.db, call.property_id)
    items = [
        InHandsAnswer(
            staff_id=r.staff_id, amount_minor=r.amount_minor, payments=r.payments, oldest_at=r.oldest_at
        )
        for r in rows
    ]
    body = DoorCashAnswer(currency=(await books_of(call)).currency, items=items)
    return Response(body.model_dump_json(), media_type="application/json")


@router.get("/door-cash/{staff_id}", response_model=CarriedAnswer)
async def carried(call: CallDep, staff_id: PathId) -> Response:
    """What one person carries, payment by payment, as finance clears it."""
    call.authorise(READ)
    payments = await repository.carried_by(call.db, call.property_id, staff_id, CLEAR_MAX)
    body = CarriedAnswer(
        staff_id=staff_id,
        currency=(await books_of(call)).currency,
        amount_minor=sum(p.amount.amount_minor for p in payments),
        items=[payment_answer(p, viewer(call)) for p in payments],
    )
    return Response(body.model_dump_json(), media_type="application/json")


@router.post("/door-cash/{staff_id}/clear", response_model=ClearedAnswer)
async def clear_door_cash(call: CallDep, staff_id: PathId, body: ClearBody) -> Response:
    """Finance takes over the counted cash of these payments."""
    command = ClearDoorCash(
        staff_id=staff_id, payment_ids=body.payment_ids, counted=Amount(**body.counted.model_dump())
    )
    return await call.run(command, stream=f"person:{staff_id}")
