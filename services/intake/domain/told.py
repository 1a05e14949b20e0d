"""What a caller told, taken value by value: the place, what it is about, who asks, since when, until when.

Each function answers with the value, or refuses naming the field; `lenient` (an emergency, an import)
takes what can be used and never refuses what can do without (rulings J17, J8).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from services.intake.domain.bodies import Area, RequestBody
from services.intake.domain.contact import Contact
from services.intake.domain.directory import Card, Unit, unknown_unit
from services.intake.domain.fields import Answers
from services.intake.domain.property import Property
from services.intake.domain.request import Caller
from services.intake.domain.times import Limits, check_fact, check_plan
from services.intake.domain.urgency import Decided
from shared.catalogue.model import IntakeRules, Procedure
from shared.errors import Invalid
from shared.events.envelope import Lane
from shared.phones import to_e164
from shared.texts.say import say, words

APPOINTMENT_FIELDS = ("appointment_at", "start_at")
UNSPECIFIED = "other"
IMPORTED = "imported"


@dataclass(frozen=True, slots=True)
class Circumstances:
    """All that accepting depends on besides the body.

    `imported`: what is missing is recorded, not refused (ruling J8).

    `aside`: what came with an emergency and could not be used.
    """

    settled: Property
    procedure: Procedure
    rules: IntakeRules
    unit: Unit | None
    person: Card | None
    contact: Contact | None
    by: str
    device: str
    lane: Lane
    now: datetime
    limits: Limits
    imported: bool = False
    aside: tuple[str, ...] = ()


def place_of(body: RequestBody, seen: Circumstances, *, lenient: bool) -> tuple[str, tuple[str, ...]]:
    """The place in words and what of the unit could not be used."""
    if body.unit_id and seen.unit is None:
        if not lenient:
            raise unknown_unit()
        return body.place or body.unit_id, (f"unit_id: {body.unit_id}",)
    if seen.unit is not None:
        return place_in(seen.unit, body.place), ()
    if seen.rules.unit_required and not lenient:
        raise Invalid(
            "missing-unit", "This is done for a unit.", field="unit_id", accepted="the id of a recorded unit"
        )
    if not body.place and not seen.imported:
        raise Invalid(
            "missing-place",
            "Where is it?",
            field="place",
            accepted="unit_id of a recorded unit, or a place in words",
        )
    return body.place, ()


def check_what(body: RequestBody, decided: Decided, seen: Circumstances, *, lenient: bool) -> None:
    """An emergency needs a word of what is wrong; a repair the fault in the owner's words (P018, P020)."""
    if body.description or seen.imported:
        return
    if lenient:
        if not (decided.hazard or body.hazard or body.category or body.fields):
            raise Invalid(
                "missing-what", "What has happened?", field="description", accepted="a word is enough"
            )
        return
    if seen.procedure.desk is not None:
        raise Invalid(
            "missing-what",
            "What does the caller say?",
            field="description",
            accepted="what was said, in detail",
        )
    if seen.procedure.dispatch is not None and seen.procedure.dispatch.flow == "repair":
        raise Invalid(
            "missing-what",
            "What is to be repaired?",
            field="description",
            accepted="the fault in the owner's words",
        )


def category_of(body: RequestBody, rules: IntakeRules, *, lenient: bool) -> str:
    """One of the procedure's categories; where there is only one, it need not be said."""
    if not rules.categories or body.category in rules.categories:
        return body.category or UNSPECIFIED
    if not body.category and len(rules.categories) == 1:
        return rules.categories[0]
    if lenient:
        return UNSPECIFIED
    raise Invalid(
        "category",
        "What is it about?",
        field="category",
        accepted=say("one of {choices}", choices=words(rules.categories)),
    )


