"""Guarantee 10: what the auditor calls overdue, from deadlines alone."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from services.dispatch.domain.audit import Watched, overdue
from services.dispatch.domain.model import EscalationPoint
from tests.unit.dispatch.builders import NOW

GRACE = timedelta(seconds=30)
DAY = timedelta(hours=24)
CHAIN = (EscalationPoint(75, "repair_supervisor"), EscalationPoint(100, "department_head"))


def watched(**changes: Any) -> Watched:
    """An urgent order of a day that somebody has in hand."""
    values: dict[str, Any] = {
        "property_id": "garden",
        "id": "w1",
        "slip": "2026-000001",
        "status": "COLLECTED",
        "urgency": "urgent",
        "assignee_id": "tech-1",
        "issued_at": NOW,
        "asked_at": NOW,
        "slip_due_at": NOW + timedelta(minutes=5),
        "clock_from": NOW,
        "due_at": NOW + DAY,
        "mode": "push",
        "slip_within_minutes": 5,
        "collect_within_minutes": 30,
        "escalation": CHAIN,
        "escalated_percent": 0,
        "escalations": 0,
        "slip_late_raised": False,
    }
    return Watched(**{**values, **changes})


@pytest.mark.parametrize(
    ("escalated", "now", "found"),
    [
        (0, NOW + DAY * 0.75 + GRACE, []),
        (0, NOW + DAY * 0.75 + GRACE + timedelta(seconds=1), [NOW + DAY * 0.75]),
        (75, NOW + DAY * 0.75 + timedelta(hours=1), []),
        (75, NOW + DAY + timedelta(minutes=1), [NOW + DAY]),
        (0, NOW + DAY * 3, [NOW + DAY]),
        (100, NOW + DAY * 3, []),
    ],
)
def test_the_highest_step_that_nobody_was_told(escalated: int, now: datetime, found: list[datetime]) -> None:
    assert [at for _, at in overdue(watched(escalated_percent=escalated), now - GRACE)] == found


def test_an_order_issued_after_its_deadline_has_the_grace_from_then_on() -> None:
    late = watched(issued_at=NOW + DAY * 2, slip_late_raised=True)
    assert overdue(late, NOW + DAY * 2) == []
    assert [kind for kind, _ in overdue(late, NOW + DAY * 2 + GRACE)] == ["not_escalated"]


@pytest.mark.parametrize(
    ("changes", "minutes", "kinds"),
    [
        ({"assignee_id": "", "asked_at": None, "status": "ISSUED"}, 1, ["nobody_told"]),
        ({"assignee_id": "", "asked_at": None, "status": "ISSUED", "escalations": 1}, 1, []),
        ({"asked_at": NOW + timedelta(minutes=20), "status": "ISSUED"}, 31, []),
        ({"status": "ISSUED"}, 31, ["unanswered"]),
        ({"status": "ISSUED", "urgency": "emergency"}, 6, ["unanswered"]),
        ({"status": "ISSUED", "urgency": "general"}, 60, []),
        ({"status": "ISSUED", "urgency": "general", "mode": "collect"}, 60, ["unanswered"]),
        ({"issued_at": NOW + timedelta(minutes=6)}, 7, ["slip_late"]),
        ({"issued_at": NOW + timedelta(minutes=6), "slip_late_raised": True}, 7, []),
        ({"escalation": ()}, 24 * 60 + 1, ["not_escalated"]),
    ],
)
def test_what_else_somebody_should_have_been_told(
    changes: dict[str, Any], minutes: int, kinds: list[str]
) -> None:
    found = overdue(watched(**changes), NOW + timedelta(minutes=minutes) - GRACE)
    assert [kind for kind, _ in found] == kinds


@pytest.mark.parametrize("kind", ["material_report_late", "party_silent"])
def test_p024_p028_a_late_step_that_nobody_was_told_is_found(kind: Any) -> None:
    due = NOW + timedelta(hours=1)
    order = watched(untold=((kind, due),))
    assert overdue(order, due) == []
    assert overdue(order, due + GRACE) == [(kind, due)]
