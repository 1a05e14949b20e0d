"""The price before the service.

Quote, consent, refusal; and the charge that follows from a consented quote.
"""

from __future__ import annotations

from dataclasses import replace

from services.billing.answers import quote_answer
from services.billing.domain.account import Account, add_quote
from services.billing.domain.commands import ConsentQuote, RefuseQuote
from services.billing.domain.deposit import Deposit
from services.billing.domain.quote import (
    AskedLine,
    Consent,
    Quote,
    consent,
    expiry,
    free_reason,
    price,
    refuse,
    supersede,
    total_of,
)
from services.billing.handlers.charging import post_charge
from services.billing.handlers.common import (
    Kit,
    account_of,
    amount_of,
    books_of,
    charges_of,
    deposits_of,
    known,
    money,
    of_event,
    payload,
    quote_of,
    rules_of,
    viewer_of,
)
from services.billing.handlers.settling import settle
from services.billing.handlers.working import give_back
from shared.errors import Conflict
from shared.events.billing import (
    DepositRequested,
    QuoteConsented,
    QuoteOffered,
    QuoteRefused,
)
from shared.events.dispatch import WorkQuoted
from shared.kernel.unit import Unit
from shared.money import Money
from shared.texts.say import say


@of_event
async def work_quoted(kit: Kit, unit: Unit) -> None:
    """Price what the work needs and offer it. What costs nothing needs no consent and gets it at once."""
    event = payload(unit, WorkQuoted)
    account = await account_of(unit)
    if await unit.load(Quote, event.quote_id) is not None:
        raise Conflict(
            "quote-exists",
            say("quote {quote_id} was offered before; it cannot change", quote_id=event.quote_id),
        )
    await _replace_current(unit, account, event)
    quote = await _priced(kit, unit, account, event)
    account = add_quote(account, quote)
    unit.emit(
        QuoteOffered(
            quote_id=quote.id,
            request_id=quote.request_id,
            work_order_id=quote.work_order_id,
            total=amount_of(quote.total),
            deposit=None if quote.deposit is None else amount_of(quote.deposit),
            wording=quote.wording(),
            offered_at=quote.offered_at,
            expires_at=quote.expires_at,
        )
    )
    if quote.total.amount_minor == 0:
        quote = consent(quote, Consent("free_of_charge", "", unit.cause.principal.sub, unit.now))
        _tell_consent(unit, quote)
    unit.save(quote)
    unit.save(await settle(unit, account))


async def _replace_current(unit: Unit, account: Account, event: WorkQuoted) -> None:
    """The current quote of the work order gives way, and its deposit with it: asked for no more, or due back.

    Conflict once the price was charged or somebody has to decide about its deposit.
    """
    current = account.work(event.work_order_id).quote_id
    if not current:
        return
    charged = [c for c in await charges_of(unit, account) if c.quote_id == current]
    deposits = [d for d in await deposits_of(unit, account) if d.quote_id == current]
    if charged or any(d.status == "DISPUTED" for d in deposits):
        raise Conflict(
            "price-after-payment",
            say("quote {id} was paid for; its price cannot change", id=current),
        )
    unit.save(supersede(known(await unit.load(Quote, current), current)))
    for deposit in deposits:
        give_back(unit, deposit, "another_quote")


async def _priced(kit: Kit, unit: Unit, account: Account, event: WorkQuoted) -> Quote:
    books, rules = await books_of(unit, account), await rules_of(kit, unit, account)
    asked = [
        AskedLine(
            line.code,
            line.quantity,
            None if line.amount is None else money(line.amount, books.currency, "lines"),
        )
        for line in event.lines
    ]
    free = free_reason(rules, account.area)
    lines = price(asked, rules, books.currency, free)
    total = total_of(lines, books.currency)
    deposit = total.percent(event.deposit_percent)
    costs = total.amount_minor > 0
    return Quote(
        property_id=account.property_id,
        id=event.quote_id,
        version=0,
        account_id=account.id,
        request_id=account.request_id,
        work_order_id=event.work_order_id,
        procedure=event.procedure,
        slip=event.slip,
        lines=lines,
        total=total,
        deposit=deposit if deposit.amount_minor > 0 else None,
        partner=event.partner,
        free=free or ("" if costs else "no_price"),
        status="OFFERED",
        quoted_by=event.quoted_by,
        quoted_at=event.quoted_at,
        offered_at=unit.now,
        expires_at=expiry(rules, unit.now) if costs else None,
    )


async def consent_quote(kit: Kit, unit: Unit) -> None:
    """Record that the owner agrees.

    A deposit is asked for; work that is finished (an emergency) is charged.
    """
    command = payload(unit, ConsentQuote)
    quote = await quote_of(unit, command.quote_id)
    account = await account_of(unit)
    shown = None if command.total is None else money(command.total, quote.total.currency, "total")
    by = unit.cause.principal.sub
    quote = consent(quote, Consent(command.consented_by, command.how, by, unit.now), shown)
    _tell_consent(unit, quote)
    unit.save(quote)
    if account.work(quote.work_order_id).state == "completed":
        account = await post_charge(kit, unit, account, quote, None)
    elif quote.deposit is not None:
        account = _ask_deposit(unit, account, quote, quote.deposit)
    unit.save(await settle(unit, account))
    _answer(kit, unit, known(await unit.load(Quote, quote.id), quote.id))


async def refuse_quote(kit: Kit, unit: Unit) -> None:
    """Record that the owner does not agree: the work may not start."""
    command = payload(unit, RefuseQuote)
    quote = refuse(await quote_of(unit, command.quote_id), unit.now, command.reason)
    account = await account_of(unit)
    unit.emit(
        QuoteRefused(
            quote_id=quote.id,
            request_id=quote.request_id,
            work_order_id=quote.work_order_id,
            refused_at=unit.now,
        )
    )
    unit.save(quote)
    unit.save(await settle(unit, account))
    _answer(kit, unit, known(await unit.load(Quote, quote.id), quote.id))


def _answer(kit: Kit, unit: Unit, quote: Quote) -> None:
    unit.answer(quote_answer(quote, viewer_of(kit, unit)))


def _tell_consent(unit: Unit, quote: Quote) -> None:
    given = known(quote.consent, quote.id)
    unit.emit(
        QuoteConsented(
            quote_id=quote.id,
            request_id=quote.request_id,
            work_order_id=quote.work_order_id,
            total=amount_of(quote.total),
            consented_by=given.by,
            recorded_by=given.recorded_by,
            consented_at=given.at,
        )
    )


def _ask_deposit(unit: Unit, account: Account, quote: Quote, amount: Money) -> Account:
    deposit = Deposit(
        property_id=quote.property_id,
        id=unit.derived_id("deposit"),
        version=0,
        account_id=account.id,
        request_id=quote.request_id,
        work_order_id=quote.work_order_id,
        quote_id=quote.id,
        procedure=quote.procedure,
        partner=quote.partner,
        amount=amount,
        status="REQUESTED",
        requested_at=unit.now,
    )
    unit.save(deposit)
    unit.emit(
        DepositRequested(
            deposit_id=deposit.id,
            request_id=deposit.request_id,
            work_order_id=deposit.work_order_id,
            amount=amount_of(amount),
            requested_at=unit.now,
        )
    )
    return replace(account, deposit_ids=(*account.deposit_ids, deposit.id))