def area_of(body: RequestBody, seen: Circumstances, *, lenient: bool) -> Area:
    """Indoor or public, as far as the procedure is done there; a unit makes indoor likely."""
    likely: Area = body.area or ("indoor" if seen.unit is not None else "public")
    if likely in seen.rules.areas:
        return likely
    if body.area is None or lenient:
        return seen.rules.areas[0]
    raise Invalid(
        "area",
        "This is not done there.",
        field="area",
        accepted=say("one of {choices}", choices=words(seen.rules.areas)),
    )


def said_phone(body: RequestBody, contact: Contact | None) -> str:
    """The caller's number as E.164, said or shown by an incoming call; empty if there is none that is one."""
    if body.requester.phone:
        try:
            return to_e164(body.requester.phone, "CN", "requester.phone")
        except Invalid:
            return ""
    return contact.caller_phone if contact is not None and contact.direction == "in" else ""


def caller_of(body: RequestBody, seen: Circumstances, *, lenient: bool) -> tuple[Caller, tuple[str, ...]]:
    """What was said, completed by the directory where the caller is known by id; a number that is none is
    set aside if lenient.
    """
    said, known = body.requester, seen.person
    aside: tuple[str, ...] = ()
    phone = said.phone
    if phone:
        try:
            phone = to_e164(phone, "CN", "requester.phone")
        except Invalid:
            if not lenient:
                raise
            phone, aside = "", (f"requester.phone: {said.phone}",)
    elif seen.contact is not None and seen.contact.direction == "in":
        phone = seen.contact.caller_phone
    return (
        Caller(
            name=said.name or (known.name if known else ""),
            phone=phone or (known.phone if known else ""),
            email=said.email or (known.email if known else ""),
            language=said.language or (known.language if known else "zh"),
        ),
        aside,
    )


def reported_at_of(body: RequestBody, seen: Circumstances, *, emergency: bool) -> datetime:
    """When it was reported: as told, else when the contact began, else now."""
    moment = body.reported_at or (seen.contact.started_at if seen.contact else None) or seen.now
    try:
        check_fact(moment, seen.now, seen.limits, "reported_at", any_age=body.origin == "history")
    except Invalid:
        if not emergency:
            raise
        return seen.now
    return moment


def appointment_of(
    body: RequestBody, answers: Answers, seen: Circumstances, *, lenient: bool
) -> datetime | None:
    """The time asked for; a plan must lie ahead, but history may have had it."""
    given = body.appointment_at
    field = "appointment_at"
    for name in APPOINTMENT_FIELDS:
        if given is None and name in answers.open:
            given, field = datetime.fromisoformat(str(answers.open[name])), f"fields.{name}"
    if given is None or body.origin == "history":
        return given
    try:
        check_plan(given, seen.now, seen.limits, field)
    except Invalid:
        if not lenient:
            raise
        return None
    return given


def first_contact_of(body: RequestBody, seen: Circumstances) -> str:
    """Who answered or stood at the window: written once and for ever (P009).

    Empty where nobody of ours was there: then it is who takes it over.
    """
    if body.origin == "history":
        return IMPORTED
    return body.first_contact_id or (seen.contact.agent_id if seen.contact else seen.by)


def not_supplied(body: RequestBody, seen: Circumstances, answers: Answers, caller: Caller) -> tuple[str, ...]:
    """What was not given, by name: asked later, counted, never invented (ruling J8)."""
    given = {
        "contact": seen.contact is not None,
        "description": bool(body.description),
        "place": bool(body.place or seen.unit),
        "unit_id": seen.unit is not None or not seen.rules.unit_required,
        "requester.name": bool(caller.name),
        "requester.phone": bool(caller.phone),
    }
    return (
        *(name for name, there in given.items() if not there),
        *(f"fields.{name}" for name in answers.missing),
    )


def place_in(unit: Unit, said: str) -> str:
    """The place in words for whoever has to find it: the unit's label, and what was said of the spot."""
    return unit.label if not said else said if said.startswith(unit.label) else f"{unit.label} {said}"
