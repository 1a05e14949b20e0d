"""Urgency: the two lists, a person's word, and what may be raised or lowered (domain §4.3, rulings J14,
J18).
"""

from __future__ import annotations

import pytest

from services.intake.domain.bodies import LowerBody, RaiseBody
from services.intake.domain.changes import lowered, overtakes, raised
from services.intake.domain.urgency import by_lists, check_lower, check_raise, decide, lane_of
from shared.catalogue.model import IntakeRules
from shared.errors import Conflict, Invalid
from tests.unit.intake.kit import CATALOGUE, accept, body

RULES = CATALOGUE.procedure("repair-report", "villa").intake
assert RULES is not None


@pytest.mark.parametrize(
    ("hazard", "asked", "urgency", "by"),
    [
        ("", None, "general", "default"),
        ("", "general", "general", "person"),
        ("", "urgent", "urgent", "person"),
        ("", "emergency", "emergency", "person"),
        ("flooding", None, "emergency", "list:flooding"),
        ("flooding", "general", "emergency", "list:flooding"),
        ("tap-leaking-badly", None, "urgent", "list:tap-leaking-badly"),
        ("tap-leaking-badly", "general", "urgent", "list:tap-leaking-badly"),
        ("tap-leaking-badly", "emergency", "emergency", "person"),
    ],
)
def test_p019_p020_the_higher_of_list_and_person_decides(
    hazard: str, asked: str | None, urgency: str, by: str
) -> None:
    decided = decide(RULES, hazard, asked)  # type: ignore[arg-type]
    assert (decided.urgency, decided.by) == (urgency, by)


def test_the_two_lists_are_kept_apart() -> None:
    emergency = {item.id for item in RULES.emergency_list}
    urgent = {item.id for item in RULES.urgent_list}
    assert emergency
    assert urgent
    assert not emergency & urgent
    assert {by_lists(RULES, item) for item in emergency} == {"emergency"}
    assert {by_lists(RULES, item) for item in urgent} == {"urgent"}


def test_an_item_on_no_list_is_refused_with_the_lists() -> None:
    with pytest.raises(Invalid) as refused:
        decide(RULES, "rain", None)
    assert refused.value.field == "hazard"
    assert "flooding" in str(refused.value.accepted)


def test_j17_an_item_on_no_list_does_not_refuse_an_emergency() -> None:
    decided = decide(RULES, "rain", "emergency")
    assert (decided.urgency, decided.hazard) == ("emergency", "")


def test_the_lane_follows_the_urgency_and_history_overtakes_nobody() -> None:
    assert [lane_of(u) for u in ("general", "urgent", "emergency")] == ["routine", "urgent", "urgent"]
    assert lane_of("emergency", "history") == "routine"
    assert lane_of("emergency", "replay") == "urgent"


def test_j18_anyone_raises_only_upwards() -> None:
    check_raise("general", "urgent")
    check_raise("urgent", "emergency")
    for current, wanted in (("urgent", "urgent"), ("emergency", "urgent")):
        with pytest.raises(Conflict):
            check_raise(current, wanted)  # type: ignore[arg-type]


def test_j18_nobody_lowers_below_the_lists() -> None:
    check_lower("emergency", "urgent", "urgent")
    check_lower("urgent", "general", "general")
    for current, wanted, floor in (
        ("emergency", "general", "urgent"),
        ("emergency", "urgent", "emergency"),
        ("general", "urgent", "general"),
    ):
        with pytest.raises(Conflict):
            check_lower(current, wanted, floor)  # type: ignore[arg-type]


def test_a_routine_request_that_becomes_an_emergency_overtakes_and_keeps_its_lane() -> None:
    request = accept()
    risen = raised(request, RaiseBody(urgency="emergency", reason="water through the ceiling"), RULES)
    assert (request.lane, risen.lane, risen.urgency, risen.urgency_by) == (
        "routine",
        "routine",
        "emergency",
        "person",
    )
    assert overtakes(request, risen, None)


def test_an_urgent_request_that_becomes_an_emergency_has_the_fast_lane_already() -> None:
    request = accept(body(urgency="urgent"))
    risen = raised(request, RaiseBody(urgency="emergency", reason="worse"), RULES)
    assert not overtakes(request, risen, None)


def test_a_rise_to_urgent_that_names_an_emergency_is_an_emergency() -> None:
    risen = raised(accept(), RaiseBody(urgency="urgent", reason="burst pipe", hazard="flooding"), RULES)
    assert (risen.urgency, risen.urgency_by) == ("emergency", "list:flooding")


def test_j18_what_a_person_raised_a_supervisor_lowers_again_but_not_what_the_list_says() -> None:
    by_person = accept(body(urgency="emergency"))
    assert lowered(by_person, LowerBody(urgency="general", reason="seen on site"), RULES).urgency == "general"
    by_list = accept(body(hazard="flooding"))
    with pytest.raises(Conflict) as refused:
        lowered(by_list, LowerBody(urgency="urgent", reason="seen on site"), RULES)
    assert refused.value.kind == "below-the-list"


def test_j14_the_lists_as_they_are_now_decide_about_lowering() -> None:
    by_list = accept(body(hazard="flooding"))
    without = IntakeRules(categories=("plumbing",))
    assert lowered(by_list, LowerBody(urgency="general", reason="list changed"), without).urgency == "general"
