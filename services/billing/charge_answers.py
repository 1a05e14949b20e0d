"""What callers read of a charge: what is owed, and in whose hands its slip is (P030)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from pydantic import BaseModel, ConfigDict, Field

from services.billing.domain.charge import Charge, Hands, not_noted, not_to_note
from services.billing.viewer import Viewer
from shared.http.actions import AllowedAction

DAY = timedelta(days=1)


class Answer(BaseModel):
    """Base of all answers."""

    model_config = ConfigDict(from_attributes=True)


class Amount(Answer):
    """Money: minor units and currency."""

    amount_minor: int
    currency: str


class ChargeAnswer(Answer):
    """What is owed for one work order; who has the slip of one collected at the door, and how long."""

    charge_id: str = Field(validation_alias="id")
    version: int
    request_id: str
    work_order_id: str
    quote_id: str
    slip: str
    amount: Amount
    paid: Amount
    owed: Amount
    posted_at: datetime
    hands: Hands
    hands_since: datetime | None
    days_in_hands: int = 0
    noted_at: datetime | None
    noted_by: str
    allowed_actions: list[AllowedAction] = []


class ChargePage(BaseModel):
    """Charges in those hands, the longest there first; `next` is the cursor of the page after this one."""

    items: list[ChargeAnswer]
    next: str | None


def charge_answer(charge: Charge, viewer: Viewer) -> ChargeAnswer:
    """The charge as this viewer sees it."""
    answer = ChargeAnswer.model_validate(charge)
    if charge.hands_since is not None:
        answer.days_in_hands = (viewer.now - charge.hands_since) // DAY
    if not_to_note(charge) is None:
        answer.allowed_actions = viewer.action("billing.note_charge", f"charges/{charge.id}/note", "")
    return answer


def payable(charges: Sequence[Charge], viewer: Viewer) -> bool:
    """Whether this viewer may take money for them: the oldest that is owed is paid first."""
    owed = sorted((c for c in charges if c.owed.amount_minor > 0), key=lambda c: (c.posted_at, c.id))
    return bool(owed) and (viewer.at_the_till or not_noted(owed[0]) is None)
