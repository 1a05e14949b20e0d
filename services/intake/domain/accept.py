"""Accepting an owner's need (P018, P020, P066): from what was sent to a request, or to a clear refusal.

Nothing refuses an emergency.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from services.intake.domain.bodies import Area, RequestBody
from services.intake.domain.contact import Contact
from services.intake.domain.directory import Card, Unit, unknown_unit
from services.intake.domain.fields import Answers, check_answers
from services.intake.domain.property import Property
from services.intake.domain.request import Caller, Request, personal_key, requester, same_as
from services.intake.domain.times import Limits, check_fact, check_plan
from services.intake.domain.urgency import Decided, decide
from shared.catalogue.model import IntakeRules, Procedure
from shared.errors import Conflict, Invalid
from shared.events.envelope import Lane
from shared.events.intake import RequestAccepted
from shared.phones import to_e164

APPOINTMENT_FIELDS = ("appointment_at", "start_at")
UNSPECIFIED = "other"
IMPORTED = "imported"
DUPLICATES_SHOWN_MAX = 5


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


def accepted(request_id: str, reference: str, body: RequestBody, seen: Circumstances) -> Request:
    """The request as it is accepted.

    Raises Invalid naming the field, unless it is an emergency with a place and a word of what.
    """
    decided = decide(seen.rules, body.hazard, body.urgency)
    emergency = decided.urgency == "emergency"
    lenient = emergency or seen.imported
    if not lenient:
        _check_opens(body, seen)
    _check_origin(body, seen)
    place, unit_text = _place(body, seen, lenient=lenient)
    _check_what(body, decided, seen, lenient=lenient)
    answers = check_answers(seen.rules.fields, body.fields, lenient=lenient)
    caller, caller_aside = _caller(body, seen, lenient=lenient)
    reported_at = _reported_at(body, seen, emergency=emergency)
    category = _category(body, seen.rules, lenient=lenient)
    history = body.origin == "history"
    missing = _not_supplied(body, seen, answers, caller)
    unit_id = seen.unit.id if seen.unit else ""
    return Request(
        seen.settled.property_id,
        request_id,
        reference=reference,
        procedure=seen.procedure.id,
        catalogue_version=seen.procedure.version,
        works=seen.procedure.dispatch is not None and not history,
        status=body.outcome or "OPEN",
        stage="CLOSED" if body.outcome else "RECEIVED",
        urgency=decided.urgency,
        urgency_by=decided.by,
        hazard=decided.hazard,
        lane=seen.lane,
        category=category,
        area=_area(body, seen, lenient=lenient),
        unit_id=unit_id,
        building=seen.unit.building if seen.unit else "",
        place=place,
        description=body.description,
        fields=answers.open,
        personal_fields=answers.personal,
        caller=caller,
        person_id=seen.person.person_id if seen.person else "",
        contact_id=seen.contact.id if seen.contact else "",
        channel=seen.contact.channel if seen.contact else "",
        first_contact_id=_first_contact(body, seen),
        recorded_by=seen.by,
        device=seen.device,
        reported_at=reported_at,
        recorded_at=seen.now,
        appointment_at=_appointment(body, answers, seen, lenient=lenient),
        origin=body.origin,
        import_source=body.import_source,
        not_supplied=missing,
        set_aside=(*seen.aside, *answers.set_aside, *caller_aside, *unit_text),
        complete_by=_complete_by(seen) if emergency and missing and not history else None,
        same_as="" if body.outcome else same_as(unit_id, place, category),
        closed_at=body.closed_at,
    )


def accepted_event(request: Request, zone: str, currency: str) -> RequestAccepted:
    """The first event of the request's stream; names, numbers and words only in the personal part."""
    assert request.reported_at is not None
    assert request.recorded_at is not None
    return RequestAccepted(
        personal_key=personal_key(request),
        request_id=request.id,
        contact_id=request.contact_id,
        reference=request.reference,
        procedure=request.procedure,
        catalogue_version=request.catalogue_version,
        urgency=request.urgency,
        urgency_by=request.urgency_by,
        hazard=request.hazard,
        category=request.category,
        area=request.area,
        unit_id=request.unit_id,
        building=request.building,
        place=request.place,
        channel=request.channel,
        first_contact_id=request.first_contact_id,
        reported_at=request.reported_at,
        recorded_at=request.recorded_at,
        appointment_at=request.appointment_at,
        fields=dict(request.fields),
        origin=request.origin,
        zone=zone,
        currency=currency,
        person_id=request.person_id,
        personal=requester(request),
    )


def said_phone(body: RequestBody, contact: Contact | None) -> str:
    """The caller's number as E.164, said or shown by an incoming call; empty if there is none that is one."""
    if body.requester.phone:
        try:
            return to_e164(body.requester.phone, "CN", "requester.phone")
        except Invalid:
            return ""
    return contact.caller_phone if contact is not None and contact.direction == "in" else ""


def possible_duplicates(request: Request, others: Iterable[Request], window_hours: int) -> list[Request]:
    """Open requests about the same place and category within the window, newest first: pointed out, never
    refused.
    """
    assert request.reported_at is not None
    window = timedelta(hours=window_hours)
    near = [
        other
        for other in others
        if other.id != request.id
        and other.open
        and other.same_as == request.same_as != ""
        and other.reported_at is not None
        and abs(other.reported_at - request.reported_at) <= window
    ]
    return sorted(near, key=lambda other: (other.reported_at, other.id), reverse=True)[:DUPLICATES_SHOWN_MAX]


