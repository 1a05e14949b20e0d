"""Money comes in, with a numbered receipt; and finance takes over what staff collected at doors."""

from __future__ import annotations

from datetime import datetime

from services.billing.answers import ClearedAnswer, amount, payment_answer
from services.billing.domain.account import Account
from services.billing.domain.books import Books
from services.billing.domain.charge import Part, not_noted, overpaid, pay, spread
from services.billing.domain.commands import ClearDoorCash, ReceivePayment
from services.billing.domain.deposit import Deposit, step
from services.billing.domain.payment import (
    DRAWER_ROLES,
    Payment,
    check_deposit_amount,
    check_method,
    clear,
    cleared_total,
    holder_of,
    no_collector,
    not_own_cash,
    receipt_text,
)
from services.billing.domain.postings import cash_cleared, cash_place, charge_paid, deposit_paid
from services.billing.handlers.common import (
    Kit,
    account_of,
    amount_of,
    books_of,
    charges_of,
    deposits_of,
    known,
    money,
    payload,
    post,
    roles_of,
    rules_of,
    viewer_of,
)
from services.billing.handlers.settling import settle
from shared.errors import Conflict, Invalid, NotFound, demand
from shared.events.billing import DepositHeld, PaymentReceived
from shared.kernel.unit import Unit
from shared.money import Money
from shared.texts.say import listed, say

RECEIPTS = "receipt"


async def receive_payment(kit: Kit, unit: Unit) -> None:
    """Take money for a request. The same payment id again is the same payment, not a second one."""
    command = payload(unit, ReceivePayment)
    before = await unit.load(Payment, command.payment_id)
    if before is not None:
        _same_again(before, command)
        unit.answer(payment_answer(before, viewer_of(kit, unit)))
        return
    account = await account_of(unit)
    rules, books, roles = await rules_of(kit, unit, account), await books_of(unit, account), roles_of(unit)
    demand(no_collector(roles, rules))
    check_method(command.method, command.purpose, rules)
    paid = money(command.amount, books.currency, "amount")
    parts, deposit = await _what_it_pays(unit, account, command, paid)
    payment = await _receipted(unit, command, books, account, (parts, deposit), paid)
    unit.save(payment)
    cash = cash_place(payment.holder, payment.method, payment.collected_by)
    unit.emit(_received(payment, paid, unit.now))
    request_id = account.request_id
    if deposit is None:
        post(unit, "charge_payment", request_id, payment.id, charge_paid(request_id, paid, cash))
    else:
        _tell_held(unit, deposit)
        post(unit, "deposit_payment", request_id, payment.id, deposit_paid(request_id, paid, cash))
    settled = await settle(unit, account)
    if settled is not account:
        unit.save(settled)
    stored = known(await unit.load(Payment, payment.id), payment.id)
    unit.answer(payment_answer(stored, viewer_of(kit, unit)))


def _received(payment: Payment, paid: Money, now: datetime) -> PaymentReceived:
    return PaymentReceived(
        payment_id=payment.id,
        request_id=payment.request_id,
        purpose=payment.purpose,
        amount=amount_of(paid),
        method=payment.method,
        receipt=payment.receipt,
        receipt_number=payment.receipt_number,
        collected_by=payment.collected_by,
        received_at=now,
    )


def _same_again(before: Payment, command: ReceivePayment) -> None:
    same = (
        before.request_id == command.request_id
        and before.purpose == command.purpose
        and amount_of(before.amount) == command.amount
        and before.method == command.method
    )
    if not same:
        raise Conflict(
            "payment-exists", "another payment has this id", field="payment_id", accepted="a new id"
        )


