"""How urgent a request is: by the lists, by a person, else general (domain §4.3, ruling J18).

Emergency and urgent list stay apart.
"""

from __future__ import annotations

from dataclasses import dataclass

from shared.catalogue.model import IntakeRules
from shared.errors import Conflict, Invalid
from shared.events.envelope import Lane
from shared.events.intake import Urgency
from shared.texts.say import listed, say, word

RANK: dict[Urgency, int] = {"general": 0, "urgent": 1, "emergency": 2}


@dataclass(frozen=True, slots=True)
class Decided:
    """The urgency and why:

    `list:<item>`, `person` or `default`. `hazard` is the item, empty if it is on no list.
    """

    urgency: Urgency
    by: str
    hazard: str = ""


def by_lists(rules: IntakeRules, hazard: str) -> Urgency:
    """What the lists say of an item; general if it is on neither. The urgency never goes below this."""
    if not hazard:
        return "general"
    if any(item.id == hazard for item in rules.emergency_list):
        return "emergency"
    return "urgent" if any(item.id == hazard for item in rules.urgent_list) else "general"


def decide(rules: IntakeRules, hazard: str, asked: Urgency | None) -> Decided:
    """The higher of what the lists say and what the person asks for.

    Raises Invalid for an item on no list, but in an emergency.
    """
    listed_as = by_lists(rules, hazard)
    if hazard and listed_as == "general":
        if asked != "emergency":
            items = (*rules.emergency_list, *rules.urgent_list)
            raise Invalid(
                "unknown-hazard",
                "This is on neither list.",
                field="hazard",
                accepted=listed(item.id for item in items) or "nothing: the procedure has no lists",
            )
        hazard = ""
    if asked is not None and RANK[asked] > RANK[listed_as]:
        return Decided(asked, "person", hazard)
    if hazard:
        return Decided(listed_as, f"list:{hazard}", hazard)
    return Decided(listed_as, "person" if asked is not None else "default")


def lane_of(urgency: Urgency, origin: str = "live") -> Lane:
    """The lane of a request, fixed when it is accepted. Imported history overtakes nobody (ruling J8)."""
    return "routine" if urgency == "general" or origin == "history" else "urgent"


def check_raise(current: Urgency, wanted: Urgency) -> None:
    """Anyone may raise. Raises Conflict if it would not be higher."""
    if RANK[wanted] <= RANK[current]:
        raise Conflict(
            "not-higher",
            say("It is {urgency} already.", urgency=word(current)),
            field="urgency",
            accepted="a higher urgency",
        )


def check_lower(current: Urgency, wanted: Urgency, floor: Urgency) -> None:
    """A supervisor may lower, never below what the lists say. Raises Conflict."""
    if RANK[wanted] >= RANK[current]:
        raise Conflict(
            "not-lower",
            say("It is {urgency} now.", urgency=word(current)),
            field="urgency",
            accepted="a lower urgency",
        )
    if RANK[wanted] < RANK[floor]:
        raise Conflict(
            "below-the-list",
            say("The list makes this {urgency} (ruling J18).", urgency=word(floor)),
            field="urgency",
            accepted=say("not below {urgency}", urgency=word(floor)),
        )
