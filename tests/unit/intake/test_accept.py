"""Accepting a request (P001, P009, P018, P020, P066; rulings J8, J17, J22)."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from services.intake.domain.accept import accepted_event, completed, possible_duplicates
from services.intake.domain.contact import Contact
from tests.unit.intake.kit import (
    CALL,
    CATALOGUE,
    CHEN_CARD,
    HOME,
    NOW,
    accept,
    body,
    circumstances,
    refused,
)


def test_p018_a_repair_is_accepted_as_it_was_told() -> None:
    request = accept()
    assert (request.status, request.stage, request.urgency, request.lane) == (
        "OPEN",
        "RECEIVED",
        "general",
        "routine",
    )
    assert (request.unit_id, request.building, request.place) == ("3-2-1801", "3", "3-2-1801")
    assert request.fields == {"part": "kitchen tap", "tariff_told": True}
    assert request.reported_at == CALL.started_at
    assert request.recorded_at == NOW
    assert request.catalogue_version == CATALOGUE.procedure("repair-report", "villa").version
    assert request.works


def test_p009_the_first_contact_is_who_answered_not_who_typed() -> None:
    assert accept(by="typist").first_contact_id == "lin"
    assert accept(by="typist").recorded_by == "typist"
    assert accept(body(first_contact_id="guard-7"), by="typist").first_contact_id == "guard-7"


def test_the_place_names_unit_and_spot_so_that_nobody_searches() -> None:
    assert accept(body(place="kitchen")).place == "3-2-1801 kitchen"
    assert accept(body(place="3-2-1801 kitchen")).place == "3-2-1801 kitchen"
    lobby = accept(body(unit_id="", place="lobby of building 3", area="public"))
    assert (lobby.place, lobby.unit_id, lobby.area) == ("lobby of building 3", "", "public")


def test_the_caller_is_what_was_said_completed_by_the_directory() -> None:
    known = accept(body(person_id="chen"), person=CHEN_CARD, contact=replace(CALL, caller_phone=""))
    assert (known.caller.name, known.caller.phone, known.caller.language) == (
        "陈女士",
        "+8613900139000",
        "en",
    )
    said = accept(
        body(person_id="chen", requester={"name": "Son", "phone": "138 0013 8000"}), person=CHEN_CARD
    )
    assert (said.caller.name, said.caller.phone, said.caller.email) == (
        "Son",
        "+8613800138000",
        "chen@example.com",
    )
    assert accept().caller.phone == "+8613800138000"


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"category": "gardening"}, "category"),
        ({"category": ""}, "category"),
        ({"unit_id": "9-9-9999"}, "unit_id"),
        ({"unit_id": "", "place": ""}, "place"),
        ({"description": " "}, "description"),
        ({"fields": {}}, "fields.part"),
        ({"fields": {"part": "tap", "colour": "red"}}, "fields.colour"),
        ({"fields": {"part": 7}}, "fields.part"),
        ({"contact_id": ""}, "contact"),
        ({"requester": {"phone": "12"}}, "requester.phone"),
        ({"reported_at": NOW + timedelta(minutes=6)}, "reported_at"),
        ({"reported_at": NOW - timedelta(days=32)}, "reported_at"),
        ({"appointment_at": NOW - timedelta(hours=1)}, "appointment_at"),
        ({"appointment_at": NOW + timedelta(days=367)}, "appointment_at"),
        ({"hazard": "rain"}, "hazard"),
        ({"procedure": "repair-withdrawal", "category": "", "fields": {}}, "procedure"),
        ({"procedure": "repair-indoor", "unit_id": "", "place": "somewhere"}, "unit_id"),
        (
            {"procedure": "repair-indoor", "area": "public", "fields": {"part": "tap", "tariff_told": True}},
            "area",
        ),
    ],
)
def test_a_wrong_request_is_refused_naming_the_field(given: dict[str, Any], field: str) -> None:
    assert refused(body(**given)).field == field


def test_times_within_the_bounds_are_taken() -> None:
    assert accept(body(reported_at=NOW + timedelta(minutes=5)))
    assert accept(body(reported_at=NOW - timedelta(days=31)))
    assert accept(body(appointment_at=NOW + timedelta(days=366)))


def test_p066_a_car_needs_all_its_fields_and_a_unit() -> None:
    fields = {
        "start_at": (NOW + timedelta(days=2)).isoformat(),
        "pickup_place": "gate 1",
        "vehicle_type": "sedan",
        "duration_hours": 4,
        "people": 3,
    }
    car = {"procedure": "car-hire", "category": "", "area": None, "description": ""}
    request = accept(body(**car, fields=fields))
    assert (request.category, request.area) == ("car-hire", "public")
    assert request.appointment_at == NOW + timedelta(days=2)
    for name in fields:
        less = {key: value for key, value in fields.items() if key != name}
        assert refused(body(**car, fields=less)).field == f"fields.{name}"
    past = {**fields, "start_at": (NOW - timedelta(hours=1)).isoformat()}
    assert refused(body(**car, fields=past)).field == "fields.start_at"


def test_p049_a_channel_the_procedure_refuses_is_refused_with_the_reason() -> None:
    rules = CATALOGUE.procedure("repair-report", "villa").intake
    assert rules is not None
    narrowed = rules.model_copy(update={"channels_refused": ("hotline",)})
    assert refused(body(), rules=narrowed).kind == "channel-refused"
    assert accept(body(urgency="emergency"), rules=narrowed)


@pytest.mark.parametrize(
    "bare",
    [
        {"unit_id": "", "place": "building 3", "description": "water"},
        {"unit_id": HOME.id, "description": "", "hazard": "flooding"},
        {"unit_id": "3-18-1", "description": "smoke"},
    ],
)
def test_p020_j17_an_emergency_needs_only_a_place_and_a_word(bare: dict[str, Any]) -> None:
    asked = body(
        **{"category": "", "area": None, "fields": {}, "contact_id": "", "urgency": "emergency", **bare}
    )
    request = accept(asked)
    assert (request.urgency, request.lane, request.category) == ("emergency", "urgent", "other")
    assert request.place
    assert "fields.part" in request.not_supplied
    assert request.complete_by == NOW + timedelta(hours=24)


def test_j17_what_an_emergency_got_wrong_is_set_aside_never_refused() -> None:
    asked = body(
        urgency="emergency",
        unit_id="9-9-9999",
        category="gardening",
        area="public",
        requester={"phone": "hello"},
        fields={"part": 5, "colour": "red"},
        reported_at=NOW + timedelta(days=3),
        appointment_at=NOW - timedelta(days=3),
        hazard="rain",
    )
    request = accept(asked)
    assert request.place == "9-9-9999"
    assert request.reported_at == NOW
    assert request.appointment_at is None
    assert set(request.set_aside) == {
        "part: 5",
        "colour: red",
        "requester.phone: hello",
        "unit_id: 9-9-9999",
    }


@pytest.mark.parametrize("bare", [{"place": ""}, {"place": "lobby", "description": "", "category": ""}])
def test_p020_without_place_or_what_nobody_could_be_sent(bare: dict[str, Any]) -> None:
    asked = body(**{"unit_id": "", "fields": {}, "urgency": "emergency", "category": "", **bare})
    assert refused(asked).kind in {"missing-place", "missing-what"}


def test_p020_the_paperwork_is_complete_when_the_last_missing_thing_is_supplied() -> None:
    request = accept(body(urgency="emergency", fields={}))
    some = completed(request, ["fields.part"])
    assert some.complete_by == request.complete_by
    every = completed(request, request.not_supplied)
    assert (every.not_supplied, every.complete_by) == ((), None)


def test_possible_duplicates_are_pointed_out_by_place_and_category_within_the_window() -> None:
    request = accept()
    twin = replace(request, id="twin", reported_at=NOW - timedelta(hours=3))
    others = [
        request,
        twin,
        replace(twin, id="old", reported_at=NOW - timedelta(hours=30)),
        replace(twin, id="closed", status="SATISFIED"),
        replace(twin, id="elsewhere", same_as="3-2-1802:plumbing"),
    ]
    assert [found.id for found in possible_duplicates(request, others, 24)] == ["twin"]
    many = [replace(twin, id=f"twin-{n}") for n in range(9)]
    assert len(possible_duplicates(request, many, 24)) == 5


def test_the_same_public_place_in_other_words_of_case_is_the_same() -> None:
    one = accept(body(unit_id="", place="Lobby  of Building 3", area="public"))
    two = accept(body(unit_id="", place="lobby of building 3", area="public"))
    assert one.same_as == two.same_as != ""


def test_j9_names_numbers_and_words_stand_only_in_the_sealed_part() -> None:
    asked = body(requester={"name": "王小明", "phone": "13800138000", "email": "w@example.com"})
    event = accepted_event(accept(asked), "Asia/Shanghai", "CNY")
    assert event.personal is not None
    assert event.personal.name == "王小明"
    assert event.personal_key == "request:request-1"
    open_part = event.model_dump_json(exclude={"personal"})
    for secret in ("王小明", "13800138000", "w@example.com", "The tap drips"):
        assert secret not in open_part
    known = accepted_event(accept(body(person_id="chen"), person=CHEN_CARD), "Asia/Shanghai", "CNY")
    assert known.personal_key == "person:chen"


def test_a_number_is_taken_from_an_incoming_call_only() -> None:
    out = Contact(
        "villa-1", "c", 0, channel="callback", direction="out", caller_phone="+8613800138000", agent_id="lin"
    )
    assert accept(contact=replace(out, started_at=NOW)).caller.phone == ""


def test_a_request_needs_no_more_than_its_circumstances() -> None:
    asked = body()
    assert circumstances(asked).by == "lin"
    assert accept(asked) == accept(asked)
