"""P018, P020-P023: what may follow what in a repair, every status against every action."""

from __future__ import annotations

from typing import get_args

import pytest

from services.dispatch.domain.flow import Action, allowed, check
from services.dispatch.domain.model import ENDED, WorkOrder
from services.dispatch.domain.onsite_flow import VISITED
from services.dispatch.domain.repair_flow import REPAIR
from services.dispatch.domain.site import Site
from services.dispatch.domain.wording import ACTION, STATUS
from shared.errors import Conflict
from tests.unit.dispatch.builders import NOW, order, terms

ACTIONS = get_args(Action)

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
    "REPAIRED": {"sign", "clean", "redo"},
    "SIGNED": set(),
    "CLOSED": set(),
    "WITHDRAWAL_MARKED": {"sign"},
    "WITHDRAWN": set(),
    "CANCELLED": set(),
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
    for action in ACTIONS
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
        assert set(refused.value.accepted.split(", ")) == expected


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
