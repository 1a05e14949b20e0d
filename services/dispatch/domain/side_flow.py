"""What may follow what around missing material, undone slips, others' matters and notices (P024-P029)."""

from __future__ import annotations

from collections.abc import Callable

from services.dispatch.domain.flow import NOT_NOW, Actor, Flow, Line, Why
from services.dispatch.domain.model import WorkOrder
from services.dispatch.domain.onsite_flow import VISITED, WAITING, statuses
from shared.errors import Forbidden
from shared.texts.say import say, word

UNDONE = statuses("UNDONE", "UNDONE_SIGNED", "UNDONE_WITH_CS")
OUTSIDE = statuses("WITH_SUPERVISOR", "TRANSFERRED", "SOLUTION_SET")
HELD = UNDONE | OUTSIDE | statuses("WITHDRAWAL_MARKED")  # nobody works on a slip in one of these
IN_HAND = statuses("COLLECTED", "CONTACTED") | VISITED


def signed_notice(order: WorkOrder) -> Why:
    """A notice is signed before the trade is told (P026); danger does not wait for it."""
    if order.rules.notice_signature and order.notice is None and not order.emergency:
        role = word(order.rules.notice_signature)
        return say("The {role} has not signed the notice yet (P026).", role=role)
    return ""


def _lacks(order: WorkOrder) -> Why:
    if order.material is not None and order.material.state in ("MISSING", "REPORTED", "ORDERED"):
        return say("{name} is being looked for already.", name=order.material.name)
    if order.collected_at is None:
        return say("The slip has not been collected yet.")
    return ""


def _material(*states: str) -> Callable[[WorkOrder], Why]:
    said = {
        "MISSING": say("No missing material waits to be reported."),
        "REPORTED": say("No reported material waits for its purchase slip."),
        "ORDERED": say("No purchase slip is out for this work."),
    }

    def guard(order: WorkOrder) -> Why:
        found = order.material is not None and order.material.state in states
        return "" if found else said[states[0]]

    return guard


def _not_danger(order: WorkOrder) -> Why:
    return say("An emergency is dealt with first, whoever's it is (P020).") if order.emergency else ""


def _undone(order: WorkOrder) -> Why:
    return _not_danger(order) or ("" if order.kind == "repair" else NOT_NOW)


def _followed(order: WorkOrder) -> Why:
    if order.outside is None or order.outside.kind != "warranty":
        return say("No solution has been set and told to the owner yet (P025).")
    return "" if order.outside.followed else say("Nobody has asked the developer yet how far it is (P024).")


def _told(order: WorkOrder) -> Why:
    told = order.outside is not None and order.outside.owner_told_at is not None
    return "" if told else say("The owner has not been told of the solution yet (P025).")


def _untold(order: WorkOrder) -> Why:
    return "" if _told(order) else say("The owner has been told of the solution already.")


def _unsigned(order: WorkOrder) -> Why:
    return "" if signed_notice(order) else say("This slip waits for no signature under a notice.")


def not_its_head(order: WorkOrder, actor: Actor) -> Forbidden | None:
    """Of a department's own matters its head speaks, nobody known to belong to another (P028, P029)."""
    if not actor.departments or order.department in actor.departments:
        return None
    theirs = ", ".join(sorted(actor.departments))
    return Forbidden(
        "other-department",
        say(
            "{by} heads {other}; slip {slip} is {department}'s.",
            by=actor.by,
            other=theirs,
            slip=order.slip,
            department=word(order.department),
        ),
        field="action",
        accepted=say("the head of {department}", department=word(order.department)),
    )


EVERYWHERE = WAITING | VISITED | statuses("REPAIRED")
SIDE: Flow = {
    "lack-material": (Line(IN_HAND, "", _lacks),),
    "report-material": (Line(EVERYWHERE, "", _material("MISSING")),),
    "file-purchase": (Line(EVERYWHERE, "", _material("REPORTED")),),
    "bought": (Line(EVERYWHERE, "", _material("ORDERED")),),
    "unobtainable": (Line(EVERYWHERE, "", _material("ORDERED")),),
    "return-undone": (Line(IN_HAND, "UNDONE", _undone),),
    "sign-undone": (Line(statuses("UNDONE"), "UNDONE_SIGNED"),),
    "carry-on": (Line(statuses("UNDONE") | OUTSIDE, "COLLECTED"),),
    "pass-undone": (Line(statuses("UNDONE_SIGNED"), "UNDONE_WITH_CS"),),
    "tell-undone": (Line(statuses("UNDONE_WITH_CS"), "NOT_DONE"),),
    "report-outside": (Line(WAITING | VISITED, "WITH_SUPERVISOR", _undone),),
    "transfer": (Line(WAITING | VISITED | UNDONE | statuses("WITH_SUPERVISOR"), "TRANSFERRED", _undone),),
    "follow-up": (Line(statuses("TRANSFERRED", "SOLUTION_SET")),),
    "set-solution": (Line(OUTSIDE, "SOLUTION_SET"),),
    "tell-solution": (Line(statuses("SOLUTION_SET"), "", _untold),),
    "finish-outside": (
        Line(statuses("TRANSFERRED"), "CLOSED", _followed),
        Line(statuses("SOLUTION_SET"), "CLOSED", _told),
    ),
    "sign-notice": (Line(statuses("ISSUED"), "", _unsigned),),
}
