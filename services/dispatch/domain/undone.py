"""A slip that could not be carried out (退单): head, office, customer service, owner (P029, 004 篇4 §一.6).

It is no refusal: it was collected (R6), it needs the head's signature, and it stays open until the owner has
been told. Its number is kept.
"""

from __future__ import annotations

import dataclasses
from datetime import datetime
from typing import Any

from services.dispatch.domain.flow import Actor, Change, check, moved, step
from services.dispatch.domain.model import WorkOrder
from services.dispatch.domain.repair_flow import REPAIR
from services.dispatch.domain.side import Undone
from services.dispatch.domain.side_flow import not_its_head
from shared.errors import demand
from shared.events.dispatch import WorkNotDone


def returned(order: WorkOrder, actor: Actor, now: datetime, reason: str) -> Change:
    """The slip comes back with the reason."""
    after = moved(order, check(REPAIR, order, "return-undone"), now)
    after = dataclasses.replace(after, undone=Undone(reason, actor.by, now))
    return Change(after, (step(after, "returned_undone", actor.by, now, reason),))


def signed(order: WorkOrder, actor: Actor, now: datetime) -> Change:
    """The head of the department stands for it."""
    after = moved(order, check(REPAIR, order, "sign-undone"), now)
    demand(not_its_head(order, actor))
    after = _with(after, signed_by=actor.by, signed_at=now)
    return Change(after, (step(after, "undone_signed", actor.by, now),))


def carry_on(order: WorkOrder, actor: Actor, now: datetime, reason: str) -> Change:
    """It can be done after all, and by us: the slip is in the department's hands again, and what a party was
    given moves the owner's deadline no more.
    """
    after = moved(order, check(REPAIR, order, "carry-on"), now)
    ours = order.outside.owner_due_at if order.outside is not None else None
    if ours is not None and order.due_at is not None:
        due_at, since = min(ours, order.due_at), order.reported_at or now
        after = dataclasses.replace(after, due_at=due_at, clock_from=since, escalated_percent=0)
    after = dataclasses.replace(after, undone=None, outside=None, appointment_at=None)
    if after.site is not None:
        after = dataclasses.replace(after, site=dataclasses.replace(after.site, place="", rang_at=()))
    return Change(after, (step(after, "carried_on", actor.by, now, reason),))


def passed(order: WorkOrder, actor: Actor, now: datetime) -> Change:
    """Through the office to customer service."""
    after = moved(order, check(REPAIR, order, "pass-undone"), now)
    after = _with(after, passed_by=actor.by, passed_at=now)
    return Change(after, (step(after, "undone_with_cs", actor.by, now),))


def told(order: WorkOrder, actor: Actor, now: datetime, words: str) -> Change:
    """The owner has been told: only now does the slip end."""
    after = moved(order, check(REPAIR, order, "tell-undone"), now)
    after = _with(after, told_by=actor.by, told_at=now)
    fact = WorkNotDone(work_order_id=order.id, request_id=order.request_id, slip=order.slip, told_at=now)
    return Change(after, (step(after, "owner_told_undone", actor.by, now, words), fact))


def _with(order: WorkOrder, **changes: Any) -> WorkOrder:
    assert order.undone is not None
    return dataclasses.replace(order, undone=dataclasses.replace(order.undone, **changes))
