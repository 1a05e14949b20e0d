"""What callers of billing get to read, and which actions stand open to the one who reads (ruling J23).

The models take their fields from the aggregates by name; amounts are in minor units, times in UTC.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Literal

from pydantic import Field

from services.billing.charge_answers import Amount, Answer, ChargeAnswer, charge_answer, payable
from services.billing.domain.account import Account
from services.billing.domain.charge import Charge
from services.billing.domain.deposit import Deposit, DepositStatus, RefundState, not_possible
from services.billing.domain.ledger import AccountName, Entry, EntryKind
from services.billing.domain.payment import Method, Payment, Purpose
from services.billing.domain.postings import Holder
from services.billing.domain.quote import (
    ConsentBy,
    ConsentHow,
    FreeReason,
    Quote,
    not_to_consent,
    not_to_refuse,
)
from services.billing.viewer import Viewer
from shared.http.actions import AllowedAction
from shared.kernel.unit import Aggregate

QuoteState = Literal["OFFERED", "CONSENTED", "REFUSED", "EXPIRED", "SUPERSEDED", "VOID"]


class QuoteLineAnswer(Answer):
    """One line of a quote, in minor units of the quote's currency."""

    code: str
    zh: str
    en: str
    quantity: int
    price_minor: int
    amount_minor: int


class ConsentAnswer(Answer):
    """Who agreed, how it reached us, who recorded it."""

    by: ConsentBy
    how: ConsentHow
    recorded_by: str
    at: datetime


class QuoteAnswer(Answer):
    """A quote and what became of it."""

    quote_id: str = Field(validation_alias="id")
    version: int
    request_id: str
    work_order_id: str
    slip: str
    status: QuoteState
    lines: tuple[QuoteLineAnswer, ...]
    total: Amount
    deposit: Amount | None
    partner: str
    free: FreeReason
    quoted_by: str
    offered_at: datetime
    expires_at: datetime | None
    consent: ConsentAnswer | None
    refused_at: datetime | None
    refusal_reason: str
    allowed_actions: list[AllowedAction] = []


class DepositStepAnswer(Answer):
    """One thing that happened to a deposit."""

    status: DepositStatus
    at: datetime
    by: str
    reason: str


class DepositAnswer(Answer):
    """A deposit and its life. `refund` is due until it is handed out, then paid."""

    deposit_id: str = Field(validation_alias="id")
    version: int
    request_id: str
    work_order_id: str
    quote_id: str
    procedure: str
    partner: str
    amount: Amount
    status: DepositStatus
    refund: RefundState
    kept_by: str
    requested_at: datetime
    decide_by: datetime | None
    steps: tuple[DepositStepAnswer, ...]
    allowed_actions: list[AllowedAction] = []


class PaymentPartAnswer(Answer):
    """The part of a payment that paid one charge."""

    charge_id: str
    amount_minor: int


class PaymentAnswer(Answer):
    """Money that came in, with the number of its receipt."""

    payment_id: str = Field(validation_alias="id")
    version: int
    request_id: str
    purpose: Purpose
    deposit_id: str
    parts: tuple[PaymentPartAnswer, ...]
    amount: Amount
    method: Method
    holder: Holder
    collected_by: str
    in_hands_of: str
    reference: str
    receipt: str
    receipt_year: int
    receipt_number: int
    received_at: datetime
    cleared_at: datetime | None
    allowed_actions: list[AllowedAction] = []


class EntryLineAnswer(Answer):
    """One line of an entry; debits are positive."""

    account: AccountName
    party: str
    amount_minor: int


class EntryAnswer(Answer):
    """One entry of the journal; its lines sum to zero."""

    entry_id: str = Field(validation_alias="id")
    request_id: str
    kind: EntryKind
    document_id: str
    currency: str
    lines: tuple[EntryLineAnswer, ...]
    posted_at: datetime
    posted_by: str


class AccountAnswer(Answer):
    """All that stands in the books for one request."""

    request_id: str
    version: int
    procedure: str
    currency: str
    owed: Amount
    held: Amount
    refund_due: Amount
    settled: bool
    quotes: list[QuoteAnswer]
    charges: list[ChargeAnswer]
    deposits: list[DepositAnswer]
    payments: list[PaymentAnswer]
    entries: list[EntryAnswer]
    allowed_actions: list[AllowedAction]


