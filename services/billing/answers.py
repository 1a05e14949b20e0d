"""What callers of billing get to read, and which actions stand open to the one who reads (ruling J23).

The models take their fields from the aggregates by name; amounts are in minor units, times in UTC.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from services.billing.domain.deposit import Deposit, DepositStatus, RefundState
from services.billing.domain.ledger import AccountName, EntryKind
from services.billing.domain.payment import ENGINEERING, Method, Payment, Purpose
from services.billing.domain.postings import Holder
from services.billing.domain.quote import ConsentBy, ConsentHow, FreeReason, Quote
from shared.catalogue.model import BillingRules
from shared.http.actions import AllowedAction
from shared.policy import Policy

QuoteState = Literal["OFFERED", "CONSENTED", "REFUSED", "EXPIRED", "SUPERSEDED", "VOID"]


@dataclass(frozen=True, slots=True)
class Viewer:
    """The person who reads, with his roles here. `rules` are those of the request, where they are at hand."""

    property_id: str
    roles: frozenset[str]
    policy: Policy
    now: datetime
    rules: BillingRules | None = None

    @property
    def collects(self) -> bool:
        """Whether the catalogue lets him take or hand out money; true where the rules are not at hand."""
        allowed = self.rules is None or bool(self.roles & set(self.rules.collected_by))
        return allowed and not self.roles & ENGINEERING

    @property
    def decides(self) -> bool:
        """Whether the catalogue lets him decide over deposits; true where the rules are not at hand."""
        return self.rules is None or bool(self.roles & set(self.rules.forfeiture_approver))

    def action(self, name: str, path: str, body: str) -> list[AllowedAction]:
        """That action, if the policy lets the viewer do it."""
        if not self.policy.may(self.roles, name):
            return []
        return [AllowedAction(action=name, path=f"/v1/properties/{self.property_id}/{path}", body=body)]


class Answer(BaseModel):
    """Base of all answers."""

    model_config = ConfigDict(from_attributes=True)


class Amount(Answer):
    """Money: minor units and currency."""

    amount_minor: int
    currency: str


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


class ChargeAnswer(Answer):
    """What is owed for one work order."""

    charge_id: str = Field(validation_alias="id")
    version: int
    request_id: str
    work_order_id: str
    quote_id: str
    amount: Amount
    paid: Amount
    owed: Amount
    posted_at: datetime


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
    if quote.status != "OFFERED":
        return answer
    answer.allowed_actions = viewer.action("billing.refuse_quote", f"quotes/{quote.id}/refuse", "ReasonBody")
    if quote.expired(viewer.now):
        answer.status = "EXPIRED"
    else:
        path = f"quotes/{quote.id}/consent"
        answer.allowed_actions += viewer.action("billing.consent_quote", path, "ConsentBody")
    return answer


def deposit_answer(deposit: Deposit, viewer: Viewer) -> DepositAnswer:
    """The deposit as this viewer sees it."""
    answer = DepositAnswer.model_validate(deposit)
    path = f"deposits/{deposit.id}"
    if deposit.status == "REQUESTED" and viewer.collects:
        answer.allowed_actions = viewer.action("billing.receive_payment", "payments", "PaymentBody")
    elif (deposit.status == "HELD" and viewer.decides) or (deposit.refund == "due" and viewer.collects):
        answer.allowed_actions = viewer.action("billing.refund_deposit", f"{path}/refund", "RefundBody")
    elif deposit.status == "DISPUTED" and viewer.decides:
        approve = viewer.action("billing.approve_forfeiture", f"{path}/approve-forfeiture", "ReasonBody")
        waive = viewer.action("billing.waive_forfeiture", f"{path}/waive-forfeiture", "WaiveBody")
        answer.allowed_actions = approve + waive
    return answer


def payment_answer(payment: Payment, viewer: Viewer) -> PaymentAnswer:
    """The payment as this viewer sees it."""
    answer = PaymentAnswer.model_validate(payment)
    if payment.in_hands_of:
        path = f"door-cash/{payment.in_hands_of}/clear"
        answer.allowed_actions = viewer.action("billing.clear_door_cash", path, "ClearBody")
    return answer
