"""Missing material, from the workshop to the buyer and back (P028, 004 篇4 §一.5).

The owner's deadline does not pause; a time that cannot be kept is moved by an extension (P013).
"""

from __future__ import annotations

import dataclasses
from datetime import datetime
from typing import Any

from services.dispatch.domain.flow import Actor, Change, check, step
from services.dispatch.domain.model import WorkOrder
from services.dispatch.domain.repair_flow import REPAIR
from services.dispatch.domain.side import Material
from services.dispatch.domain.side_flow import not_its_head
from shared.deadlines import add_calendar_days
from shared.errors import demand

PURCHASE_SERIES = "purchase"


def missing(
    order: WorkOrder, actor: Actor, now: datetime, name: str, quantity: str, report_due_at: datetime
) -> Change:
    """Material is missing; the head's days to report it count from the collection of the slip."""
    check(REPAIR, order, "lack-material")
    count = order.material.count + 1 if order.material is not None else 1
    after = dataclasses.replace(order, material=Material(name, quantity, now, report_due_at, count=count))
    return Change(after, (step(after, "material_missing", actor.by, now),))


def report_due_at(collected_at: datetime, days: int, zone: str) -> datetime:
    """Until when the department head reports, in calendar days (domain §8.3.12)."""
    return add_calendar_days(collected_at, days, zone)


def reported(order: WorkOrder, actor: Actor, now: datetime) -> Change:
    """The head has reported to the office."""
    check(REPAIR, order, "report-material")
    demand(not_its_head(order, actor))
    after = _with(order, state="REPORTED", reported_at=now)
    return Change(after, (step(after, "material_reported", actor.by, now),))


def ordered(order: WorkOrder, actor: Actor, now: datetime, number: int, year: int) -> Change:
    """The office has filed the purchase slip, with a number of its own series."""
    check(REPAIR, order, "file-purchase")
    after = _with(order, state="ORDERED", purchase_slip=f"P{year:04d}-{number:06d}")
    return Change(after, (step(after, "purchase_filed", actor.by, now),))


def purchase_of(order: WorkOrder) -> str:
    """What the number of a purchase slip is bound to."""
    return f"{order.id}:{order.material.count if order.material is not None else 0}"


def bought(order: WorkOrder, actor: Actor, now: datetime) -> Change:
    """The material is there: the work goes on."""
    check(REPAIR, order, "bought")
    after = _with(order, state="BOUGHT", settled_at=now)
    return Change(after, (step(after, "material_bought", actor.by, now),))


def unobtainable(order: WorkOrder, actor: Actor, now: datetime, explanation: str) -> Change:
    """The buyer cannot get it: the office and, with the explanation, the department head are told."""
    check(REPAIR, order, "unobtainable")
    after = _with(order, state="UNOBTAINABLE", settled_at=now, explanation=explanation)
    return Change(after, (step(after, "material_unobtainable", actor.by, now, explanation),))


def _with(order: WorkOrder, **changes: Any) -> WorkOrder:
    assert order.material is not None
    return dataclasses.replace(order, material=dataclasses.replace(order.material, **changes))
