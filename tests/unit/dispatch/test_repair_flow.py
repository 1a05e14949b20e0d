"""P018, P020-P023: what may follow what in a repair, every status against every action."""

from __future__ import annotations

from typing import get_args

import pytest

from services.dispatch.domain.flow import Action, allowed, check
from services.dispatch.domain.model import ENDED, WorkOrder
from services.dispatch.domain.repair_flow import REPAIR
from services.dispatch.domain.wording import ACTION, STATUS
from shared.errors import Conflict
from tests.unit.dispatch.builders import order, terms

ACTIONS = get_args(Action)

# A home, not urgent, slips are pushed.
INDOOR: dict[str, set[str]] = {
    "ISSUED": {"collect", "cannot", "assign", "contact"},
    "COLLECTED": {"cannot", "assign", "contact"},
    "CONTACTED": {"cannot", "assign", "contact", "arrive", "no-show", "hand-over"},
    "ON_SITE": {"no-show", "confirm-item", "withdraw", "hand-over"},
    "ITEM_CONFIRMED": {"quote", "withdraw", "hand-over"},
    "QUOTED": {"quote", "withdraw", "hand-over"},
    "CONSENTED": {"start", "withdraw", "hand-over"},
    "OBJECTED": {"quote", "withdraw", "hand-over"},
    "STARTED": {"complete", "hand-over"},
    "REPAIRED": {"sign"},
    "SIGNED": set(),
    "CLOSED": set(),
    "WITHDRAWAL_MARKED": {"sign"},
    "WITHDRAWN": set(),
    "CANCELLED": set(),
}
# The same, where slips are collected: nobody calls the owner before.
COLLECTED = {**INDOOR, "ISSUED": {"collect", "cannot", "assign"}}
# A public area: no owner to call, nothing to quote, nobody who could withdraw.
PUBLIC: dict[str, set[str]] = {
    **INDOOR,
    "ISSUED": {"collect", "cannot", "assign", "contact", "arrive"},
    "COLLECTED": {"cannot", "assign", "contact", "arrive"},
    "ON_SITE": {"no-show", "confirm-item", "hand-over"},
    "ITEM_CONFIRMED": {"start", "hand-over"},
    "QUOTED": {"hand-over"},
    "CONSENTED": {"start", "hand-over"},
    "OBJECTED": {"hand-over"},
}
# An emergency in a home: it may begin from anywhere, and is written up afterwards.
EMERGENCY: dict[str, set[str]] = {
    **INDOOR,
    "ISSUED": {"collect", "cannot", "assign", "contact", "arrive", "start"},
    "COLLECTED": {"cannot", "assign", "contact", "arrive", "start"},
    "CONTACTED": {"cannot", "assign", "contact", "arrive", "no-show", "hand-over", "start"},
    "ON_SITE": {"no-show", "confirm-item", "withdraw", "hand-over", "start"},
    "ITEM_CONFIRMED": {"quote", "withdraw", "hand-over", "start"},
    "QUOTED": {"quote", "withdraw", "hand-over", "start"},
    "OBJECTED": {"quote", "withdraw", "hand-over", "start"},
    "STARTED": {"complete", "hand-over", "confirm-item", "quote"},
    "REPAIRED": {"sign", "confirm-item", "quote"},
}
RESPONSE = {status: actions - {"withdraw", "quote"} for status, actions in EMERGENCY.items()}
VARIANTS: dict[str, tuple[dict[str, set[str]], dict[str, object]]] = {
    "indoor": (INDOOR, {}),
    "collect": (COLLECTED, {"terms": terms(mode="collect")}),
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
