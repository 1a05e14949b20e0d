"""P018, P020-P023: what may follow what in a repair, every status against every action."""

from __future__ import annotations

from typing import Any, get_args

import pytest

from services.dispatch.domain.flow import Action, allowed, check
from services.dispatch.domain.model import ENDED, WorkOrder
from services.dispatch.domain.onsite_flow import VISITED
from services.dispatch.domain.repair_flow import REPAIR
from services.dispatch.domain.side import Material, Outside
from services.dispatch.domain.side_commands import SIDE_ACTIONS
from services.dispatch.domain.site import Site
from services.dispatch.domain.wording import ACTION, STATUS
from shared.errors import Conflict
from tests.unit.dispatch.builders import NOW, order, terms

ACTIONS = get_args(Action)
MAIN = [action for action in ACTIONS if action not in SIDE_ACTIONS]

# A home, not urgent, slips are pushed; nobody has said yet where the technician is.
ONSITE = {"leave", "add-helper", "wait-owner"}
INDOOR: dict[str, set[str]] = {
    "ISSUED": {"collect", "cannot", "assign", "contact", "add-helper"},
    "COLLECTED": {"cannot", "assign", "contact", "add-helper", "wait-owner"},
    "CONTACTED": {"cannot", "assign", "contact", "arrive", "hand-over", "add-helper", "wait-owner"},
    "ON_SITE": {"confirm-item", "withdraw", "hand-over"} | ONSITE,
    "ITEM_CONFIRMED": {"quote", "withdraw", "hand-over"} | ONSITE,
    "QUOTED": {"quote", "withdraw", "hand-over"} | ONSITE,
    "CONSENTED": {"start", "withdraw", "hand-over"} | ONSITE,
    "OBJECTED": {"quote", "withdraw", "hand-over"} | ONSITE,
    "STARTED": {"complete", "hand-over", "clean"} | ONSITE,
    "REPAIRED": {"sign", "clean", "redo", "hand-over"},
    "SIGNED": {"hand-in"},
    "CLOSED": {"hand-in"},
    "WITHDRAWAL_MARKED": {"sign"},
    "WITHDRAWN": {"hand-in"},
    "CANCELLED": {"hand-in"},
}
# The same, where slips are collected or called out by radio: nobody calls the owner before.
COLLECTED = {**INDOOR, "ISSUED": {"collect", "cannot", "assign", "add-helper"}}
# The same, with a technician who stands at the door and has not rung.
WORK = {"confirm-item", "start", "complete"}
DOOR = {
    status: (actions - WORK) | {"ring"} if status in VISITED else actions
    for status, actions in INDOOR.items()
}
DOOR["REPAIRED"] = INDOOR["REPAIRED"] - {"sign"}  # not cleaned
# He has rung twice and nobody opened.
RANG = {
    status: (actions - {"ring"}) | {"no-show", "show-form"} if status in VISITED else actions
    for status, actions in DOOR.items()
}
# He has left; before he comes again the owner is called.
AWAY = {
    status: (actions - WORK - {"leave"}) | {"contact"} if status in VISITED else actions
    for status, actions in INDOOR.items()
}
AWAY["REPAIRED"] = DOOR["REPAIRED"]
# A new time is agreed.
EXPECTED = {
    status: actions | {"arrive", "late"} if status in VISITED else actions for status, actions in AWAY.items()
}
EXPECTED["CONTACTED"] = INDOOR["CONTACTED"] | {"late"}
# A patrol found it: somebody of the household has to order it first.
UNORDERED = {**INDOOR, "CONTACTED": INDOOR["CONTACTED"] - {"arrive"}, "REPAIRED": DOOR["REPAIRED"]}
# A public area: no owner to call, nothing to quote, nobody who could withdraw.
HOME = {"wait-owner", "redo"}
PUBLIC: dict[str, set[str]] = {
    **{status: actions - HOME for status, actions in INDOOR.items()},
    "ISSUED": {"collect", "cannot", "assign", "contact", "arrive", "add-helper"},
    "COLLECTED": {"cannot", "assign", "contact", "arrive", "add-helper"},
    "ON_SITE": {"confirm-item", "hand-over", "leave", "add-helper"},
    "ITEM_CONFIRMED": {"start", "hand-over", "leave", "add-helper"},
    "QUOTED": {"hand-over", "leave", "add-helper"},
    "CONSENTED": {"start", "hand-over", "leave", "add-helper"},
    "OBJECTED": {"hand-over", "leave", "add-helper"},
    "REPAIRED": {"sign", "clean"},  # the supervisor alone signs
}
# An emergency in a home: it may begin from anywhere, nobody waits at a door, and it is written up afterwards.
EMERGENCY: dict[str, set[str]] = {
    **INDOOR,
    "ISSUED": INDOOR["ISSUED"] | {"arrive", "start"},
    "COLLECTED": INDOOR["COLLECTED"] | {"arrive", "start"},
    "CONTACTED": INDOOR["CONTACTED"] | {"start"},
    "ON_SITE": INDOOR["ON_SITE"] | {"start", "no-show"},
    "ITEM_CONFIRMED": INDOOR["ITEM_CONFIRMED"] | {"start", "no-show"},
    "QUOTED": INDOOR["QUOTED"] | {"start", "no-show"},
    "CONSENTED": INDOOR["CONSENTED"] | {"no-show"},
    "OBJECTED": INDOOR["OBJECTED"] | {"start", "no-show"},
    "STARTED": INDOOR["STARTED"] | {"confirm-item", "quote", "no-show"},
    "REPAIRED": INDOOR["REPAIRED"] | {"confirm-item", "quote"},
}
RESPONSE = {status: actions - {"withdraw", "quote"} - HOME for status, actions in EMERGENCY.items()}
RESPONSE["REPAIRED"] -= {"hand-over"}
VARIANTS: dict[str, tuple[dict[str, set[str]], dict[str, object]]] = {
    "indoor": (INDOOR, {}),
    "collect": (COLLECTED, {"terms": terms(mode="collect")}),
    "radio": (COLLECTED, {"terms": terms(mode="radio")}),
    "door": (DOOR, {"site": Site(place="door")}),
    "rang": (RANG, {"site": Site(place="door", rang_at=(NOW, NOW))}),
    "away": (AWAY, {"site": Site(place="away")}),
    "expected": (EXPECTED, {"site": Site(place="expected"), "appointment_at": NOW}),
    "unordered": (UNORDERED, {"site": Site(ordered=False, cleaned_at=None)}),
    "public": (PUBLIC, {"area": "public", "terms": terms("repair-report", area="public")}),
    "emergency": (EMERGENCY, {"urgency": "emergency"}),
    "response": (
        RESPONSE,
        {"kind": "response", "urgency": "emergency", "terms": terms(kind="response")},
    ),
}
CASES = [
    pytest.param(variant, status, action, id=f"{variant}-{status}-{action}")
    for variant, (expected, _) in VARIANTS.items()
    for status in expected
    for action in MAIN
]


