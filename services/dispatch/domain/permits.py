"""What a person may do now with a work order: what the flow allows, less what is refused to him (J23).

Each refusal is the function that the step itself asks; here it only stands beside its action.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from services.dispatch.domain.assignment import FLOWS, not_to_give_out, not_to_hand_over
from services.dispatch.domain.flow import Action, Actor, allowed
from services.dispatch.domain.model import WorkOrder
from services.dispatch.domain.notice import not_the_notice_signer
from services.dispatch.domain.onsite import bell_too_soon, not_punctual
from services.dispatch.domain.repair import nothing_to_sign
from services.dispatch.domain.side_flow import not_its_head
from shared.errors import Rejected

HEAD = "department_head"
NO_ZONE = "UTC"  # the list says whether, not why: no time is shown


@dataclass(frozen=True, slots=True)
class Asked:
    """Who reads, and when. A head of a department is asked with his departments."""

    actor: Actor
    now: datetime


Refusal = Callable[[WorkOrder, Asked], Rejected | None]
REFUSALS: Mapping[Action, Refusal] = {
    "assign": lambda order, asked: not_to_give_out(order, asked.actor),
    "arrive": lambda order, asked: not_punctual(order, asked.now, NO_ZONE),
    "ring": lambda order, asked: bell_too_soon(order, asked.now, NO_ZONE),
    "sign": lambda order, asked: nothing_to_sign(order, asked.actor),
    "sign-notice": lambda order, asked: not_the_notice_signer(order, asked.actor),
    "hand-over": lambda order, asked: not_to_hand_over(order, asked.actor),
    "report-material": lambda order, asked: not_its_head(order, asked.actor),
    "sign-undone": lambda order, asked: not_its_head(order, asked.actor),
}


def possible(order: WorkOrder, asked: Asked) -> list[Action]:
    """The steps that would not be refused to this person for his role, himself, the state or the time."""
    return [
        action
        for action in allowed(FLOWS[order.kind], order)
        if (refusal := REFUSALS.get(action)) is None or refusal(order, asked) is None
    ]
