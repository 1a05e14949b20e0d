"""The repair flow as a table: P018, P020, P021, P022, P023 (002 §五.2; 004 篇4 §一).

An emergency may start at once and is written up afterwards (P020). Work in a public area costs no owner
anything and needs no quote. A response to an emergency runs the same flow.
"""

from __future__ import annotations

from services.dispatch.domain.flow import NOT_NOW, Flow, Line
from services.dispatch.domain.model import Status, WorkOrder


def _set(*statuses: Status) -> frozenset[Status]:
    return frozenset(statuses)


def _collected(order: WorkOrder) -> str:
    if order.emergency or order.rules.mode != "collect":
        return ""
    return "The department has not collected the slip yet; it does so first (P027)."


def _may_come(order: WorkOrder) -> str:
    if order.emergency:
        return ""
    if order.area == "indoor":
        return "Nobody has called the owner yet; nobody comes into a home unannounced (R9)."
    return _collected(order)


def _emergency(order: WorkOrder) -> str:
    return "" if order.emergency else NOT_NOW


def _costs(order: WorkOrder) -> str:
    return "" if order.rules.quote_needed else "This work costs the owner nothing; no quote is needed."


def _free(order: WorkOrder) -> str:
    return "The owner has not agreed to a price yet (P014)." if order.rules.quote_needed else ""


def _answered(order: WorkOrder) -> str:
    waits = order.quote is not None and order.quote.state == "offered"
    return "The owner has not answered the quote yet." if waits else ""


def _paperwork(order: WorkOrder) -> str:
    return _emergency(order) or _costs(order)


def _home(order: WorkOrder) -> str:
    if order.kind == "response" or order.area != "indoor":
        return "Only the owner of a home can withdraw a repair (P023)."
    return ""


WAITING_STATES = _set("ISSUED", "COLLECTED", "CONTACTED")
BEFORE_START = WAITING_STATES | _set("ON_SITE", "ITEM_CONFIRMED", "QUOTED", "CONSENTED", "OBJECTED")

REPAIR: Flow = {
    "collect": (Line(_set("ISSUED"), "COLLECTED"),),
    "cannot": (Line(WAITING_STATES, "ISSUED"),),
    "assign": (Line(WAITING_STATES),),
    "contact": (
        Line(_set("ISSUED"), "CONTACTED", _collected),
        Line(_set("COLLECTED", "CONTACTED"), "CONTACTED"),
    ),
    "arrive": (Line(_set("CONTACTED"), "ON_SITE"), Line(_set("ISSUED", "COLLECTED"), "ON_SITE", _may_come)),
    "no-show": (Line(_set("CONTACTED", "ON_SITE"), "COLLECTED"),),
    "confirm-item": (
        Line(_set("ON_SITE"), "ITEM_CONFIRMED"),
        Line(_set("STARTED", "REPAIRED"), "", _emergency),
    ),
    "quote": (
        Line(_set("ITEM_CONFIRMED", "QUOTED", "OBJECTED"), "QUOTED", _costs),
        Line(_set("STARTED", "REPAIRED"), "", _paperwork),
    ),
    "start": (
        Line(_set("CONSENTED"), "STARTED"),
        Line(_set("ITEM_CONFIRMED"), "STARTED", _free),
        Line(BEFORE_START, "STARTED", _emergency),
    ),
    "complete": (Line(_set("STARTED"), "REPAIRED"),),
    "sign": (Line(_set("REPAIRED"), "", _answered), Line(_set("WITHDRAWAL_MARKED"))),
    "withdraw": (
        Line(
            _set("ON_SITE", "ITEM_CONFIRMED", "QUOTED", "CONSENTED", "OBJECTED"), "WITHDRAWAL_MARKED", _home
        ),
    ),
    "hand-over": (Line(BEFORE_START - WAITING_STATES | _set("CONTACTED", "STARTED")),),
}
