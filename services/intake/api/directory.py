"""The property, its units and its people over HTTP; also in bulk and as CSV."""

from __future__ import annotations

import logging
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response

from services.intake import repository
from services.intake.answers import Items
from services.intake.api.common import PREFIX, READ, Filter, PathId, answer, found, offered
from services.intake.api.sheets import PEOPLE_COLUMNS, UNIT_COLUMNS, people_of, units_of
from services.intake.desk import desk_of
from services.intake.directory_answers import PersonAnswer, PropertyAnswer, Recorded, UnitAnswer
from services.intake.domain import bodies, commands
from services.intake.domain.directory import Person, Unit, tail, unit_id_of
from services.intake.domain.property import Property
from shared.errors import Invalid
from shared.http.actions import AllowedAction
from shared.http.call import Call, CallDep
from shared.http.page import PageDep
from shared.ids import derived_id
from shared.phones import masked, to_e164
from shared.texts.rows import require_taken

log = logging.getLogger(__name__)
router = APIRouter(prefix=PREFIX, tags=["directory"])
FOUND_MAX = 50


def _csv(columns: tuple[str, ...]) -> dict[str, Any]:
    schema = {"type": "string", "description": "UTF-8, first line: " + ",".join(columns)}
    return {"requestBody": {"required": True, "content": {"text/csv": {"schema": schema}}}}


@router.put("", response_model=Recorded)
async def configure_property(call: CallDep, body: bodies.PropertyBody) -> Response:
    """Open the property, or replace the whole of its settings."""
    desk_of(call).forget(call.property_id)
    return await call.run(commands.ConfigureProperty(body=body), stream=f"property:{call.property_id}")


@router.get("", response_model=PropertyAnswer)
async def read_property(call: CallDep) -> Response:
    """The property's settings, and which of them run on our unconfirmed defaults."""
    call.authorise(READ)
    settled = await found(call, Property, call.property_id)
    profile = call.catalogue.profile(settled.profile)
    action = AllowedAction(
        action=commands.ConfigureProperty.NAME,
        method="PUT",
        path=f"/v1/properties/{call.property_id}",
        body="PropertyBody",
    )
    body = PropertyAnswer.model_validate(settled).model_copy(
        update={
            "settings": profile.settings_with(settled.settings),
            "unconfirmed": list(profile.unconfirmed_with(settled.settings)),
            "allowed_actions": offered(call, action),
        }
    )
    return answer(body, settled.version)


@router.post("/units", status_code=201, response_model=Recorded)
async def record_unit(call: CallDep, body: bodies.UnitBody) -> Response:
    """Record a unit by its label, such as 3-2-1801."""
    return await _record_units(call, (body,))


@router.post("/units/bulk", status_code=201, response_model=Recorded)
async def record_units(call: CallDep, body: bodies.UnitsBody) -> Response:
    """Record up to 500 units, all or none."""
    return await _record_units(call, body.units)


@router.post("/units/csv", status_code=201, response_model=Recorded, openapi_extra=_csv(UNIT_COLUMNS))
async def record_units_csv(call: CallDep, request: Request) -> Response:
    """Record up to 500 units from a CSV file; a line that does not fit is named, the others are taken."""
    call.authorise(commands.RecordUnits.NAME)
    sheet = units_of(await request.body(), call.voice.tell)
    require_taken(len(sheet.rows), sheet.refused)
    command = commands.RecordUnits(
        units=sheet.rows, lines=sheet.lines, refused=sheet.refused, language=call.voice.language
    )
    return await call.run(command, stream="unit:file", status=201)


@router.get("/units", response_model=Items)
async def list_units(call: CallDep, page: PageDep, building: Filter = "") -> Response:
    """Units in the order of their labels."""
    call.authorise(READ)
    rows = await repository.units(call.db, call.property_id, building, page.after, page.limit + 1)
    shown = rows[: page.limit]
    return page.answer(
        [UnitAnswer.model_validate(row) for row in shown],
        shown[-1].label if len(rows) > page.limit else None,
    )


@router.get("/units/{unit_id}", response_model=UnitAnswer)
async def read_unit(call: CallDep, unit_id: PathId) -> Response:
    """One unit."""
    call.authorise(READ)
    unit = await found(call, Unit, unit_id)
    body = UnitAnswer.model_validate(unit).model_copy(
        update={
            "allowed_actions": offered(call, _action(call, commands.RecordUnits.NAME, "units", "UnitBody"))
        }
    )
    return answer(body, unit.version)


