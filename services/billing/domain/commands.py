"""What people (and one timer) ask billing for.

Who may is in the policy; who else decides is in the catalogue.
"""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from services.billing.domain.payment import CLEAR_MAX, Method, Purpose
from shared.events.envelope import Amount
from shared.ids import ID_PATTERN
from shared.kernel.unit import Command

Id = Annotated[str, Field(pattern=ID_PATTERN)]
Reason = Annotated[str, Field(max_length=300)]


class ConsentQuote(Command):
    """The owner agrees to the price. `total` is what the owner was told, if the caller wants it compared."""

    NAME: ClassVar[str] = "billing.consent_quote"
    quote_id: Id
    consented_by: Literal["owner", "household", "agent"] = "owner"
    how: Literal["on_site", "counter", "phone", "written", "link"] = "on_site"
    total: Amount | None = None


class RefuseQuote(Command):
    """The owner does not agree."""

    NAME: ClassVar[str] = "billing.refuse_quote"
    quote_id: Id
    reason: Reason = ""


class ReceivePayment(Command):
    """Money came in for a request. `deposit_id` is only needed where a request has several."""

    NAME: ClassVar[str] = "billing.receive_payment"
    payment_id: Id
    request_id: Id
    purpose: Purpose
    amount: Amount
    method: Method
    deposit_id: str = Field("", max_length=64)
    reference: str = Field("", max_length=64)


class NoteCharge(Command):
    """Finance notes a charge that is collected at the door (P030)."""

    NAME: ClassVar[str] = "billing.note_charge"
    charge_id: Id


class RefundDeposit(Command):
    """Release a held deposit to its owner (a decider), or hand out a refund that is due (a collector)."""

    NAME: ClassVar[str] = "billing.refund_deposit"
    deposit_id: Id
    method: Method = "cash"
    reason: Reason = ""


class ApproveForfeiture(Command):
    """The owner loses the deposit."""

    NAME: ClassVar[str] = "billing.approve_forfeiture"
    deposit_id: Id
    reason: Reason = ""


class WaiveForfeiture(Command):
    """The owner gets the deposit back although the cancellation was late."""

    NAME: ClassVar[str] = "billing.waive_forfeiture"
    deposit_id: Id
    reason: Annotated[str, Field(min_length=1, max_length=300)]


class RemindForfeiture(Command):
    """A timer's: the decision about a forfeiture is overdue. It decides nothing (J4)."""

    NAME: ClassVar[str] = "billing.remind_forfeiture"
    deposit_id: Id
    step: int = 0


class ClearDoorCash(Command):
    """Finance counts what a member of staff collected and takes it over."""

    NAME: ClassVar[str] = "billing.clear_door_cash"
    staff_id: Id
    payment_ids: Annotated[tuple[Id, ...], Field(min_length=1, max_length=CLEAR_MAX)]
    counted: Amount
