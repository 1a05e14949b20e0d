"""The errand flow for a car that a partner hires out, step by step: P066, P067 (000 篇3 §八).

Nothing is accepted before the partner has confirmed the car. The booking stands once the owner agreed to the
price, the form is signed and the deposit, if one is due, is held. A cancellation counts from the moment the
butler desk confirms it.
"""

from __future__ import annotations

import dataclasses
from datetime import datetime, timedelta

from services.dispatch.domain.flow import (
    HAND_IN,
    Actor,
    Change,
    Flow,
    Line,
    Why,
    assigned,
    at,
    check,
    moved,
    step,
)
from services.dispatch.domain.model import Booking, Notice, Quote, Status, Taxi, WorkOrder
from services.dispatch.domain.repair import paid_off
from shared.errors import Invalid
from shared.events.dispatch import (
    CarUnavailable,
    ErrandBooked,
    QuoteLine,
    WorkCancelled,
    WorkCompleted,
    WorkQuoted,
)
from shared.events.envelope import Amount
from shared.money import Money
from shared.texts.say import say


def _set(*statuses: Status) -> frozenset[Status]:
    return frozenset(statuses)


def _notified(order: WorkOrder) -> Why:
    return "" if order.cancel_notice is not None else say("Nobody has asked to cancel this.")


BEFORE_BOOKING = _set(
    "ASKED", "AVAILABLE", "UNAVAILABLE", "QUOTED", "CONSENTED", "OBJECTED", "FORM_SIGNED", "DEPOSIT_PAID"
)

ERRAND: Flow = {
    "cannot": (Line(BEFORE_BOOKING, "", assigned),),
    "assign": (Line(BEFORE_BOOKING | _set("BOOKED")),),
    "confirm-car": (Line(_set("ASKED", "UNAVAILABLE", "OBJECTED"), "AVAILABLE"),),
    "unavailable": (Line(_set("ASKED", "AVAILABLE", "OBJECTED"), "UNAVAILABLE"),),
    "taxi": (Line(_set("UNAVAILABLE"), "TAXI_CALLED"),),
    "quote": (Line(_set("AVAILABLE", "QUOTED"), "QUOTED"),),
    "form-signed": (Line(_set("CONSENTED"), "FORM_SIGNED"),),
    "used": (Line(_set("BOOKED"), "USED"),),
    "confirm-cancellation": (Line(BEFORE_BOOKING | _set("BOOKED"), "", _notified),),
    "hand-over": (Line(BEFORE_BOOKING | _set("BOOKED")),),
    **HAND_IN,
}


def confirm_car(
    order: WorkOrder, actor: Actor, now: datetime, partner: str, detail: str, price: Money
) -> Change:
    """The partner has the car, at this price: only now may it be promised (P066)."""
    after = moved(order, check(ERRAND, order, "confirm-car"), now)
    after = dataclasses.replace(after, booking=Booking(partner, detail, price, now), quote=None)
    return Change(after, (step(after, "car_confirmed", actor.by, now),))


def unavailable(order: WorkOrder, actor: Actor, now: datetime, partner: str) -> Change:
    """The partner has none: the owner is asked about a taxi (P067)."""
    after = moved(order, check(ERRAND, order, "unavailable"), now)
    after = dataclasses.replace(after, booking=None, quote=None)
    fact = CarUnavailable(work_order_id=order.id, request_id=order.request_id, partner=partner, at=now)
    return Change(after, (fact,))


def taxi(
    order: WorkOrder, actor: Actor, now: datetime, consent: bool, plate: str, departs_at: datetime | None
) -> Change:
    """A taxi was called, with the owner's consent and its plate on record (P067); the errand ends with it."""
    line = check(ERRAND, order, "taxi")
    if not consent:
        detail = "The owner has to agree to a taxi first (P067)."
        raise Invalid("taxi-consent", detail, field="consent", accepted="true, once the owner has agreed")
    after = dataclasses.replace(moved(order, line, now), taxi=Taxi(plate, departs_at, now), done_at=now)
    facts = (
        step(after, "taxi_called", actor.by, now, plate),
        WorkCompleted(work_order_id=order.id, request_id=order.request_id, kind="errand", completed_at=now),
        paid_off(after, now),
    )
    return Change(after, facts)


def quote(order: WorkOrder, actor: Actor, now: datetime, quote_id: str) -> Change:
    """The partner's price as the owner's quote; the deposit is a share of it."""
    after = moved(order, check(ERRAND, order, "quote"), now)
    assert order.booking is not None
    price = order.booking.price
    after = dataclasses.replace(after, quote=Quote(quote_id, "offered", now))
    fact = WorkQuoted(
        work_order_id=order.id,
        request_id=order.request_id,
        quote_id=quote_id,
        procedure=order.procedure,
        slip=order.slip,
        lines=(
            QuoteLine(
                code=order.procedure, amount=Amount(amount_minor=price.amount_minor, currency=price.currency)
            ),
        ),
        deposit_percent=order.rules.deposit_percent,
        partner=order.booking.partner,
        start_at=order.appointment_at,
        quoted_by=actor.by,
        quoted_at=now,
    )
    return Change(after, (fact,))


