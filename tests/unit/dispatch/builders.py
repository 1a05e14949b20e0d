"""Work orders, people and rosters with sensible defaults, for the tests of dispatch."""

from __future__ import annotations

import dataclasses
from datetime import UTC, datetime, timedelta
from typing import Any

from services.dispatch.domain.flow import Actor
from services.dispatch.domain.issue import terms_of
from services.dispatch.domain.model import Booking, Notice, Quote, Terms, Withdrawal, WorkOrder
from services.dispatch.domain.roster import OnDuty, Roster, Shift, Staff
from shared.catalogue.load import Catalogue
from shared.catalogue.model import BillingRules, DispatchRules, Procedure
from shared.money import Money

PROPERTY = "garden"
NOW = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)  # nine in the morning in Shanghai
TECHNICIAN = Actor("tech-1", frozenset({"technician"}))
SUPERVISOR = Actor("boss-1", frozenset({"repair_supervisor"}))
BUTLER = Actor("butler-1", frozenset({"butler"}))
ZONE = "Asia/Shanghai"
PRICE = Money(60_000, "CNY")


def procedure(name: str = "repair-indoor", profile: str = "garden") -> Procedure:
    """A procedure as shipped."""
    return Catalogue.shipped().procedure(name, profile)


def rules_of(name: str = "repair-indoor", profile: str = "garden") -> tuple[DispatchRules, BillingRules]:
    """What dispatch and billing do about it."""
    found = procedure(name, profile)
    assert found.dispatch is not None
    assert found.billing is not None
    return found.dispatch, found.billing


def terms(
    name: str = "repair-indoor", *, area: Any = "indoor", kind: Any = "repair", **changes: Any
) -> Terms:
    """The terms of an order of that procedure, some changed."""
    profile = "villa" if name == "car-hire" else "garden"
    return dataclasses.replace(terms_of(kind, area, *rules_of(name, profile), 30), **changes)


def order(status: Any = "ISSUED", **changes: Any) -> WorkOrder:
    """A repair in a home, urgent by nobody, assigned to tech-1."""
    values: dict[str, Any] = {
        "property_id": PROPERTY,
        "id": "w1",
        "version": 1,
        "request_id": "r1",
        "procedure": "repair-indoor",
        "department": "engineering",
        "category": "plumbing",
        "skill": "plumber",
        "slip": "2026-000123",
        "slip_number": 123,
        "slip_year": 2026,
        "period": "2026-03",
        "stream": "r1",
        "terms": terms(),
        "status": status,
        "assignee_id": "tech-1",
        "asked_at": NOW,
        "reported_at": NOW,
        "issued_at": NOW,
        "slip_due_at": NOW + timedelta(minutes=5),
        "due_at": NOW + timedelta(days=3),
        "clock_from": NOW,
    }
    if status in ("REPAIRED", "SIGNED"):
        values["item"] = "washer of the tap"
    if status in ("QUOTED", "CONSENTED", "OBJECTED"):
        state = {"QUOTED": "offered", "CONSENTED": "consented", "OBJECTED": "refused"}[status]
        total = Money(4000, "CNY") if state == "consented" else None
        values["quote"] = Quote("q1", state, NOW, total)  # type: ignore[arg-type]
    if status == "WITHDRAWAL_MARKED":
        values["withdrawal"] = Withdrawal("price", "too dear", "signature", "tech-1", NOW)
    return WorkOrder(**{**values, **changes})


def car(status: Any = "ASKED", **changes: Any) -> WorkOrder:
    """A car hire that starts in five days; from AVAILABLE on with the partner's confirmation."""
    values: dict[str, Any] = {
        "kind": "errand",
        "procedure": "car-hire",
        "department": "butler",
        "category": "car-hire",
        "skill": "concierge",
        "area": "public",
        "terms": terms("car-hire", area="public", kind="errand"),
        "assignee_id": "butler-1",
        "appointment_at": NOW + timedelta(days=5),
    }
    if status not in ("ASKED", "UNAVAILABLE"):
        values["booking"] = Booking("Fast Cars", "sedan, A-12345", PRICE, NOW)
    if status in ("FORM_SIGNED", "DEPOSIT_PAID", "BOOKED", "USED"):
        values["quote"] = Quote("q1", "consented", NOW, PRICE)
    if status in ("DEPOSIT_PAID", "BOOKED", "USED"):
        values["deposit"] = "held"
    return order(status, **{**values, **changes})


def noticed(order: WorkOrder, received_at: datetime) -> WorkOrder:
    """The caller has asked to cancel."""
    return dataclasses.replace(order, cancel_notice=Notice("trip is off", received_at))


def staff(id: str, **changes: Any) -> Staff:
    """A technician who can do plumbing everywhere."""
    values: dict[str, Any] = {
        "id": id,
        "name": f"Name {id}",
        "phone": "+8613800138000",
        "email": f"{id}@garden.example",
        "role": "technician",
        "skills": ("plumber",),
    }
    return Staff(**{**values, **changes})


def on(*people: Staff, on_call: bool = False) -> list[OnDuty]:
    """These people are on duty now."""
    return [OnDuty(person, on_call) for person in people]


def roster(*people: Staff, department: str = "engineering", at: datetime = NOW) -> Roster:
    """A department whose people are all on shift around that moment."""
    shifts = tuple(Shift(p.id, at - timedelta(hours=1), at + timedelta(hours=7)) for p in people)
    return Roster(PROPERTY, department, 1, people, shifts)