def _check_opens(body: RequestBody, seen: Circumstances) -> None:
    if not seen.procedure.opens or seen.procedure.kind != "case":
        raise Invalid(
            "procedure-not-opened",
            "No request is opened with this procedure.",
            field="procedure",
            accepted="another procedure",
        )
    if seen.contact is None:
        raise Invalid(
            "missing-contact",
            "How did this reach us?",
            field="contact",
            accepted="contact_id of a recorded contact, or contact",
        )
    if seen.contact.channel in seen.rules.channels_refused:
        raise Invalid(
            "channel-refused",
            "This procedure is not opened over this channel.",
            field="contact.channel",
            accepted="another channel than " + ", ".join(seen.rules.channels_refused),
        )


def _check_origin(body: RequestBody, seen: Circumstances) -> None:
    if body.origin == "replay" and not seen.settled.training:
        raise Conflict(
            "replay-into-real",
            "A replay goes into a training property only (ruling J8).",
            field="origin",
            accepted="live",
        )
    if (body.outcome is None) != (body.closed_at is None):
        raise Invalid(
            "half-closed",
            "An end has a state and a time.",
            field="outcome",
            accepted="outcome with closed_at, or neither",
        )
    if body.outcome is not None and body.origin != "history":
        raise Invalid(
            "closed-already",
            "Only history is closed when it comes in.",
            field="outcome",
            accepted="no outcome",
        )
    if body.closed_at is not None:
        check_fact(body.closed_at, seen.now, seen.limits, "closed_at", any_age=True)
        if body.reported_at is not None and body.closed_at < body.reported_at:
            raise Invalid(
                "times-out-of-order",
                "It cannot end before it began.",
                field="closed_at",
                accepted="a later time",
            )


def _place(body: RequestBody, seen: Circumstances, *, lenient: bool) -> tuple[str, tuple[str, ...]]:
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


def _check_what(body: RequestBody, decided: Decided, seen: Circumstances, *, lenient: bool) -> None:
    if body.description or seen.imported:
        return
    if lenient:
        if not (decided.hazard or body.hazard or body.category or body.fields):
            raise Invalid(
                "missing-what", "What has happened?", field="description", accepted="a word is enough"
            )
        return
    if seen.procedure.dispatch is not None and seen.procedure.dispatch.flow == "repair":
        raise Invalid(
            "missing-what",
            "What is to be repaired?",
            field="description",
            accepted="the fault in the owner's words",
        )


def _category(body: RequestBody, rules: IntakeRules, *, lenient: bool) -> str:
    if not rules.categories or body.category in rules.categories:
        return body.category or UNSPECIFIED
    if not body.category and len(rules.categories) == 1:
        return rules.categories[0]
    if lenient:
        return UNSPECIFIED
    raise Invalid(
        "category", "What is it about?", field="category", accepted="one of " + ", ".join(rules.categories)
    )


def _area(body: RequestBody, seen: Circumstances, *, lenient: bool) -> Area:
    likely: Area = body.area or ("indoor" if seen.unit is not None else "public")
    if likely in seen.rules.areas:
        return likely
    if body.area is None or lenient:
        return seen.rules.areas[0]
    raise Invalid(
        "area", "This is not done there.", field="area", accepted="one of " + ", ".join(seen.rules.areas)
    )


def _caller(body: RequestBody, seen: Circumstances, *, lenient: bool) -> tuple[Caller, tuple[str, ...]]:
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


def _reported_at(body: RequestBody, seen: Circumstances, *, emergency: bool) -> datetime:
    moment = body.reported_at or (seen.contact.started_at if seen.contact else None) or seen.now
    try:
        check_fact(moment, seen.now, seen.limits, "reported_at", any_age=body.origin == "history")
    except Invalid:
        if not emergency:
            raise
        return seen.now
    return moment


def _appointment(
    body: RequestBody, answers: Answers, seen: Circumstances, *, lenient: bool
) -> datetime | None:
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


def _first_contact(body: RequestBody, seen: Circumstances) -> str:
    """Who answered, stood at the window or took it over: written once and for ever (P009)."""
    if body.origin == "history":
        return IMPORTED
    return body.first_contact_id or (seen.contact.agent_id if seen.contact else "") or seen.by


def _not_supplied(
    body: RequestBody, seen: Circumstances, answers: Answers, caller: Caller
) -> tuple[str, ...]:
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


def _complete_by(seen: Circumstances) -> datetime | None:
    """When the paper of an emergency must be complete (P020)."""
    rules = seen.procedure.dispatch
    return seen.now + timedelta(hours=rules.paperwork_within_hours) if rules is not None else None


def place_in(unit: Unit, said: str) -> str:
    """The place in words for whoever has to find it: the unit's label, and what was said of the spot."""
    return unit.label if not said else said if said.startswith(unit.label) else f"{unit.label} {said}"


def completed(request: Request, supplied: Sequence[str]) -> Request:
    """The request after what was missing has been supplied; the paperwork's deadline goes with the last
    of it (P020).
    """
    missing = tuple(name for name in request.not_supplied if name not in supplied)
    return replace(request, not_supplied=missing, complete_by=request.complete_by if missing else None)
