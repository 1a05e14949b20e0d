"""The repair flow as a table: P018, P020, P021, P022, P023 (002 §五.2; 004 篇4 §一).

The steps at the door and inside are in `onsite_flow`, what may happen besides in `side_flow`.

An emergency may start at once and is written up afterwards (P020). Work in a public area costs no owner
anything and needs no quote. A response to an emergency runs the same flow.
"""

from __future__ import annotations

from services.dispatch.domain.flow import HAND_IN, NOT_NOW, Flow, Line, Why, assigned
from services.dispatch.domain.model import WorkOrder
from services.dispatch.domain.onsite_flow import (
    ONSITE,
    VISITED,
    cleaned,
    expected,
    inside,
    left,
    not_at_home,
    ordered,
)
from services.dispatch.domain.onsite_flow import statuses as _set
from services.dispatch.domain.side_flow import SIDE, signed_notice
from shared.texts.say import say


def _collected(order: WorkOrder) -> Why:
    if order.emergency or order.rules.mode == "push":
        return signed_notice(order)
    return say("The department has not collected the slip yet; it does so first (P027).")


def _may_come(order: WorkOrder) -> Why:
    if order.emergency:
        return ""
    if order.area == "indoor":
        return say("Nobody has called the owner yet; nobody comes into a home unannounced (R9).")
    return _collected(order)


def _emergency(order: WorkOrder) -> Why:
    return "" if order.emergency else NOT_NOW


def _costs(order: WorkOrder) -> Why:
    return "" if order.rules.quote_needed else say("This work costs the owner nothing; no quote is needed.")


def _free(order: WorkOrder) -> Why:
    if order.rules.quote_needed:
        return say("The owner has not agreed to a price yet (P014).")
    return inside(order)


def _complete(order: WorkOrder) -> Why:
    if order.quote is not None and order.quote.state == "offered":
        return say("The owner has not answered the quote yet.")
    if order.emergency and not order.item:
        return say("The slip does not say yet what was found; write it first (P020).")
    return cleaned(order)


def _agreed(order: WorkOrder) -> Why:
    if order.quote is not None and order.quote.state == "consented":
        return say("The owner has agreed to this price; it cannot be changed any more (P014).")
    return ""


def _work_unsigned(order: WorkOrder) -> Why:
    if any(s.signer == "technician" for s in order.signatures):
        return say("Who did the work has signed for it already (P022).")
    return "" if "technician" in order.rules.signatures else NOT_NOW


def _paperwork(order: WorkOrder) -> Why:
    return _agreed(order) or _emergency(order) or _costs(order)


def _home(order: WorkOrder) -> Why:
    if order.kind == "response" or order.area != "indoor":
        return say("Only the owner of a home can withdraw a repair (P023).")
    return ""


WAITING_STATES = _set("ISSUED", "COLLECTED", "CONTACTED")
BEFORE_START = WAITING_STATES | _set("ON_SITE", "ITEM_CONFIRMED", "QUOTED", "CONSENTED", "OBJECTED")

REPAIR: Flow = {
    "collect": (Line(_set("ISSUED"), "COLLECTED", signed_notice),),
    "cannot": (Line(WAITING_STATES, "ISSUED", assigned),),
    "assign": (Line(WAITING_STATES, "", signed_notice),),
    "contact": (
        Line(_set("ISSUED"), "CONTACTED", _collected),
        Line(_set("COLLECTED", "CONTACTED"), "CONTACTED"),
        Line(VISITED, "", left),
    ),
    "arrive": (
        Line(_set("CONTACTED"), "ON_SITE", ordered),
        Line(_set("ISSUED", "COLLECTED"), "ON_SITE", _may_come),
        Line(VISITED, "", expected),
    ),
    "no-show": (
        Line(_set("ON_SITE"), "COLLECTED", not_at_home),
        Line(VISITED - _set("ON_SITE"), "", not_at_home),
    ),
    "confirm-item": (
        Line(_set("ON_SITE"), "ITEM_CONFIRMED", inside),
        Line(_set("STARTED", "REPAIRED"), "", _emergency),
    ),
    "quote": (
        Line(_set("ITEM_CONFIRMED", "QUOTED", "OBJECTED"), "QUOTED", _costs),
        Line(_set("CONSENTED"), "QUOTED", _agreed),
        Line(_set("STARTED", "REPAIRED"), "", _paperwork),
    ),
    "start": (
        Line(_set("CONSENTED"), "STARTED", inside),
        Line(_set("ITEM_CONFIRMED"), "STARTED", _free),
        Line(BEFORE_START, "STARTED", _emergency),
    ),
    "complete": (Line(_set("STARTED"), "REPAIRED", inside),),
    "sign": (Line(_set("REPAIRED"), "", _complete), Line(_set("WITHDRAWAL_MARKED"))),
    "withdraw": (
        Line(
            _set("ON_SITE", "ITEM_CONFIRMED", "QUOTED", "CONSENTED", "OBJECTED"), "WITHDRAWAL_MARKED", _home
        ),
    ),
    "hand-over": (
        Line(BEFORE_START - WAITING_STATES | _set("CONTACTED", "STARTED")),
        Line(_set("REPAIRED"), "", _work_unsigned),
    ),
    **ONSITE,
    **SIDE,
    **HAND_IN,
}