def _order(variant: str, status: str) -> WorkOrder:
    return order(status, **VARIANTS[variant][1])


@pytest.mark.parametrize(("variant", "status", "action"), CASES)
def test_p022_every_status_against_every_action(variant: str, status: str, action: Action) -> None:
    expected = VARIANTS[variant][0][status]
    subject = _order(variant, status)
    assert (action in allowed(REPAIR, subject)) == (action in expected)
    if action in expected:
        check(REPAIR, subject, action)
        return
    with pytest.raises(Conflict) as refused:
        check(REPAIR, subject, action)
    assert subject.slip in refused.value.detail, "a receptionist must see which slip is meant"
    assert refused.value.accepted, "what can be done instead is said"
    if expected:
        assert set(refused.value.accepted.split(", ")) - set(SIDE_ACTIONS) == expected


def test_p029_a_slip_is_handed_in_once() -> None:
    with pytest.raises(Conflict, match="at the office already"):
        check(REPAIR, order("CLOSED", handed_in_at=NOW), "hand-in")


def test_every_status_and_action_has_its_words() -> None:
    assert set(ACTION) == set(ACTIONS)
    assert set(INDOOR) <= set(STATUS)
    for status in ENDED:
        assert STATUS[status]


def test_p014_starting_without_consent_is_refused_with_a_plain_sentence() -> None:
    with pytest.raises(Conflict, match="has not agreed to a price yet"):
        check(REPAIR, order("ITEM_CONFIRMED"), "start")


