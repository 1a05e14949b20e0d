"""Events of billing: quotes, charges, deposits, payments and receipts. Amounts are integer minor units."""

from __future__ import annotations

from typing import Literal

from shared.events.envelope import Amount, Event, Moment


class QuoteOffered(Event):
    """The tariff was applied and the owner is asked (P014).

    `total` includes everything; a free service has total 0 and needs no consent.
    """

    TYPE = "billing.quote.offered.v1"
    SUBJECT = "quote_id"
    quote_id: str
    request_id: str
    work_order_id: str
    total: Amount
    deposit: Amount | None = None
    wording: str = ""
    offered_at: Moment
    expires_at: Moment | None = None


class QuoteConsented(Event):
    """The owner agreed; who recorded it and how."""

    TYPE = "billing.quote.consented.v1"
    SUBJECT = "quote_id"
    quote_id: str
    request_id: str
    work_order_id: str
    total: Amount
    consented_by: str
    recorded_by: str
    consented_at: Moment


class QuoteRefused(Event):
    """The owner did not agree: work may not start (P022 OBJECTED)."""

    TYPE = "billing.quote.refused.v1"
    SUBJECT = "quote_id"
    quote_id: str
    request_id: str
    work_order_id: str
    refused_at: Moment


class ChargePosted(Event):
    """The work was done for the consented amount and is now owed."""

    TYPE = "billing.charge.posted.v1"
    SUBJECT = "charge_id"
    charge_id: str
    request_id: str
    work_order_id: str
    quote_id: str
    amount: Amount
    posted_at: Moment


class ChargeNoted(Event):
    """Finance noted the charge: with the slip it goes to customer service, which collects it (P030)."""

    TYPE = "billing.charge.noted.v1"
    SUBJECT = "charge_id"
    charge_id: str
    request_id: str
    work_order_id: str
    slip: str
    amount: Amount
    noted_by: str
    noted_at: Moment


class PaymentReceived(Event):
    """Money came in; the receipt has a gapless number. `purpose` says what it pays."""

    TYPE = "billing.payment.received.v1"
    SUBJECT = "payment_id"
    payment_id: str
    request_id: str
    purpose: Literal["charge", "deposit"]
    amount: Amount
    method: str
    receipt: str
    receipt_number: int
    collected_by: str
    received_at: Moment


class DepositRequested(Event):
    """A deposit has to be paid before the booking stands."""

    TYPE = "billing.deposit.requested.v1"
    SUBJECT = "deposit_id"
    deposit_id: str
    request_id: str
    work_order_id: str
    amount: Amount
    requested_at: Moment


class DepositHeld(Event):
    """The deposit was paid and is held."""

    TYPE = "billing.deposit.held.v1"
    SUBJECT = "deposit_id"
    deposit_id: str
    request_id: str
    work_order_id: str
    amount: Amount
    held_at: Moment


class DepositApplied(Event):
    """The deposit paid (part of) the charge."""

    TYPE = "billing.deposit.applied.v1"
    SUBJECT = "deposit_id"
    deposit_id: str
    request_id: str
    charge_id: str
    amount: Amount
    applied_at: Moment


class DepositRefunded(Event):
    """The deposit is the owner's again; it is handed out with `RefundPaid`."""

    TYPE = "billing.deposit.refunded.v1"
    SUBJECT = "deposit_id"
    deposit_id: str
    request_id: str
    work_order_id: str = ""
    amount: Amount
    refunded_at: Moment
    reason: str = ""


class RefundPaid(Event):
    """The refund of a deposit was handed out to the owner."""

    TYPE = "billing.refund.paid.v1"
    SUBJECT = "deposit_id"
    deposit_id: str
    request_id: str
    amount: Amount
    method: str
    paid_by: str
    paid_at: Moment


class ForfeitureProposed(Event):
    """A late cancellation: somebody has to decide; until then the deposit is held, disputed (ruling J4)."""

    TYPE = "billing.deposit.forfeiture_proposed.v1"
    SUBJECT = "deposit_id"
    deposit_id: str
    request_id: str
    amount: Amount
    decide_by: Moment
    proposed_at: Moment


class ForfeitureOverdue(Event):
    """Nobody has decided about a proposed forfeiture in time.

    `to_role` is reminded, the next one a day later (J4).
    """

    TYPE = "billing.deposit.forfeiture_overdue.v1"
    SUBJECT = "deposit_id"
    deposit_id: str
    request_id: str
    amount: Amount
    decide_by: Moment
    step: int
    to_role: str
    raised_at: Moment


class DepositForfeited(Event):
    """The forfeiture was approved; `kept_by` is `property` or `partner`."""

    TYPE = "billing.deposit.forfeited.v1"
    SUBJECT = "deposit_id"
    deposit_id: str
    request_id: str
    amount: Amount
    kept_by: Literal["property", "partner"]
    approved_by: str
    forfeited_at: Moment


class RequestSettled(Event):
    """Nothing is owed on the request and nothing is held for it."""

    TYPE = "billing.request.settled.v1"
    request_id: str
    work_order_id: str
    settled_at: Moment