async def _what_it_pays(
    unit: Unit, account: Account, command: ReceivePayment, paid: Money
) -> tuple[tuple[Part, ...], Deposit | None]:
    """The charges or the deposit that the money is for, checked against what is owed.

    Charges are saved as paid.
    """
    if command.purpose == "deposit":
        asked = _asked_deposit(await deposits_of(unit, account), command.deposit_id)
        held = step(asked, "hold", unit.now, unit.cause.principal.sub)
        check_deposit_amount(paid, asked.amount)
        unit.save(held)
        return (), held
    charges = {charge.id: charge for charge in await charges_of(unit, account)}
    if not charges:
        raise overpaid(Money(0, paid.currency))
    parts = spread(list(charges.values()), paid)
    at_the_till = DRAWER_ROLES.intersection(roles_of(unit))
    for part in parts:
        demand(None if at_the_till else not_noted(charges[part.charge_id]))
        unit.save(pay(charges[part.charge_id], Money(part.amount_minor, paid.currency)))
    return parts, None


def _asked_deposit(deposits: list[Deposit], deposit_id: str) -> Deposit:
    if deposit_id:
        named = [d for d in deposits if d.id == deposit_id]
        if not named:
            raise NotFound("no-deposit", "this request has no such deposit", field="deposit_id")
        return named[0]
    asked = [d for d in deposits if d.status == "REQUESTED"]
    if not asked:
        raise Conflict("no-deposit-asked", "no deposit is asked for", field="purpose", accepted="charge")
    if len(asked) > 1:
        ids = listed(d.id for d in asked)
        raise Invalid("which-deposit", "several deposits are asked for", field="deposit_id", accepted=ids)
    return asked[0]


async def _receipted(
    unit: Unit,
    command: ReceivePayment,
    books: Books,
    account: Account,
    pays: tuple[tuple[Part, ...], Deposit | None],
    paid: Money,
) -> Payment:
    parts, deposit = pays
    year = books.year(unit.now)
    number = await unit.number(RECEIPTS, command.payment_id, year)
    by = unit.cause.principal.sub
    holder = holder_of(command.method, roles_of(unit))
    return Payment(
        property_id=account.property_id,
        id=command.payment_id,
        version=0,
        account_id=account.id,
        request_id=account.request_id,
        purpose=command.purpose,
        deposit_id="" if deposit is None else deposit.id,
        parts=parts,
        amount=paid,
        method=command.method,
        holder=holder,
        collected_by=by,
        in_hands_of=by if holder == "hands" else "",
        reference=command.reference,
        receipt=receipt_text(year, number),
        receipt_year=year,
        receipt_number=number,
        received_at=unit.now,
    )


def _tell_held(unit: Unit, deposit: Deposit) -> None:
    unit.emit(
        DepositHeld(
            deposit_id=deposit.id,
            request_id=deposit.request_id,
            work_order_id=deposit.work_order_id,
            amount=amount_of(deposit.amount),
            held_at=unit.now,
        )
    )


async def clear_door_cash(kit: Kit, unit: Unit) -> None:
    """Finance takes over the cash of these payments, counted, from the person who collected it (P030, J3)."""
    command = payload(unit, ClearDoorCash)
    by = unit.cause.principal.sub
    demand(not_own_cash(command.staff_id, by))
    books = await books_of(unit)
    counted = money(command.counted, books.currency, "counted")
    ids = tuple(dict.fromkeys(command.payment_ids))
    payments = []
    for payment_id in ids:
        payment = await unit.load(Payment, payment_id)
        if payment is None:
            raise NotFound(
                "no-payment",
                say("there is no payment {payment_id}", payment_id=payment_id),
                field="payment_ids",
            )
        payments.append(payment)
    total = cleared_total(payments, command.staff_id, counted)
    for payment in payments:
        unit.save(clear(payment, unit.now, by))
    post(unit, "cash_cleared", "", unit.derived_id("clearing"), cash_cleared(command.staff_id, total, by))
    unit.answer(
        ClearedAnswer(
            staff_id=command.staff_id,
            amount=amount(total.amount_minor, total.currency),
            payment_ids=ids,
            cleared_at=unit.now,
        )
    )
