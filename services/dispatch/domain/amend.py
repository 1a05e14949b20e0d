"""A slip that is out is corrected: another place, another trade, another start, another urgency (J18, J25).

Pure.

The number never changes. A car whose start moves has to be confirmed by the partner again.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from datetime import datetime
from typing import cast

from services.dispatch.domain.deadlines import due_at
from services.dispatch.domain.errand import BEFORE_BOOKING
from services.dispatch.domain.flow import Change, at, step
from services.dispatch.domain.issue import start_of, terms_of
from services.dispatch.domain.model import Area, WorkOrder
from services.dispatch.domain.repair_flow import BEFORE_START
from shared.catalogue.model import BillingRules, DispatchRules
from shared.events.intake import RequestAmended, Urgency

PRICED = frozenset({"QUOTED", "CONSENTED", "OBJECTED"})  # a repair the owner was asked to pay for


@dataclass(frozen=True, slots=True)
class Rules:
    """What the catalogue says about the order, and where its property is."""

    dispatch: DispatchRules
    billing: BillingRules | None
    zone: str


def amended(order: WorkOrder, event: RequestAmended, rules: Rules, now: datetime) -> Change:
    """The order after a correction of its request.

    The event has the whole of the place, old and new of the rest.
    """
    known = order.delivered_on if event.unit_id == order.unit_id else ""
    after = dataclasses.replace(
        order,
        unit_id=event.unit_id,
        building=event.building,
        place=event.place or order.place,
        delivered_on=event.delivered_on.isoformat() if event.delivered_on is not None else known,
    )
    category = event.changed.get("category", "")
    if category:
        skills = rules.dispatch.skills
        after = dataclasses.replace(
            after, category=category, skill=skills.get(category, skills.get("default", ""))
        )
    area = event.changed.get("area", "")
    if area in ("indoor", "public") and order.status in BEFORE_START:
        where = cast("Area", area)
        kept = order.rules
        terms = terms_of(order.kind, where, rules.dispatch, rules.billing, kept.collect_within_minutes)
        terms = dataclasses.replace(terms, mode=kept.mode)
        after = dataclasses.replace(after, area=where, terms=terms)
        if order.kind == "repair" and after.status in PRICED and not terms.quote_needed:  # P021
            after = dataclasses.replace(at(after, "ITEM_CONFIRMED", now), quote=None)
    start = start_of(None, {"start_at": event.changed.get("appointment_at", "")})
    if order.kind == "errand" and start is not None and start != order.appointment_at:
        return _moved(after, start, rules, now)
    return Change(after, (step(after, "amended", "system", now),)) if after != order else Change(order)


def _moved(order: WorkOrder, start: datetime, rules: Rules, now: datetime) -> Change:
    """Before anything is booked or paid the partner is asked again.

    Afterwards the owner has to cancel first (P066).
    """
    if order.status not in BEFORE_BOOKING or order.deposit == "held" or order.reported_at is None:
        return Change(order, (step(order, "start_not_moved", "system", now),))
    after = dataclasses.replace(
        at(order, "ASKED", now),
        appointment_at=start,
        due_at=due_at(rules.dispatch, order.urgency, order.reported_at, rules.zone, start),
        escalated_percent=0,
        booking=None,
        quote=None,
    )
    fact = step(after, "start_moved", "system", now)
    return Change(after, (fact.model_copy(update={"appointment_at": start}),))


def urgency_changed(
    order: WorkOrder, urgency: Urgency, since: datetime, due: datetime, name: str, now: datetime
) -> Change:
    """Another urgency: another deadline, a chain that begins anew, and the time to answer from now on."""
    after = dataclasses.replace(
        order,
        urgency=urgency,
        due_at=due,
        clock_from=since,
        escalated_percent=0,
        asked_at=now if order.asked_at is not None else None,
    )
    return Change(after, (step(after, name, "system", now),))
