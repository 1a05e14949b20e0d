"""What may follow what at the door and inside, and what the other steps of a repair ask of it (P016, P017).

In an emergency nobody waits at a door (P020); a public place has none.
"""

from __future__ import annotations

from services.dispatch.domain.flow import NOT_NOW, Flow, Line, Why
from services.dispatch.domain.model import Status, WorkOrder
from services.dispatch.domain.site import HELPERS_MAX
from shared.texts.say import say


def statuses(*names: Status) -> frozenset[Status]:
    """These statuses."""
    return frozenset(names)


WAITING = statuses("ISSUED", "COLLECTED", "CONTACTED")
# A visit may go on in these: who leaves and comes again finds the work where it was.
VISITED = statuses("ON_SITE", "ITEM_CONFIRMED", "QUOTED", "CONSENTED", "OBJECTED", "STARTED")


def unattended(order: WorkOrder) -> bool:
    """Whether nobody is on the spot, though somebody may have the slip: not there yet, or gone again."""
    return order.status in WAITING or (order.status in VISITED and order.there.place in ("away", "expected"))


def ordered(order: WorkOrder) -> Why:
    """Nobody comes to a home without the household's order (R9)."""
    if order.at_home and not order.there.ordered:
        return say("Nobody of the household has ordered this; call the owner and record who orders it (R9).")
    return ""


def inside(order: WorkOrder) -> Why:
    """Work in a home is done inside, not from the door or from far."""
    if order.site is None or order.site.place in ("", "inside"):
        return ""
    if order.at_home or order.site.place in ("away", "expected"):
        return say(
            "The technician is not inside: he arrives, rings, shows the form and goes in first (P016, P017)."
        )
    return ""


def expected(order: WorkOrder) -> Why:
    """Who left comes again at a time that was agreed."""
    if order.there.place == "expected" or (order.there.place == "away" and not order.at_home):
        return ordered(order)
    if order.there.place == "away":
        return say("No time has been agreed for the next visit yet; call the owner first (R9).")
    return NOT_NOW


def left(order: WorkOrder) -> Why:
    """He has left and will come again."""
    return "" if order.there.place in ("away", "expected") else NOT_NOW


def not_at_home(order: WorkOrder) -> Why:
    """Nobody is at home: known only after both bells (P016)."""
    if order.area != "indoor":
        return say("A public place has nobody at home.")
    if order.emergency:
        return ""
    if order.there.place not in ("", "door"):
        return say("The technician is not at the door.")
    if len(order.there.rang_at) < order.rules.bells:
        times, wait = order.rules.bells, order.rules.bell_wait_minutes
        return say(
            "Ring {times} times, {wait} minutes apart, before nobody counts as being at home (P016).",
            times=times,
            wait=wait,
        )
    return ""


def cleaned(order: WorkOrder) -> Why:
    """The place is cleaned before anybody signs (P017)."""
    if order.at_home and order.site is not None and order.site.cleaned_at is None:
        return say("The place has to be cleaned before the owner signs (P017).")
    return ""


def _at_door(order: WorkOrder) -> Why:
    if not order.at_home:
        return say("Only a home has a door to wait at.")
    return "" if order.there.place == "door" else say("The technician is not at the door.")


def _may_ring(order: WorkOrder) -> Why:
    if len(order.there.rang_at) >= order.rules.bells:
        return say("The bell was rung {times} times; nobody rings again (P016).", times=order.rules.bells)
    return _at_door(order)


def _may_show(order: WorkOrder) -> Why:
    if not order.there.rang_at:
        return _at_door(order) or say("Ring first (P016).")
    return _at_door(order)


def _may_enter(order: WorkOrder) -> Why:
    if order.there.form_confirmed:
        return _at_door(order)
    return _at_door(order) or say("The owner has not confirmed the service form; nobody goes in (P017).")


def _there(order: WorkOrder) -> Why:
    return "" if order.there.place in ("", "door", "inside") else say("The technician has left already.")


def _promised(order: WorkOrder) -> Why:
    if order.appointment_at is None or order.there.place not in ("", "expected"):
        return say("There is no appointment that he could be late for.")
    return "" if order.at_home else NOT_NOW


def _owner(order: WorkOrder) -> Why:
    return "" if order.area == "indoor" and order.kind == "repair" else NOT_NOW


def _not_cleaned(order: WorkOrder) -> Why:
    return "" if order.there.cleaned_at is None else say("The place is clean already.")


def _room(order: WorkOrder) -> Why:
    return "" if len(order.there.helpers) < HELPERS_MAX else say("This slip has its helpers already.")


def _unsigned(order: WorkOrder) -> Why:
    if any(s.signer == "owner" for s in order.signatures):
        return say("The owner has signed; if he is not satisfied, the request is opened again.")
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
