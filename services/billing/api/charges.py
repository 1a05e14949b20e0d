"""Charges collected at the door: with finance until they are noted, then with customer service (P030)."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Query, Response

from services.billing import repository
from services.billing.api.common import READ, PathId, cursor, found, place, viewer
from services.billing.charge_answers import ChargeAnswer, ChargePage, charge_answer
from services.billing.domain.account import Account
from services.billing.domain.charge import Charge
from services.billing.domain.commands import NoteCharge
from shared.http.call import CallDep
from shared.http.page import PageDep

router = APIRouter(prefix="/v1/properties/{property_id}/charges", tags=["billing"])
In = Annotated[Literal["finance", "customer_service"], Query(description="In whose hands the slip is")]


@router.get("", response_model=ChargePage)
async def list_charges(call: CallDep, page: PageDep, hands: In) -> Response:
    """Charges whose slip is in those hands, the longest there first, with the days it is there."""
    call.authorise(READ)
    rows = await repository.charges_with(call.db, call.property_id, hands, place(page), page.limit + 1)
    shown, last = rows[: page.limit], rows[page.limit - 1] if len(rows) > page.limit else None
    after = None
    if last is not None and last.hands_since is not None:
        after = cursor(last.hands_since, last.id)
    return page.answer([charge_answer(charge, viewer(call)) for charge in shown], after)


@router.post("/{charge_id}/note", response_model=ChargeAnswer)
async def note_charge(call: CallDep, charge_id: PathId) -> Response:
    """Finance has noted the charge; customer service collects it from now on."""
    call.authorise(NoteCharge.NAME)
    account = await found(call, Account, (await found(call, Charge, charge_id)).account_id)
    emergency = account.urgency == "emergency"
    command = NoteCharge(charge_id=charge_id)
    return await call.run(command, stream=account.id, lane=account.lane, emergency=emergency)
