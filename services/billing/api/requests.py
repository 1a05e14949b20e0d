"""Money of requests: the account, quotes, payments, deposits."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Query, Response
from pydantic import BaseModel

from services.billing import repository
from services.billing.answers import (
    AccountAnswer,
    DepositAnswer,
    PaymentAnswer,
    QuoteAnswer,
    account_answer,
    deposit_answer,
    payment_answer,
    quote_answer,
)
from services.billing.api.common import (
    READ,
    PathId,
    answer,
    books_of,
    cursor,
    found,
    place,
    rules_by_account,
    rules_of,
    viewer,
)
from services.billing.bodies import ConsentBody, PaymentBody, ReasonBody, RefundBody, WaiveBody
from services.billing.domain.account import Account
from services.billing.domain.charge import Charge
from services.billing.domain.commands import (
    ApproveForfeiture,
    ConsentQuote,
    ReceivePayment,
    RefundDeposit,
    RefuseQuote,
    WaiveForfeiture,
)
from services.billing.domain.deposit import Deposit, DepositStatus
from services.billing.domain.ledger import Entry
from services.billing.domain.payment import Method, Payment
from services.billing.domain.quote import Quote
from shared.errors import NotFound
from shared.events.envelope import Amount
from shared.http.call import Call, CallDep
from shared.http.page import PageDep
from shared.ids import ID_PATTERN
from shared.kernel.unit import Command

router = APIRouter(prefix="/v1/properties/{property_id}", tags=["billing"])
MaybeId = Annotated[str, Query(pattern=f"^$|{ID_PATTERN}")]


class PaymentPage(BaseModel):
    """Payments, newest first; `next` is the cursor of the page after this one."""

    items: list[PaymentAnswer]
    next: str | None


class DepositPage(BaseModel):
    """Deposits, newest first; `next` is the cursor of the page after this one."""

    items: list[DepositAnswer]
    next: str | None


@router.get("/requests/{request_id}/account", response_model=AccountAnswer)
async def read_account(call: CallDep, request_id: PathId) -> Response:
    """All that stands in the books for a request, and what is owed."""
    call.authorise(READ)
    accounts = await _accounts(call, request_id)
    db, property_id = call.db, call.property_id
    body = account_answer(
        accounts,
        (await books_of(call)).currency,
        await repository.of_request(db, Quote, property_id, request_id),
        await repository.of_request(db, Charge, property_id, request_id),
        await repository.of_request(db, Deposit, property_id, request_id),
        await repository.of_request(db, Payment, property_id, request_id),
        await repository.of_request(db, Entry, property_id, request_id),
        viewer(call, await rules_of(call, accounts[0].id)),
    )
    return answer(body, body.version)


@router.get("/quotes/{quote_id}", response_model=QuoteAnswer)
async def read_quote(call: CallDep, quote_id: PathId) -> Response:
    """One quote."""
    call.authorise(READ)
    quote = await found(call, Quote, quote_id)
    return answer(quote_answer(quote, viewer(call)), quote.version)


@router.post("/quotes/{quote_id}/consent", response_model=QuoteAnswer)
async def consent_quote(call: CallDep, quote_id: PathId, body: ConsentBody) -> Response:
    """Record that the owner agrees to the price."""
    call.authorise(ConsentQuote.NAME)
    total = None if body.total is None else Amount(**body.total.model_dump())
    command = ConsentQuote(quote_id=quote_id, consented_by=body.consented_by, how=body.how, total=total)
    return await _on_account(call, command, (await found(call, Quote, quote_id)).account_id)


@router.post("/quotes/{quote_id}/refuse", response_model=QuoteAnswer)
async def refuse_quote(call: CallDep, quote_id: PathId, body: ReasonBody) -> Response:
    """Record that the owner does not agree."""
    call.authorise(RefuseQuote.NAME)
    quote = await found(call, Quote, quote_id)
    return await _on_account(call, RefuseQuote(quote_id=quote_id, reason=body.reason), quote.account_id)


@router.post("/payments", status_code=201, response_model=PaymentAnswer)
async def receive_payment(call: CallDep, body: PaymentBody) -> Response:
    """Take money for a request's charge or deposit; the answer has the number of the receipt."""
    call.authorise(ReceivePayment.NAME)
    accounts = await _accounts(call, body.request_id)
    command = ReceivePayment(
        payment_id=body.payment_id or call.derived_id("payment"),
        request_id=body.request_id,
        purpose=body.purpose,
        amount=Amount(**body.amount.model_dump()),
        method=body.method,
        deposit_id=body.deposit_id,
        reference=body.reference,
    )
    account_id = await _payable(call, accounts, command)
    location = f"/v1/properties/{call.property_id}/payments/{command.payment_id}"
    return await _on_account(call, command, account_id, status=201, location=location)