def test_r9_nobody_comes_into_a_home_unannounced() -> None:
    with pytest.raises(Conflict, match="unannounced"):
        check(REPAIR, order("COLLECTED"), "arrive")


def test_r6_there_is_no_action_with_which_a_department_refuses() -> None:
    assert not [
        action for action in ACTIONS if "refuse" in action or "decline" in action or "reject" in action
    ]


# What may happen besides, to a slip of a home that was collected.
IN_HAND = {"lack-material", "return-undone", "report-outside", "transfer"}
BESIDES: dict[str, set[str]] = {
    "ISSUED": {"report-outside", "transfer"},
    **dict.fromkeys(("COLLECTED", "CONTACTED", *sorted(VISITED)), IN_HAND),
    "REPAIRED": set(),
    "SIGNED": set(),
    "UNDONE": {"sign-undone", "carry-on", "transfer"},
    "UNDONE_SIGNED": {"pass-undone", "transfer"},
    "UNDONE_WITH_CS": {"tell-undone", "transfer"},
    "NOT_DONE": set(),
    "WITH_SUPERVISOR": {"transfer", "set-solution", "carry-on"},
    "TRANSFERRED": {"follow-up", "set-solution", "carry-on"},
    "SOLUTION_SET": {"follow-up", "set-solution", "tell-solution", "carry-on"},
    "CLOSED": set(),
}


@pytest.mark.parametrize("status", BESIDES)
def test_p024_p025_p028_p029_what_may_happen_besides(status: str) -> None:
    outside = Outside("warranty", "", NOW)
    given = status in ("WITH_SUPERVISOR", "TRANSFERRED", "SOLUTION_SET")
    subject = order(status, collected_at=NOW, outside=outside if given else None)
    assert set(allowed(REPAIR, subject)) & set(SIDE_ACTIONS) == BESIDES[status]


@pytest.mark.parametrize(
    ("state", "next_actions"),
    [
        ("MISSING", {"report-material"}),
        ("REPORTED", {"file-purchase"}),
        ("ORDERED", {"bought", "unobtainable"}),
        ("BOUGHT", {"lack-material"}),
        ("UNOBTAINABLE", {"lack-material"}),
    ],
)
def test_p028_material_goes_from_head_to_office_to_buyer(state: Any, next_actions: set[str]) -> None:
    material = Material("pipe", "2 m", NOW, NOW, state=state)
    subject = order("STARTED", collected_at=NOW, material=material)
    words = {"lack-material", "report-material", "file-purchase", "bought", "unobtainable"}
    assert set(allowed(REPAIR, subject)) & words == next_actions


def test_p029_an_emergency_is_never_returned_nor_given_away() -> None:
    danger = order("STARTED", collected_at=NOW, urgency="emergency")
    assert not {"return-undone", "transfer", "report-outside"} & set(allowed(REPAIR, danger))
    with pytest.raises(Conflict, match="dealt with first"):
        check(REPAIR, danger, "transfer")


def test_p026_an_unsigned_notice_is_told_to_nobody() -> None:
    notice = order(assignee_id="", terms=terms(notice_signature="cs_supervisor"))
    assert not {"collect", "assign", "contact", "arrive"} & set(allowed(REPAIR, notice))
    with pytest.raises(Conflict, match="has not signed the notice yet"):
        check(REPAIR, notice, "collect")
    assert "sign-notice" in allowed(REPAIR, notice)
    assert "sign-notice" not in allowed(REPAIR, order())
