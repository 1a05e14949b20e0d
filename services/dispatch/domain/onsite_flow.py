"""What may follow what at the door and inside, and what the other steps of a repair ask of it (P016, P017).

In an emergency nobody waits at a door (P020); a public place has none.
"""

from __future__ import annotations

from services.dispatch.domain.flow import NOT_NOW, Flow, Line
from services.dispatch.domain.model import Status, WorkOrder
from services.dispatch.domain.site import HELPERS_MAX


def statuses(*names: Status) -> frozenset[Status]:
    """These statuses."""
    return frozenset(names)


WAITING = statuses("ISSUED", "COLLECTED", "CONTACTED")
# A visit may go on in these: who leaves and comes again finds the work where it was.
VISITED = statuses("ON_SITE", "ITEM_CONFIRMED", "QUOTED", "CONSENTED", "OBJECTED", "STARTED")


def unattended(order: WorkOrder) -> bool:
    """Whether nobody is on the spot, though somebody may have the slip: not there yet, or gone again."""
    return order.status in WAITING or (order.status in VISITED and order.there.place in ("away", "expected"))


def ordered(order: WorkOrder) -> str:
    """Nobody comes to a home without the household's order (R9)."""
    if order.at_home and not order.there.ordered:
        return "Nobody of the household has ordered this; call the owner and record who orders it (R9)."
    return ""


def inside(order: WorkOrder) -> str:
    """Work in a home is done inside, not from the door or from far."""
    if order.site is None or order.site.place in ("", "inside"):
        return ""
    if order.at_home or order.site.place in ("away", "expected"):
        return (
            "The technician is not inside: he arrives, rings, shows the form and goes in first (P016, P017)."
        )
    return ""


def expected(order: WorkOrder) -> str:
    """Who left comes again at a time that was agreed."""
    if order.there.place == "expected" or (order.there.place == "away" and not order.at_home):
        return ordered(order)
    if order.there.place == "away":
        return "No time has been agreed for the next visit yet; call the owner first (R9)."
    return NOT_NOW


def left(order: WorkOrder) -> str:
    """He has left and will come again."""
    return "" if order.there.place in ("away", "expected") else NOT_NOW


def not_at_home(order: WorkOrder) -> str:
    """Nobody is at home: known only after both bells (P016)."""
    if order.area != "indoor":
        return "A public place has nobody at home."
    if order.emergency:
        return ""
    if order.there.place not in ("", "door"):
        return "The technician is not at the door."
    if len(order.there.rang_at) < order.rules.bells:
        times, wait = order.rules.bells, order.rules.bell_wait_minutes
        return f"Ring {times} times, {wait} minutes apart, before nobody counts as being at home (P016)."
    return ""


def cleaned(order: WorkOrder) -> str:
    """The place is cleaned before anybody signs (P017)."""
    if order.at_home and order.site is not None and order.site.cleaned_at is None:
        return "The place has to be cleaned before the owner signs (P017)."
    return ""


def _at_door(order: WorkOrder) -> str:
    if not order.at_home:
        return "Only a home has a door to wait at."
    return "" if order.there.place == "door" else "The technician is not at the door."


def _may_ring(order: WorkOrder) -> str:
    if len(order.there.rang_at) >= order.rules.bells:
        return f"The bell was rung {order.rules.bells} times; nobody rings again (P016)."
    return _at_door(order)


def _may_show(order: WorkOrder) -> str:
    if not order.there.rang_at:
        return _at_door(order) or "Ring first (P016)."
    return _at_door(order)


def _may_enter(order: WorkOrder) -> str:
    if order.there.form_confirmed:
        return _at_door(order)
    return _at_door(order) or "The owner has not confirmed the service form; nobody goes in (P017)."


def _there(order: WorkOrder) -> str:
    return "" if order.there.place in ("", "door", "inside") else "The technician has left already."


def _promised(order: WorkOrder) -> str:
    if order.appointment_at is None or order.there.place not in ("", "expected"):
        return "There is no appointment that he could be late for."
    return "" if order.at_home else NOT_NOW


def _owner(order: WorkOrder) -> str:
    return "" if order.area == "indoor" and order.kind == "repair" else NOT_NOW


def _not_cleaned(order: WorkOrder) -> str:
    return "" if order.there.cleaned_at is None else "The place is clean already."


def _room(order: WorkOrder) -> str:
    return "" if len(order.there.helpers) < HELPERS_MAX else "This slip has its helpers already."


def _unsigned(order: WorkOrder) -> str:
    if any(s.signer == "owner" for s in order.signatures):
        return "The owner has signed; if he is not satisfied, the request is opened again."
    return _owner(order)


ONSITE: Flow = {
    "ring": (Line(VISITED, "", _may_ring),),
    "show-form": (Line(VISITED, "", _may_show),),
    "enter": (Line(VISITED, "", _may_enter),),
    "leave": (Line(VISITED, "", _there),),
    "late": (Line(statuses("CONTACTED") | VISITED, "", _promised),),
    "wait-owner": (Line(statuses("COLLECTED", "CONTACTED") | VISITED, "", _owner),),
    "add-helper": (Line(WAITING | VISITED, "", _room),),
    "clean": (Line(statuses("STARTED", "REPAIRED"), "", _not_cleaned),),
    "redo": (Line(statuses("REPAIRED"), "STARTED", _unsigned),),
}
