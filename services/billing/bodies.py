"""What callers send to billing. Shapes and sizes only; nothing extra is accepted."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StrictInt,
    StringConstraints,
)

from services.billing.domain.payment import CLEAR_MAX, Method, Purpose
from shared.ids import ID_PATTERN
from shared.moments import normalised
from shared.money import AMOUNT_MINOR_MAX
from shared.texts.say import say

Id = Annotated[str, StringConstraints(pattern=ID_PATTERN)]
MaybeId = Annotated[str, StringConstraints(pattern=rf"^$|{ID_PATTERN}")]
Reason = Annotated[str, StringConstraints(strip_whitespace=True, max_length=300)]


def _written(value: object) -> object:
    """A moment is written out; a bare number is none."""
    if not isinstance(value, str) or "T" not in value.upper():
        raise ValueError(say("must be a moment such as 2026-03-01T08:00:00+08:00"))
    return value


At = Annotated[datetime, BeforeValidator(_written), AfterValidator(normalised)]


class Body(BaseModel):
    """Base of all bodies."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class AmountBody(Body):
    """Money in minor units of the ledger's currency."""

    amount_minor: Annotated[StrictInt, Field(ge=1, le=AMOUNT_MINOR_MAX)]
    currency: Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$")]


class ConsentBody(Body):
    """Who agreed to the price and how it reached us. `total`: what the owner was told, to be compared."""

    consented_by: Literal["owner", "household", "agent"] = "owner"
    how: Literal["on_site", "counter", "phone", "written", "link"] = "on_site"
    total: AmountBody | None = None


class ReasonBody(Body):
    """A reason, if there is one."""

    reason: Reason = ""


class WaiveBody(Body):
    """Why the owner gets the deposit back although the cancellation was late."""

    reason: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=300)]


class RefundBody(Body):
    """How a refund that is due is handed out; or why a held deposit is released."""

    method: Method = "cash"
    reason: Reason = ""


class PaymentBody(Body):
    """Money that came in. The caller makes `payment_id`, so that the same payment twice is one.

    `deposit_id` is only needed where several deposits are asked for; `reference` is the bank's or the
    terminal's.
    """

    payment_id: MaybeId = ""
    request_id: Id
    purpose: Purpose
    amount: AmountBody
    method: Method
    deposit_id: MaybeId = ""
    reference: Annotated[str, StringConstraints(strip_whitespace=True, max_length=64)] = ""


class ClearBody(Body):
    """The payments finance takes over, and the cash it counted."""

    payment_ids: Annotated[tuple[Id, ...], Field(min_length=1, max_length=CLEAR_MAX)]
    counted: AmountBody