@router.post("/people", status_code=201, response_model=Recorded)
async def record_person(call: CallDep, body: bodies.PersonBody) -> Response:
    """Record an owner, tenant or member of a household."""
    return await _record_people(call, (body,))


@router.post("/people/bulk", status_code=201, response_model=Recorded)
async def record_people(call: CallDep, body: bodies.PeopleBody) -> Response:
    """Record up to 500 people, all or none."""
    return await _record_people(call, body.people)


@router.post("/people/csv", status_code=201, response_model=Recorded, openapi_extra=_csv(PEOPLE_COLUMNS))
async def record_people_csv(call: CallDep, request: Request) -> Response:
    """Record up to 500 people from a CSV file; a line that does not fit is named, the others are taken.

    A line without `person_id` gets one that follows from what it says: the same file again, the same people.
    """
    call.authorise(commands.RecordPeople.NAME)
    sheet = people_of(await request.body(), call.voice.tell)
    require_taken(len(sheet.rows), sheet.refused)
    named = tuple(_named(call, body) for body in sheet.rows)
    command = commands.RecordPeople(
        people=named, lines=sheet.lines, refused=sheet.refused, language=call.voice.language
    )
    return await call.run(command, stream="person:file", status=201)


@router.get("/people", response_model=Items)
async def list_people(
    call: CallDep,
    page: PageDep,
    phone: Annotated[str, Query(max_length=32, description="The whole number, or its last four digits")] = "",
    building: Annotated[str, Query(max_length=12, description="With the last four digits")] = "",
    unit_id: Filter = "",
) -> Response:
    """People by telephone (ruling J22), of a unit, or all; a list without telephone masks the numbers."""
    call.authorise(READ)
    if phone:
        return page.answer(
            [PersonAnswer.model_validate(p) for p in await _by_phone(call, phone, building)], None
        )
    rows = await repository.people(call.db, call.property_id, unit_id, page.after, page.limit + 1)
    shown = rows[: page.limit]
    return page.answer([_masked(row) for row in shown], shown[-1].id if len(rows) > page.limit else None)


@router.get("/people/{person_id}", response_model=PersonAnswer)
async def read_person(call: CallDep, person_id: PathId) -> Response:
    """One person."""
    call.authorise(READ)
    person = await found(call, Person, person_id)
    log.info("a person was read", extra={"sub": call.principal.sub, "property_id": call.property_id})
    body = PersonAnswer.model_validate(person).model_copy(
        update={
            "allowed_actions": offered(
                call, _action(call, commands.RecordPeople.NAME, "people", "PersonBody")
            )
        }
    )
    return answer(body, person.version)


async def _by_phone(call: Call, phone: str, building: str) -> list[Person]:
    desk_of(call).count_lookup(call.property_id, call.principal.sub, call.now)
    digits = phone.strip()
    if len(digits) == 4 and digits.isascii() and digits.isdigit():
        if not building:
            raise Invalid(
                "building-needed",
                "Four digits alone belong to too many people.",
                field="building",
                accepted="the building, with the last four digits of the number",
            )
        people = await repository.people_by_tail(call.db, call.property_id, tail(building, digits), FOUND_MAX)
    else:
        people = await repository.people_by_phone(call.db, call.property_id, to_e164(phone))
    log.info(
        "people were looked up by telephone",
        extra={"sub": call.principal.sub, "property_id": call.property_id, "found": len(people)},
    )
    return people


async def _record_units(call: Call, units: tuple[bodies.UnitBody, ...]) -> Response:
    command = commands.RecordUnits(units=units)
    return await call.run(command, stream=f"unit:{unit_id_of(units[0])}", status=201)


async def _record_people(call: Call, people: tuple[bodies.PersonBody, ...]) -> Response:
    named = tuple(
        body if body.person_id else body.model_copy(update={"person_id": call.derived_id(f"person:{n}")})
        for n, body in enumerate(people)
    )
    command = commands.RecordPeople(people=named)
    return await call.run(command, stream=f"person:{named[0].person_id}", status=201)


def _named(call: Call, body: bodies.PersonBody) -> bodies.PersonBody:
    if body.person_id:
        return body
    said = (body.name, *body.phones, *(home.unit_id for home in body.units))
    return body.model_copy(update={"person_id": derived_id("person-of-file", call.property_id, *said)})


def _masked(person: Person) -> PersonAnswer:
    body = PersonAnswer.model_validate(person)
    return body.model_copy(update={"phones": [masked(phone) for phone in body.phones]})


def _action(call: Call, name: str, path: str, body: str) -> AllowedAction:
    return AllowedAction(action=name, path=f"/v1/properties/{call.property_id}/{path}", body=body)