def form_signed(order: WorkOrder, actor: Actor, now: datetime) -> Change:
    """The guest car form is signed; with the deposit held, or none due, the booking stands."""
    after = moved(order, check(ERRAND, order, "form-signed"), now)
    fact = step(after, "form_signed", actor.by, now)
    if order.rules.deposit_percent and order.deposit != "held":
        return Change(after, (fact,))
    booked = _book(after, now)
    return Change(booked.order, (fact, *booked.events))


def deposit_requested(order: WorkOrder) -> Change:
    """Billing asks for the deposit."""
    return Change(order if order.deposit != "none" else dataclasses.replace(order, deposit="requested"))


def deposit_returned(order: WorkOrder) -> Change:
    """The deposit went back: another one has to be held before a booking stands on it."""
    if not order.open or order.deposit != "held":
        return Change(order)
    return Change(dataclasses.replace(order, deposit="none"))


def deposit_held(order: WorkOrder, now: datetime) -> Change:
    """The deposit is held; if the form is signed already, the booking stands."""
    if not order.open or order.deposit == "held":
        return Change(order)
    after = dataclasses.replace(order, deposit="held")
    if order.status != "FORM_SIGNED":
        return Change(after)
    after = at(after, "DEPOSIT_PAID", now)
    booked = _book(after, now)
    return Change(booked.order, (step(after, "deposit_paid", "system", now), *booked.events))


def _book(order: WorkOrder, now: datetime) -> Change:
    assert order.booking is not None
    after = dataclasses.replace(at(order, "BOOKED", now), done_at=now)
    fact = ErrandBooked(
        work_order_id=order.id,
        request_id=order.request_id,
        partner=order.booking.partner,
        detail=order.booking.detail,
        start_at=order.appointment_at or now,
        booked_at=now,
    )
    return Change(after, (fact,))


def used(order: WorkOrder, actor: Actor, now: datetime) -> Change:
    """The car was used: the consented price is owed."""
    after = moved(order, check(ERRAND, order, "used"), now)
    assert order.quote is not None
    total = order.quote.total
    facts = (
        step(after, "used", actor.by, now),
        WorkCompleted(
            work_order_id=order.id,
            request_id=order.request_id,
            kind="errand",
            quote_id=order.quote.quote_id,
            amount=Amount(amount_minor=total.amount_minor, currency=total.currency) if total else None,
            signatures={"owner": actor.by},
            completed_at=now,
        ),
    )
    return Change(after, facts)


def notice_received(order: WorkOrder, now: datetime, reason: str, received_at: datetime) -> Change:
    """The caller wants to cancel (J5). Where nothing is booked or held it is done.

    Else the butler desk has to confirm it.
    """
    if not order.open or order.status == "USED":
        late = order.open
        return Change(order, (step(order, "cancellation_too_late", "system", now),) if late else ())
    told_at = order.cancel_notice.told_at if order.cancel_notice is not None else None
    after = dataclasses.replace(order, cancel_notice=Notice(reason, received_at, told_at))
    if order.status == "BOOKED" or order.deposit == "held":
        return Change(after, (step(after, "cancellation_received", "system", now),))
    return _cancel(after, now, in_time=True, our_delay=False)


def confirm_cancellation(order: WorkOrder, now: datetime) -> Change:
    """The butler desk confirms.

    Late is what is confirmed too near the start, unless the notice itself came in time (P066, J4).
    """
    check(ERRAND, order, "confirm-cancellation")
    assert order.cancel_notice is not None
    last = last_free_cancellation(order)
    in_time = last is None or now <= last
    our_delay = not in_time and last is not None and order.cancel_notice.received_at <= last
    return _cancel(order, now, in_time=in_time, our_delay=our_delay)


def last_free_cancellation(order: WorkOrder) -> datetime | None:
    """Until when a confirmed cancellation is in time; None where the errand has no start."""
    if order.appointment_at is None:
        return None
    return order.appointment_at - timedelta(hours=order.rules.cancel_notice_hours)


def _cancel(order: WorkOrder, now: datetime, *, in_time: bool, our_delay: bool) -> Change:
    assert order.cancel_notice is not None
    after = at(order, "CANCELLED_IN_TIME" if in_time else "CANCELLED_LATE", now)
    fact = WorkCancelled(
        work_order_id=order.id,
        request_id=order.request_id,
        slip=order.slip,
        reason=order.cancel_notice.reason,
        notice_received_at=order.cancel_notice.received_at,
        confirmed_at=now,
        start_at=order.appointment_at,
        in_time=in_time,
        our_delay=our_delay,
    )
    return Change(after, (fact,))
