"""The charge that follows from a consented quote once the work is done, and a deposit that pays its part."""

from __future__ import annotations

from dataclasses import replace

from services.billing.charge_answers import charge_answer
from services.billing.domain.account import Account
from services.billing.domain.charge import Charge, charge_for, note, pay
from services.billing.domain.commands import NoteCharge
from services.billing.domain.deposit import Deposit, step
from services.billing.domain.postings import deposit_applied, earned
from services.billing.domain.quote import Quote
from services.billing.handlers.common import (
    Kit,
    amount_of,
    deposits_of,
    payload,
    post,
    rules_of,
    viewer_of,
)
from shared.errors import NotFound
from shared.events.billing import ChargeNoted, ChargePosted, DepositApplied
from shared.kernel.unit import Unit
from shared.money import Money


async def post_charge(kit: Kit, unit: Unit, account: Account, quote: Quote, written: Money | None) -> Account:
    """Charge the consented quote and let a held deposit pay its part; one that was never paid lapses."""
    rules = await rules_of(kit, unit, account)
    charge_id = unit.derived_id(f"charge:{quote.id}")
    charge = charge_for(quote, charge_id, written, unit.now, noted_first=rules.noted_first)
    if charge.amount.amount_minor == 0:
        return account
    partner = quote.partner if rules.partner_price else ""
    move = earned(charge.request_id, charge.amount, account.procedure, partner)
    post(unit, "charge", charge.request_id, charge.id, move)
    unit.emit(
        ChargePosted(
            charge_id=charge.id,
            request_id=charge.request_id,
            work_order_id=charge.work_order_id,
            quote_id=quote.id,
            amount=amount_of(charge.amount),
            posted_at=unit.now,
        )
    )
    for deposit in await deposits_of(unit, account):
        if deposit.work_order_id != quote.work_order_id:
            continue
        if deposit.status == "HELD":
            charge = pay(charge, deposit.amount)
            _apply_deposit(unit, deposit, charge.id)
        elif deposit.status == "REQUESTED":
            unit.save(
                step(deposit, "void", unit.now, unit.cause.principal.sub, "the work was done without it")
            )
    unit.save(charge)
    return replace(account, charge_ids=(*account.charge_ids, charge.id))


async def note_charge(kit: Kit, unit: Unit) -> None:
    """Finance notes the charge in its summary; customer service collects it from now on (P030)."""
    charge_id = payload(unit, NoteCharge).charge_id
    charge = await unit.load(Charge, charge_id)
    if charge is None:
        raise NotFound("no-charge", "there is no such charge", field="charge_id")
    unit.require_match(charge.version)
    noted = note(charge, unit.cause.principal.sub, unit.now)
    unit.save(noted)
    unit.emit(
        ChargeNoted(
            charge_id=noted.id,
            request_id=noted.request_id,
            work_order_id=noted.work_order_id,
            slip=noted.slip,
            amount=amount_of(noted.owed),
            noted_by=noted.noted_by,
            noted_at=unit.now,
        )
    )
    stored = replace(noted, version=noted.version + 1)
    unit.answer(charge_answer(stored, viewer_of(kit, unit)))


def _apply_deposit(unit: Unit, deposit: Deposit, charge_id: str) -> None:
    unit.save(step(deposit, "apply", unit.now, unit.cause.principal.sub))
    move = deposit_applied(deposit.request_id, deposit.amount)
    post(unit, "deposit_applied", deposit.request_id, deposit.id, move)
    unit.emit(
        DepositApplied(
            deposit_id=deposit.id,
            request_id=deposit.request_id,
            charge_id=charge_id,
            amount=amount_of(deposit.amount),
            applied_at=unit.now,
        )
    )
