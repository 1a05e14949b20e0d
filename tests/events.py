"""Events as the other services tell them, with the values a test does not care about filled in."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from shared.events.dispatch import DeadlineRaised, WorkOrderIssued
from shared.events.intake import EmergencyRaised


def issued(request_id: str, at: datetime, **changed: Any) -> WorkOrderIssued:
    """The slip of a general repair is out; three days to do it."""
    values: dict[str, Any] = {
        "work_order_id": f"wo-{request_id}",
        "request_id": request_id,
        "kind": "repair",
        "slip": "2026-000001",
        "slip_number": 1,
        "slip_year": 2026,
        "period": "2026-03",
        "procedure": "repair-report",
        "department": "engineering",
        "urgency": "general",
        "assignee_id": "wang",
        "reported_at": at,
        "issued_at": at,
        "due_at": at + timedelta(days=3),
    }
    return WorkOrderIssued(**values | changed)


def deadline_raised(at: datetime, **changed: Any) -> DeadlineRaised:
    """The slip of a general repair is late; its second escalation goes to the director."""
    values: dict[str, Any] = {
        "work_order_id": "w1",
        "request_id": "r1",
        "slip": "2026-000123",
        "department": "engineering",
        "urgency": "general",
        "kind": "breached",
        "step": 2,
        "to_role": "director",
        "due_at": at,
        "raised_at": at,
        "place": "3-2-1801",
    }
    return DeadlineRaised(**values | changed)


def emergency_raised(request_id: str, at: datetime, **changed: Any) -> EmergencyRaised:
    """A routine repair in a home became an emergency."""
    values: dict[str, Any] = {
        "request_id": request_id,
        "procedure": "repair-report",
        "category": "plumbing",
        "area": "indoor",
        "place": "3-2-1801",
        "first_contact_id": "cs1",
        "reported_at": at,
        "raised_at": at,
    }
    return EmergencyRaised(**values | changed)
