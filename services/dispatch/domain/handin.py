"""The month's hand-in: handled slips go to the office by its last day (P029, 004 篇4 §一.6-7)."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from datetime import datetime

from services.dispatch.domain.assignment import FLOWS
from services.dispatch.domain.flow import Actor, Change, check, step
from services.dispatch.domain.model import WorkOrder


@dataclass(frozen=True, slots=True)
class SlipCheck:
    """That the numbers of a property were checked in a night; `id` is the date there."""

    property_id: str
    id: str
    version: int = 0
    complete: bool = True
    checked_at: datetime | None = None


def handed_in(order: WorkOrder, actor: Actor, now: datetime) -> Change:
    """The slip is at the office; it keeps its number and its month."""
    check(FLOWS[order.kind], order, "hand-in")
    after = dataclasses.replace(order, handed_in_at=now)
    return Change(after, (step(after, "handed_in", actor.by, now),))
