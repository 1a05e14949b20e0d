"""Who else an emergency touches: owners and tenants of the units and buildings named (P020). Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Annotated, ClassVar

from pydantic import Field

from services.intake.domain.bodies import Body, Id, Text
from services.intake.domain.directory import Person, Unit, unknown_unit
from services.intake.domain.refusals import not_open
from services.intake.domain.request import Request
from shared.catalogue.model import HazardItem
from shared.errors import Conflict, Invalid, TooLarge
from shared.events.intake import Requester
from shared.events.intake_emergency import OwnerWarned
from shared.kernel.unit import Command
from shared.texts.say import say

AFFECTED_MAX = "emergency.affected_max"
NAMED_UNITS_MAX, NAMED_BUILDINGS_MAX = 200, 10
PEOPLE_OF_UNIT_MAX = 20
ROLES = ("owner", "tenant")  # of each household; its family hears of it from them


class WarnBody(Body):
    """Whom the emergency touches: whole buildings, and single units."""

    buildings: Annotated[tuple[Text, ...], Field(max_length=NAMED_BUILDINGS_MAX)] = ()
    unit_ids: Annotated[tuple[Id, ...], Field(max_length=NAMED_UNITS_MAX)] = ()


class WarnAffected(Command):
    """Tell the other owners whom an emergency touches."""

    NAME: ClassVar[str] = "intake.warn_affected"
    request_id: str
    body: WarnBody


def not_to_warn(request: Request) -> Conflict | None:
    """Only an emergency wakes the neighbours: its messages do not wait for the morning."""
    if request.urgency == "emergency":
        return not_open(request)
    detail = "Only an emergency is told to other owners at once (P020)."
    return not_open(request) or Conflict(
        "no-emergency", detail, accepted="an emergency; raise the urgency first"
    )


def check_named(body: WarnBody, units: Sequence[Unit | None], buildings: Sequence[Sequence[Unit]]) -> None:
    """Raises Invalid for a unit or building nobody has recorded, or where none is named."""
    if not body.unit_ids and not body.buildings:
        raise Invalid(
            "nobody-named", "Whom does it touch?", field="buildings", accepted="a building, or units"
        )
    for n, unit in enumerate(units):
        if unit is None:
            raise unknown_unit(f"unit_ids.{n}")
    for n, found in enumerate(buildings):
        if not found:
            raise Invalid(
                "unknown-building",
                say("No unit of building {name} is recorded.", name=body.buildings[n]),
                field=f"buildings.{n}",
                accepted="a building as in the units' labels",
            )


def affected(
    units: Iterable[str], people: Iterable[Person], asked_by: str, most: int
) -> list[tuple[Person, str]]:
    """Everybody to tell, once, with the unit he is told for. Raises Invalid for nobody, TooLarge."""
    named = set(units)
    found: dict[str, tuple[Person, str]] = {}
    for person in people:
        home = next((h for h in person.units if h.unit_id in named and h.role in ROLES), None)
        if home is not None and person.id != asked_by:
            found[person.id] = (person, home.unit_id)
    if not found:
        detail = "No other owner or tenant is recorded there; nobody can be told."
        raise Invalid("nobody-recorded", detail, field="unit_ids", accepted="units with recorded people")
    if len(found) > most:
        raise too_many(most)
    return [found[id] for id in sorted(found)]


def too_many(most: int) -> TooLarge:
    """The refusal of more than may be told at once."""
    return TooLarge(
        "too-many-affected",
        say("At most {most} people are told at once; name fewer buildings.", most=most),
        field="buildings",
        accepted=say("at most {most} people", most=most),
    )


def warned(
    request: Request, hazards: Iterable[HazardItem], person: Person, unit_id: str, now: datetime
) -> OwnerWarned:
    """The fact for one of them."""
    hazard = next((item for item in hazards if item.id == request.hazard), None)
    return OwnerWarned(
        request_id=request.id,
        reference=request.reference,
        urgency=request.urgency,
        place=request.building if request.area == "indoor" and request.building else request.place,
        hazard_zh=hazard.zh if hazard is not None else "",
        hazard_en=hazard.en if hazard is not None else "",
        person_id=person.id,
        unit_id=unit_id,
        warned_at=now,
        personal_key=f"person:{person.id}",
        personal=Requester(
            name=person.name,
            phone=person.phones[0] if person.phones else "",
            email=person.email,
            language=person.language,
        ),
    )
