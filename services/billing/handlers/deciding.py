"""What people decide about deposits.

Release, hand out, forfeit, waive; and the reminder that decides nothing (J4).
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from services.billing.answers import deposit_answer
from services.billing.domain.account import Account
from services.billing.domain.commands import (
    ApproveForfeiture,
    RefundDeposit,
    RemindForfeiture,
    WaiveForfeiture,
)
from services.billing.domain.deposit import (
    REMINDERS_MAX,
    Deposit,
    hand_out,
    kept_by,
    not_to_decide,
    reminded,
    same_person,
    step,
)
from services.billing.domain.payment import check_method, holder_of, no_collector
from services.billing.domain.postings import cash_place, deposit_forfeited, refund_paid_out
from services.billing.handlers.common import (
    Kit,
    account_of,
    amount_of,
    deposit_of,
    known,
    payload,
    post,
    roles_of,
    rules_of,
    viewer_of,
)
from services.billing.handlers.settling import settle
from services.billing.handlers.working import forfeiture_timer, refund
from shared.catalogue.model import BillingRules
from shared.errors import Invalid, demand
from shared.events.billing import DepositForfeited, ForfeitureOverdue, RefundPaid
from shared.kernel.unit import Unit


async def refund_deposit(kit: Kit, unit: Unit) -> None:
    """Two steps of two people: a decider releases what is held, a collector hands out what is due."""
    command = payload(unit, RefundDeposit)
    deposit = await deposit_of(unit, command.deposit_id)
    account = await account_of(unit)
    rules = await rules_of(kit, unit, account)
    if deposit.refund == "due":
        _hand_out(unit, deposit, command, rules)
    else:
        demand(not_to_decide(deposit, "refund", roles_of(unit), rules))
        released = step(deposit, "refund", unit.now, unit.cause.principal.sub, command.reason)
        if not command.reason:
            raise Invalid(
                "reason", "a held deposit is released for a reason", field="reason", accepted="text"
            )
        refund(unit, released, "released", disputed=False)
    await _finish(kit, unit, account, deposit.id, rules)


def _hand_out(unit: Unit, deposit: Deposit, command: RefundDeposit, rules: BillingRules) -> None:
    roles, by = roles_of(unit), unit.cause.principal.sub
    demand(no_collector(roles, rules) or same_person(deposit, by))
    check_method(command.method, "deposit", rules)
    unit.save(hand_out(deposit))
    cash = cash_place(holder_of(command.method, roles), command.method, by)
    move = refund_paid_out(deposit.request_id, deposit.amount, cash)
    post(unit, "refund_paid_out", deposit.request_id, deposit.id, move)
    unit.emit(
        RefundPaid(
            deposit_id=deposit.id,
            request_id=deposit.request_id,
            amount=amount_of(deposit.amount),
            method=command.method,
            paid_by=by,
            paid_at=unit.now,
        )
    )


async def approve_forfeiture(kit: Kit, unit: Unit) -> None:
    """The deposit is lost: kept by the property, or owed to the partner, as the catalogue says."""
    command = payload(unit, ApproveForfeiture)
    deposit = await deposit_of(unit, command.deposit_id)
    account = await account_of(unit)
    rules = await rules_of(kit, unit, account)
    demand(not_to_decide(deposit, "forfeit", roles_of(unit), rules))
    by, keeper = unit.cause.principal.sub, kept_by(rules, deposit.partner)
    unit.save(replace(step(deposit, "forfeit", unit.now, by, command.reason), kept_by=keeper))
    unit.cancel_timer(forfeiture_timer(deposit.id))
    move = deposit_forfeited(deposit.request_id, deposit.amount, keeper, deposit.procedure, deposit.partner)
    post(unit, "deposit_forfeited", deposit.request_id, deposit.id, move)
    unit.emit(
        DepositForfeited(
            deposit_id=deposit.id,
            request_id=deposit.request_id,
            amount=amount_of(deposit.amount),
            kept_by=keeper,
            approved_by=by,
            forfeited_at=unit.now,
        )
    )
    await _finish(kit, unit, account, deposit.id, rules)


async def waive_forfeiture(kit: Kit, unit: Unit) -> None:
    """The owner gets the deposit back all the same."""
    command = payload(unit, WaiveForfeiture)
    deposit = await deposit_of(unit, command.deposit_id)
    account = await account_of(unit)
    rules = await rules_of(kit, unit, account)
    demand(not_to_decide(deposit, "waive", roles_of(unit), rules))
    waived = step(deposit, "waive", unit.now, unit.cause.principal.sub, command.reason)
    unit.cancel_timer(forfeiture_timer(deposit.id))
    refund(unit, waived, "waived", disputed=True)
    await _finish(kit, unit, account, deposit.id, rules)


async def remind_forfeiture(kit: Kit, unit: Unit) -> None:
    """The time to decide has passed: tell the next decider, and again a day later, until somebody decides."""
    command = payload(unit, RemindForfeiture)
    deposit = await deposit_of(unit, command.deposit_id)
    if deposit.status != "DISPUTED" or deposit.decide_by is None:
        return
    rules = await rules_of(kit, unit, await account_of(unit))
    unit.emit(
        ForfeitureOverdue(
            deposit_id=deposit.id,
            request_id=deposit.request_id,
            amount=amount_of(deposit.amount),
            decide_by=deposit.decide_by,
            step=command.step,
            to_role=reminded(rules, command.step),
            raised_at=unit.now,
        )
    )
    last = command.step + 1 >= REMINDERS_MAX
    next_at = None if last else unit.now + timedelta(hours=rules.forfeiture_remind_hours)
    unit.save(replace(deposit, remind_at=next_at))
    if next_at is not None:
        again = RemindForfeiture(deposit_id=deposit.id, step=command.step + 1)
        unit.start_timer(forfeiture_timer(deposit.id), next_at, again)


async def _finish(kit: Kit, unit: Unit, account: Account, deposit_id: str, rules: BillingRules) -> None:
    settled = await settle(unit, account)
    if settled is not account:
        unit.save(settled)
    stored = known(await unit.load(Deposit, deposit_id), deposit_id)
    unit.answer(deposit_answer(stored, viewer_of(kit, unit, rules)))
