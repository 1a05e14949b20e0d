"""What dispatch tells us of the work: done, withdrawn, cancelled; and what follows for the money."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

from services.billing.domain.account import Account, end_work
from services.billing.domain.commands import RemindForfeiture
from services.billing.domain.deposit import Deposit, step
from services.billing.domain.postings import deposit_disputed, deposit_refunded
from services.billing.domain.quote import Quote, free_reason, void
from services.billing.handlers.charging import post_charge
from services.billing.handlers.common import (
    Kit,
    account_of,
    amount_of,
    books_of,
    deposits_of,
    known,
    money,
    of_event,
    payload,
    post,
    rules_of,
)
from services.billing.handlers.settling import settle
from shared.deadlines import add_calendar_days
from shared.errors import Conflict
from shared.events.billing import DepositRefunded, ForfeitureProposed
from shared.events.dispatch import WorkCancelled, WorkCompleted, WorkNotDone, WorkWithdrawn
from shared.kernel.unit import Unit
from shared.money import Money
from shared.texts.say import say


@of_event
async def work_completed(kit: Kit, unit: Unit) -> None:
    """Charge the consented quote. An emergency that nobody has agreed to pay for is charged when he does.

    What the developer or an outside unit has done is free for the owner, and so is work that turned out to be
    in a public area, whatever was quoted (P021, P024, P025).
    """
    event = payload(unit, WorkCompleted)
    account = await account_of(unit)
    written = await _written(unit, account, event)
    owing = written is not None and written.amount_minor > 0
    quote_id = event.quote_id or account.work(event.work_order_id).quote_id
    quote = await unit.load(Quote, quote_id) if quote_id else None
    costs = owing or (quote is not None and quote.total.amount_minor > 0)
    if event.free or (costs and await _is_public(kit, unit, account)):
        account = await _ended(unit, event.work_order_id, "completed")
        unit.save(await settle(unit, account))
        return
    consented = quote is not None and quote.status == "CONSENTED"
    emergency = account.urgency == "emergency"
    if owing and not consented and not emergency:
        raise Conflict(
            "no-consent", say("{written} was written on a slip without a consented quote", written=written)
        )
    account = end_work(account, event.work_order_id, "completed", unpriced=owing and quote is None)
    if quote is not None and consented and (event.quote_id or owing or emergency):
        account = await post_charge(kit, unit, account, quote, written)
    elif quote is not None and not emergency:  # done in another way, which costs nothing: a taxi (P067)
        unit.save(void(quote))
        await _give_back_all(unit, account, event.work_order_id, "done_otherwise")
    unit.save(await settle(unit, account))


async def _written(unit: Unit, account: Account, event: WorkCompleted) -> Money | None:
    """The amount on the slip, if there is one."""
    if event.amount is None:
        return None
    return money(event.amount, (await books_of(unit, account)).currency, "amount")


async def _is_public(kit: Kit, unit: Unit, account: Account) -> bool:
    """Whether it was done where no owner pays; also if that came to light after the price was agreed."""
    return free_reason(await rules_of(kit, unit, account), account.area) == "public_area"


@of_event
async def work_withdrawn(kit: Kit, unit: Unit) -> None:
    """The owner withdrew on site: nothing is owed, and what was paid goes back (P023)."""
    event = payload(unit, WorkWithdrawn)
    account = await _ended(unit, event.work_order_id, "withdrawn")
    await _give_back_all(unit, account, event.work_order_id, "withdrawn")
    unit.save(await settle(unit, account))


@of_event
async def work_not_done(kit: Kit, unit: Unit) -> None:
    """The slip came back undone and the owner knows: nothing is owed on it (P029)."""
    event = payload(unit, WorkNotDone)
    unit.save(await settle(unit, await _ended(unit, event.work_order_id, "cancelled")))


@of_event
async def work_cancelled(kit: Kit, unit: Unit) -> None:
    """In time, or late by our fault: the deposit goes back. Late: somebody has to decide (P066, J4)."""
    event = payload(unit, WorkCancelled)
    account = await _ended(unit, event.work_order_id, "cancelled")
    for deposit in await deposits_of(unit, account):
        if deposit.work_order_id != event.work_order_id:
            continue
        if event.in_time or event.our_delay or deposit.status == "REQUESTED":
            give_back(unit, deposit, _reason(event))
        elif deposit.status == "HELD":
            await _dispute(kit, unit, account, deposit)
    unit.save(await settle(unit, account))


def _reason(event: WorkCancelled) -> str:
    """Why a deposit is not, or not yet, ours; a late cancellation finds only one that was never paid."""
    if event.in_time:
        return "cancelled_in_time"
    return "our_delay" if event.our_delay else "cancelled_late"


async def _ended(
    unit: Unit, work_order_id: str, state: Literal["completed", "withdrawn", "cancelled"]
) -> Account:
    """The work order has ended, and not by us: its quote is void."""
    account = end_work(await account_of(unit), work_order_id, state)
    quote_id = account.work(work_order_id).quote_id
    if quote_id:
        unit.save(void(known(await unit.load(Quote, quote_id), quote_id)))
    return account


async def _give_back_all(unit: Unit, account: Account, work_order_id: str, reason: str) -> None:
    for deposit in await deposits_of(unit, account):
        if deposit.work_order_id == work_order_id:
            give_back(unit, deposit, reason)


def give_back(unit: Unit, deposit: Deposit, reason: str) -> None:
    """A held deposit becomes due to the owner, one that was never paid lapses, a decided one stays."""
    by = unit.cause.principal.sub
    if deposit.status == "REQUESTED":
        unit.save(step(deposit, "void", unit.now, by, reason))
    elif deposit.status == "HELD":
        refund(unit, step(deposit, "refund", unit.now, by, reason), reason, disputed=False)


def refund(unit: Unit, deposit: Deposit, reason: str, *, disputed: bool) -> None:
    """Book a deposit that has just become the owner's again; `reason` is a code, no words of a person."""
    move = deposit_refunded(deposit.request_id, deposit.amount, disputed=disputed)
    post(unit, "deposit_refunded", deposit.request_id, deposit.id, move)
    unit.save(deposit)
    unit.emit(
        DepositRefunded(
            deposit_id=deposit.id,
            request_id=deposit.request_id,
            work_order_id=deposit.work_order_id,
            amount=amount_of(deposit.amount),
            refunded_at=unit.now,
            reason=reason,
        )
    )


async def _dispute(kit: Kit, unit: Unit, account: Account, deposit: Deposit) -> None:
    books, rules = await books_of(unit, account), await rules_of(kit, unit, account)
    decide_by = add_calendar_days(unit.now, rules.forfeiture_decide_days, books.zone)
    disputed = step(deposit, "dispute", unit.now, unit.cause.principal.sub, "cancelled_late")
    unit.save(replace(disputed, decide_by=decide_by, remind_at=decide_by))
    move = deposit_disputed(deposit.request_id, deposit.amount)
    post(unit, "deposit_disputed", deposit.request_id, deposit.id, move)
    unit.start_timer(forfeiture_timer(deposit.id), decide_by, RemindForfeiture(deposit_id=deposit.id))
    unit.emit(
        ForfeitureProposed(
            deposit_id=deposit.id,
            request_id=deposit.request_id,
            amount=amount_of(deposit.amount),
            decide_by=decide_by,
            proposed_at=unit.now,
        )
    )


def forfeiture_timer(deposit_id: str) -> str:
    """The key of the timer that reminds of a decision."""
    return f"forfeiture:{deposit_id}"
