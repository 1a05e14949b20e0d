"""What billing's events mean for the work.

Consent lets it begin, the deposit lets a booking stand, payment closes the slip.
"""

from __future__ import annotations

from services.dispatch.domain import errand, repair
from services.dispatch.domain.model import WorkOrder
from services.dispatch.handlers.keeping import keep, payload
from shared.events.billing import (
    DepositHeld,
    DepositRefunded,
    DepositRequested,
    QuoteConsented,
    QuoteOffered,
    QuoteRefused,
    RequestSettled,
)
from shared.events.envelope import Amount
from shared.kernel.unit import Unit
from shared.money import Money


def _money(amount: Amount) -> Money:
    return Money(amount.amount_minor, amount.currency)


async def quote_offered(unit: Unit) -> None:
    """A free service needs no consent: it counts as agreed."""
    event = payload(unit, QuoteOffered)
    order = await unit.load(WorkOrder, event.work_order_id)
    if order is not None and event.total.amount_minor == 0:
        keep(unit, order, repair.consented(order, event.quote_id, _money(event.total), unit.now))


async def quote_consented(unit: Unit) -> None:
    """The owner agreed to the price."""
    event = payload(unit, QuoteConsented)
    order = await unit.load(WorkOrder, event.work_order_id)
    if order is not None:
        keep(unit, order, repair.consented(order, event.quote_id, _money(event.total), unit.now))


async def quote_refused(unit: Unit) -> None:
    """The owner did not agree."""
    event = payload(unit, QuoteRefused)
    order = await unit.load(WorkOrder, event.work_order_id)
    if order is not None:
        keep(unit, order, repair.objected(order, event.quote_id, unit.now))


async def deposit_requested(unit: Unit) -> None:
    """A deposit is asked for."""
    event = payload(unit, DepositRequested)
    order = await unit.load(WorkOrder, event.work_order_id)
    if order is not None:
        keep(unit, order, errand.deposit_requested(order))


async def deposit_held(unit: Unit) -> None:
    """The deposit is there: with the form signed, the booking stands."""
    event = payload(unit, DepositHeld)
    order = await unit.load(WorkOrder, event.work_order_id)
    if order is not None:
        keep(unit, order, errand.deposit_held(order, unit.now))


async def deposit_refunded(unit: Unit) -> None:
    """The deposit is the owner's again."""
    event = payload(unit, DepositRefunded)
    order = await unit.load(WorkOrder, event.work_order_id) if event.work_order_id else None
    if order is not None:
        keep(unit, order, errand.deposit_returned(order))


async def request_settled(unit: Unit) -> None:
    """Nothing is owed: the slip is closed."""
    event = payload(unit, RequestSettled)
    order = await unit.load(WorkOrder, event.work_order_id)
    if order is not None:
        keep(unit, order, repair.settled(order, unit.now))
