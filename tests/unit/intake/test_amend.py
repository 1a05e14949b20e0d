"""Corrections: the number stays, the old value stays in the event, personal values stay sealed (ruling
J25).
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from services.intake.domain.amend import Correction, amended, amended_event
from services.intake.domain.bodies import AmendBody
from services.intake.domain.directory import Unit
from services.intake.domain.request import Request
from shared.errors import Conflict, Invalid
from tests.unit.intake.kit import CATALOGUE, CHEN, HOME, LIMITS, NOW, accept, body

OTHER = Unit("villa-1", "3-2-1802", 1, "3-2-1802", "3", "2", "1802")
RULES = CATALOGUE.procedure("repair-report", "villa").intake
assert RULES is not None


def amend(request: Request, unit: Unit | None = HOME, **given: Any) -> Request:
    seen = Correction(RULES, unit, CHEN if given.get("person_id") == "chen" else None, NOW, LIMITS)  # type: ignore[arg-type]
    return amended(request, AmendBody(reason="misheard", **given), seen)


def test_j25_a_request_moves_to_the_right_unit_without_losing_its_number() -> None:
    before = accept()
    after = amend(before, OTHER, unit_id="3-2-1802")
    assert (after.reference, after.id) == (before.reference, before.id)
    assert (after.unit_id, after.place, after.same_as) == ("3-2-1802", "3-2-1802", "3-2-1802:plumbing")
    event = amended_event(before, after, AmendBody(reason="misheard", unit_id="3-2-1802"), NOW)
    assert event.was == {"unit_id": "3-2-1801", "place": "3-2-1801"}
    assert event.changed == {"unit_id": "3-2-1802", "place": "3-2-1802"}
    assert (event.unit_id, event.building, event.reason) == ("3-2-1802", "3", "misheard")


def test_j25_old_personal_values_stand_only_in_the_sealed_part() -> None:
    before = accept(body(requester={"name": "王小明", "phone": "13800138000"}))
    given = {"requester": {"phone": "13900139000"}, "description": "The tap leaks"}
    after = amend(before, **given)
    event = amended_event(before, after, AmendBody(reason="misheard", **given), NOW)  # type: ignore[arg-type]
    assert event.changed == {} == event.was
    assert event.personal is not None
    assert event.personal.phone == "+8613900139000"
    assert event.personal.was == {"phone": "+8613800138000", "description": "The tap drips"}
    assert event.personal.name == "王小明"


def test_a_field_is_corrected_and_an_optional_one_taken_away() -> None:
    before = amend(accept(), fields={"leak": True})
    after = amend(before, fields={"part": "bathroom tap", "leak": None})
    assert after.fields == {"part": "bathroom tap", "tariff_told": True}
    event = amended_event(before, after, AmendBody(reason="misheard"), NOW)
    assert event.changed == {"fields.part": "bathroom tap", "fields.leak": ""}
    assert event.was == {"fields.part": "kitchen tap", "fields.leak": "True"}


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"fields": {"part": None}}, "fields.part"),
        ({"fields": {"part": 5}}, "fields.part"),
        ({"fields": {"colour": "red"}}, "fields.colour"),
        ({"category": "gardening"}, "category"),
        ({"place": ""}, "place"),
        ({"hazard": "rain"}, "hazard"),
        ({"person_id": "nobody"}, "person_id"),
        ({"requester": {"phone": "12"}}, "requester.phone"),
        ({"appointment_at": NOW - timedelta(hours=1)}, "appointment_at"),
    ],
)
def test_a_wrong_correction_is_refused_naming_the_field(given: dict[str, Any], field: str) -> None:
    with pytest.raises(Invalid) as refused:
        amend(accept(), **given)
    assert refused.value.field == field


def test_a_unit_of_another_property_is_refused_like_one_that_does_not_exist() -> None:
    with pytest.raises(Invalid) as refused:
        amend(accept(), None, unit_id="9-9-9999")
    assert refused.value.kind == "unknown-unit"


def test_a_correction_that_changes_nothing_is_refused() -> None:
    with pytest.raises(Conflict):
        amend(accept(), category="plumbing")


def test_j18_a_hazard_that_asks_for_more_urgency_is_raised_not_corrected() -> None:
    with pytest.raises(Conflict) as refused:
        amend(accept(), hazard="flooding")
    assert refused.value.kind == "raise-instead"
    emergency = accept(body(urgency="emergency"))
    assert amend(emergency, hazard="flooding").hazard == "flooding"


def test_j22_who_asked_is_chosen_by_a_person_and_the_sealing_follows() -> None:
    before = accept()
    after = amend(before, person_id="chen")
    assert after.person_id == "chen"
    event = amended_event(before, after, AmendBody(reason="found her"), NOW)
    assert event.personal_key == "person:chen"


def test_p020_what_an_emergency_lacked_is_supplied_and_the_paperwork_is_complete() -> None:
    asked = body(urgency="emergency", fields={}, requester={"name": "王小明"})
    before = accept(asked)
    assert before.not_supplied == ("fields.part", "fields.tariff_told")
    after = amend(before, fields={"part": "riser", "tariff_told": True})
    assert (after.not_supplied, after.complete_by) == ((), None)


def test_a_closed_request_is_corrected_and_stays_closed() -> None:
    closed = replace(accept(), status="SATISFIED", stage="CLOSED", same_as="", closed_at=NOW)
    after = amend(closed, OTHER, unit_id="3-2-1802")
    assert (after.status, after.same_as) == ("SATISFIED", "")


def test_a_request_leaves_its_unit_for_a_public_place() -> None:
    after = amend(accept(), None, unit_id="", place="lobby of building 3", area="public")
    assert (after.unit_id, after.building, after.place, after.area) == (
        "",
        "",
        "lobby of building 3",
        "public",
    )


def test_the_appointment_of_a_car_follows_its_start() -> None:
    rules = CATALOGUE.procedure("car-hire", "villa").intake
    assert rules is not None
    start = NOW + timedelta(days=2)
    before = replace(accept(), fields={"start_at": start.isoformat()}, appointment_at=start)
    later = start + timedelta(hours=5)
    seen = Correction(rules, HOME, None, NOW, LIMITS)
    after = amended(before, AmendBody(reason="later flight", fields={"start_at": later.isoformat()}), seen)
    assert after.appointment_at == later
