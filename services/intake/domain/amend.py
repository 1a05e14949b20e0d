"""Corrections of a request (ruling J25): each with its reason; the old value stays in the event, the
number stays the same.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from services.intake.domain.accept import completed
from services.intake.domain.bodies import AmendBody, CallerBody
from services.intake.domain.directory import Person, Unit, unknown_unit
from services.intake.domain.fields import FieldValue, accepted_by, check_value, missing_answer
from services.intake.domain.request import Caller, Request, personal_key, requester, same_as
from services.intake.domain.times import Limits, check_plan
from services.intake.domain.told import APPOINTMENT_FIELDS, place_in
from services.intake.domain.urgency import RANK, by_lists
from shared.catalogue.model import IntakeRules
from shared.errors import Conflict, Invalid, demand
from shared.events.intake import RequestAmended
from shared.phones import to_e164
from shared.texts.say import either, listed, say, word, words

OPEN_VALUES = ("unit_id", "place", "category", "area", "hazard", "person_id", "appointment_at")


@dataclass(frozen=True, slots=True)
class Correction:
    """What an amendment depends on besides the body.

    `unit`: the one that is named, else the one the request has.
    """

    rules: IntakeRules
    unit: Unit | None
    person: Person | None
    now: datetime
    limits: Limits


def amended(request: Request, body: AmendBody, seen: Correction) -> Request:
    """The corrected request. Raises Invalid naming the field, Conflict if nothing would change."""
    changed = _place(request, body, seen)
    changed = _what(changed, body, seen.rules)
    changed = _who(changed, body, seen)
    changed = _answers(changed, body.fields, seen.rules)
    _check_asked_there(request, changed, seen.rules)
    changed = _appointment(changed, body, seen)
    if changed == request:
        raise Conflict(
            "nothing-changes", "This is what is recorded already.", accepted="at least one other value"
        )
    changed = replace(
        changed, same_as=same_as(changed.unit_id, changed.place, changed.category) if changed.open else ""
    )
    return completed(changed, _supplied(changed))


def amended_event(
    before: Request, after: Request, body: AmendBody, zone_now: datetime, home: Unit | None = None
) -> RequestAmended:
    """Old and new values of what changed; personal ones only in the personal part."""
    old, new = _open_values(before), _open_values(after)
    names = sorted(name for name in old.keys() | new.keys() if old.get(name, "") != new.get(name, ""))
    was = {
        name: value
        for name, value in _personal_values(before).items()
        if value != _personal_values(after).get(name, "")
    }
    return RequestAmended(
        personal_key=personal_key(after),
        request_id=after.id,
        reason=body.reason,
        changed={name: new.get(name, "") for name in names},
        was={name: old.get(name, "") for name in names},
        unit_id=after.unit_id,
        building=after.building,
        place=after.place,
        delivered_on=home.delivery if home is not None and after.unit_id else None,
        amended_at=zone_now,
        personal=requester(after).model_copy(update={"was": was}),
    )


def _place(request: Request, body: AmendBody, seen: Correction) -> Request:
    if body.unit_id:
        if seen.unit is None:
            raise unknown_unit()
        place = place_in(seen.unit, body.place or "")
        request = replace(request, unit_id=seen.unit.id, building=seen.unit.building, place=place)
    elif body.unit_id == "":
        if seen.rules.unit_required:
            raise Invalid(
                "missing-unit",
                "This is done for a unit.",
                field="unit_id",
                accepted="the id of a recorded unit",
            )
        if not (body.place or request.place):
            raise Invalid("missing-place", "Where is it?", field="place", accepted="a place in words")
        request = replace(request, unit_id="", building="", place=body.place or request.place)
    elif body.place is not None:
        if not body.place:
            raise Invalid("missing-place", "Where is it?", field="place", accepted="a place in words")
        request = replace(request, place=place_in(seen.unit, body.place) if seen.unit else body.place)
    if body.area is not None:
        if body.area not in seen.rules.areas:
            raise Invalid(
                "area",
                "This is not done there.",
                field="area",
                accepted=say("one of {choices}", choices=words(seen.rules.areas)),
            )
        request = replace(request, area=body.area)
    return request


def _appointment(request: Request, body: AmendBody, seen: Correction) -> Request:
    moment, field = body.appointment_at, "appointment_at"
    for name in APPOINTMENT_FIELDS:
        if moment is None and name in body.fields:
            moment, field = datetime.fromisoformat(str(request.fields[name])), f"fields.{name}"
    if moment is None or moment == request.appointment_at:
        return request
    check_plan(moment, seen.now, seen.limits, field)
    return replace(request, appointment_at=moment)


def _what(request: Request, body: AmendBody, rules: IntakeRules) -> Request:
    if body.category is not None:
        if rules.categories and body.category not in rules.categories:
            accepted = say("one of {choices}", choices=words(rules.categories))
            raise Invalid("category", "What is it about?", field="category", accepted=accepted)
        request = replace(request, category=body.category)
    if body.description is not None:
        request = replace(request, description=body.description)
    if body.hazard is not None and body.hazard != request.hazard:
        request = replace(request, hazard=_hazard(request, body.hazard, rules))
    return request


def _hazard(request: Request, hazard: str, rules: IntakeRules) -> str:
    """An item of the lists may be corrected; one that asks for more urgency is raised, so that people go
    at once.
    """
    listed_as = by_lists(rules, hazard)
    if hazard and listed_as == "general":
        items = listed(item.id for item in (*rules.emergency_list, *rules.urgent_list))
        raise Invalid("unknown-hazard", "This is on neither list.", field="hazard", accepted=items)
    if RANK[listed_as] > RANK[request.urgency]:
        raise Conflict(
            "raise-instead",
            say("This makes it {urgency}: raise the urgency.", urgency=word(listed_as)),
            field="hazard",
            accepted="raise-urgency",
        )
    return hazard


def _who(request: Request, body: AmendBody, seen: Correction) -> Request:
    if body.person_id:
        if seen.person is None:
            raise Invalid(
                "unknown-person", "There is no such person.", field="person_id", accepted="a recorded person"
            )
        request = replace(request, person_id=seen.person.id)
    elif body.person_id == "":
        request = replace(request, person_id="")
    if body.requester is not None:
        request = replace(request, caller=_caller(request.caller, body.requester))
    return request


def _caller(caller: Caller, said: CallerBody) -> Caller:
    given = said.model_fields_set
    if "phone" in given:
        caller = replace(caller, phone=to_e164(said.phone, "CN", "requester.phone") if said.phone else "")
    if "name" in given:
        caller = replace(caller, name=said.name)
    if "email" in given:
        caller = replace(caller, email=said.email)
    return replace(caller, language=said.language) if said.language else caller


def _answers(request: Request, given: Mapping[str, FieldValue | None], rules: IntakeRules) -> Request:
    questions = {question.name: question for question in rules.fields}
    open_, personal = dict(request.fields), dict(request.personal_fields)
    for name, value in given.items():
        question = questions.get(name)
        if question is None:
            accepted = listed(questions) or "no fields at all"
            raise Invalid(
                "unknown-field", "The procedure does not ask this.", field=f"fields.{name}", accepted=accepted
            )
        kept = personal if question.personal else open_
        if value is None and not question.needed_in(request.area):
            kept.pop(name, None)
            continue
        checked = None if value is None else check_value(question, value)
        if checked is None:
            raise Invalid(
                "field-value",
                say("{label} cannot be this.", label=either(question.label_zh, question.label_en)),
                field=f"fields.{name}",
                accepted=accepted_by(question),
            )
        kept[name] = checked
    return replace(request, fields=open_, personal_fields=personal) if given else request


def _check_asked_there(before: Request, after: Request, rules: IntakeRules) -> None:
    """Moved to where more is asked: that is answered with it, but in an emergency. Raises Invalid."""
    if after.area == before.area or after.urgency == "emergency":
        return
    there = {*after.fields, *after.personal_fields}
    for question in rules.fields:
        if question.needed_in(after.area) and not question.needed_in(before.area):
            demand(None if question.name in there else missing_answer(question))


def _supplied(request: Request) -> list[str]:
    there = {
        "description": bool(request.description),
        "place": bool(request.place),
        "unit_id": bool(request.unit_id),
        "requester.name": bool(request.caller.name),
        "requester.phone": bool(request.caller.phone),
    }
    answered = [f"fields.{name}" for name in (*request.fields, *request.personal_fields)]
    return [*(name for name, given in there.items() if given), *answered]


def _open_values(request: Request) -> dict[str, str]:
    values = {name: _text(getattr(request, name)) for name in OPEN_VALUES}
    return values | {f"fields.{name}": _text(value) for name, value in request.fields.items()}


def _personal_values(request: Request) -> dict[str, str]:
    c = request.caller
    values = {"description": request.description, "name": c.name, "phone": c.phone, "email": c.email}
    return values | {f"fields.{name}": _text(value) for name, value in request.personal_fields.items()}


def _text(value: object) -> str:
    if value is None:
        return ""
    return value.isoformat() if isinstance(value, datetime) else str(value)