@router.get("/payments", response_model=PaymentPage)
async def list_payments(
    call: CallDep,
    page: PageDep,
    request_id: MaybeId = "",
    collected_by: MaybeId = "",
    method: Method | None = None,
) -> Response:
    """Payments, newest first; of a request, of a collector, by method."""
    call.authorise(READ)
    filters = {"request_id": request_id, "collected_by": collected_by, "method": method or ""}
    rows = await repository.newest(call.db, Payment, call.property_id, filters, place(page), page.limit + 1)
    shown, last = rows[: page.limit], rows[page.limit - 1] if len(rows) > page.limit else None
    items = [payment_answer(payment, viewer(call)) for payment in shown]
    return page.answer(items, None if last is None else cursor(last.received_at, last.id))


@router.get("/payments/{payment_id}", response_model=PaymentAnswer)
async def read_payment(call: CallDep, payment_id: PathId) -> Response:
    """One payment with its receipt."""
    call.authorise(READ)
    payment = await found(call, Payment, payment_id)
    return answer(payment_answer(payment, viewer(call)), payment.version)


@router.get("/deposits", response_model=DepositPage)
async def list_deposits(
    call: CallDep,
    page: PageDep,
    status: DepositStatus | None = None,
    refund: Literal["due", "paid"] | None = None,
    request_id: MaybeId = "",
) -> Response:
    """Deposits, newest first; in a status, of a request. DISPUTED ones wait for a decision.

    Those whose `refund` is `due` wait to be handed out.
    """
    call.authorise(READ)
    filters = {"status": status or "", "refund": refund or "", "request_id": request_id}
    rows = await repository.newest(call.db, Deposit, call.property_id, filters, place(page), page.limit + 1)
    shown, last = rows[: page.limit], rows[page.limit - 1] if len(rows) > page.limit else None
    rules = await rules_by_account(call, {deposit.account_id for deposit in shown})
    items = [deposit_answer(d, viewer(call, rules.get(d.account_id))) for d in shown]
    return page.answer(items, None if last is None else cursor(last.requested_at, last.id))


@router.get("/deposits/{deposit_id}", response_model=DepositAnswer)
async def read_deposit(call: CallDep, deposit_id: PathId) -> Response:
    """One deposit with its history."""
    call.authorise(READ)
    deposit = await found(call, Deposit, deposit_id)
    seen = viewer(call, await rules_of(call, deposit.account_id))
    return answer(deposit_answer(deposit, seen), deposit.version)


@router.post("/deposits/{deposit_id}/refund", response_model=DepositAnswer)
async def refund_deposit(call: CallDep, deposit_id: PathId, body: RefundBody) -> Response:
    """Hand out a refund that is due; or release a held deposit, with a reason, so that it becomes due."""
    command = RefundDeposit(deposit_id=deposit_id, method=body.method, reason=body.reason)
    return await _decide(call, command, deposit_id)


@router.post("/deposits/{deposit_id}/approve-forfeiture", response_model=DepositAnswer)
async def approve_forfeiture(call: CallDep, deposit_id: PathId, body: ReasonBody) -> Response:
    """The owner loses the deposit."""
    return await _decide(call, ApproveForfeiture(deposit_id=deposit_id, reason=body.reason), deposit_id)


@router.post("/deposits/{deposit_id}/waive-forfeiture", response_model=DepositAnswer)
async def waive_forfeiture(call: CallDep, deposit_id: PathId, body: WaiveBody) -> Response:
    """The owner gets the deposit back although the cancellation was late."""
    return await _decide(call, WaiveForfeiture(deposit_id=deposit_id, reason=body.reason), deposit_id)


async def _decide(call: Call, command: Command, deposit_id: str) -> Response:
    call.authorise(command.NAME)
    return await _on_account(call, command, (await found(call, Deposit, deposit_id)).account_id)


async def _on_account(
    call: Call, command: Command, account_id: str, *, status: int = 200, location: str = ""
) -> Response:
    """Run a command on the stream of an account, in its lane."""
    account = await found(call, Account, account_id)
    return await call.run(
        command,
        stream=account.id,
        lane=account.lane,
        emergency=account.urgency == "emergency",
        status=status,
        location=location,
    )


async def _accounts(call: Call, request_id: str) -> list[Account]:
    accounts = await repository.of_request(call.db, Account, call.property_id, request_id)
    if not accounts:
        raise NotFound("no-account", "no request of this property has this id", field="request_id")
    return sorted(accounts, key=lambda a: a.id != request_id)


async def _payable(call: Call, accounts: list[Account], command: ReceivePayment) -> str:
    """The account the money is for: a request that became an emergency has two."""
    if len(accounts) == 1:
        return accounts[0].id
    if command.purpose == "deposit":
        deposits = await repository.of_request(call.db, Deposit, call.property_id, command.request_id)
        named = command.deposit_id
        ids = [d.account_id for d in deposits if (d.id == named if named else d.status == "REQUESTED")]
    else:
        charges = await repository.of_request(call.db, Charge, call.property_id, command.request_id)
        ids = [c.account_id for c in charges if c.owed.amount_minor > 0]
    return ids[0] if ids else accounts[0].id