class ClearedAnswer(Answer):
    """What finance took over from a member of staff."""

    staff_id: str
    amount: Amount
    payment_ids: tuple[str, ...]
    cleared_at: datetime


def amount(minor: int, currency: str) -> Amount:
    """Money as it is read."""
    return Amount(amount_minor=minor, currency=currency)


def quote_answer(quote: Quote, viewer: Viewer) -> QuoteAnswer:
    """The quote as this viewer sees it; one that ran out unanswered is shown as expired."""
    answer = QuoteAnswer.model_validate(quote)
    path = f"quotes/{quote.id}"
    if not_to_refuse(quote) is None:
        answer.allowed_actions = viewer.action("billing.refuse_quote", f"{path}/refuse", "ReasonBody")
    if not_to_consent(quote, viewer.now) is None:
        answer.allowed_actions += viewer.action("billing.consent_quote", f"{path}/consent", "ConsentBody")
    if quote.expired(viewer.now):
        answer.status = "EXPIRED"
    return answer


def deposit_answer(deposit: Deposit, viewer: Viewer) -> DepositAnswer:
    """The deposit as this viewer sees it."""
    answer = DepositAnswer.model_validate(deposit)
    path = f"deposits/{deposit.id}"
    actions = answer.allowed_actions = []
    if not_possible(deposit, "hold") is None and viewer.collects:
        actions += viewer.action("billing.receive_payment", "payments", "PaymentBody")
    if viewer.hands_out(deposit) if deposit.refund == "due" else viewer.decides(deposit, "refund"):
        actions += viewer.action("billing.refund_deposit", f"{path}/refund", "RefundBody")
    if viewer.decides(deposit, "forfeit"):
        actions += viewer.action("billing.approve_forfeiture", f"{path}/approve-forfeiture", "ReasonBody")
    if viewer.decides(deposit, "waive"):
        actions += viewer.action("billing.waive_forfeiture", f"{path}/waive-forfeiture", "WaiveBody")
    return answer


def payment_answer(payment: Payment, viewer: Viewer) -> PaymentAnswer:
    """The payment as this viewer sees it."""
    answer = PaymentAnswer.model_validate(payment)
    if payment.in_hands_of not in ("", viewer.sub):
        path = f"door-cash/{payment.in_hands_of}/clear"
        answer.allowed_actions = viewer.action("billing.clear_door_cash", path, "ClearBody")
    return answer


def account_answer(
    accounts: Sequence[Account],
    currency: str,
    quotes: Sequence[Quote],
    charges: Sequence[Charge],
    deposits: Sequence[Deposit],
    payments: Sequence[Payment],
    entries: Sequence[Entry],
    viewer: Viewer,
) -> AccountAnswer:
    """The whole of a request's money; a request that became an emergency has two accounts, shown as one."""
    owed = sum(c.owed.amount_minor for c in charges)
    held = sum(d.amount.amount_minor for d in deposits if d.is_kept)
    due = sum(d.amount.amount_minor for d in deposits if d.refund == "due")
    asked = any(d.status == "REQUESTED" for d in deposits)
    pays = viewer.collects and (asked or payable(charges, viewer))
    actions = viewer.action("billing.receive_payment", "payments", "PaymentBody") if pays else []
    parts: list[Sequence[Aggregate]] = [accounts, quotes, charges, deposits, payments]
    return AccountAnswer(
        request_id=accounts[0].request_id,
        version=sum(part.version for group in parts for part in group),
        procedure=accounts[0].procedure,
        currency=currency,
        owed=amount(owed, currency),
        held=amount(held, currency),
        refund_due=amount(due, currency),
        settled=all(w.settled for a in accounts for w in a.works) and any(a.works for a in accounts),
        quotes=[quote_answer(q, viewer) for q in sorted(quotes, key=lambda q: q.offered_at)],
        charges=[charge_answer(c, viewer) for c in sorted(charges, key=lambda c: c.posted_at)],
        deposits=[deposit_answer(d, viewer) for d in sorted(deposits, key=lambda d: d.requested_at)],
        payments=[payment_answer(p, viewer) for p in sorted(payments, key=lambda p: p.received_at)],
        entries=[EntryAnswer.model_validate(e) for e in sorted(entries, key=lambda e: e.posted_at)],
        allowed_actions=actions,
    )
