"""A report becomes a work order: terms, deadline, number, period (P018, P029, P033; J16, J20).

A slip's number is never changed and never filled in later; its year is that of the report in the property's
zone.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal

from services.dispatch.domain.deadlines import due_at
from services.dispatch.domain.model import Area, EscalationPoint, Terms, WorkOrder
from services.dispatch.domain.onsite import first_site
from shared.catalogue.model import BillingRules, DispatchRules
from shared.deadlines import local_year, slip_period
from shared.events.dispatch import StaffContact, WorkKind, WorkOrderIssued
from shared.events.envelope import Lane
from shared.events.intake import Urgency

SLIP_DIGITS = 6
SERIES = "slip"  # one series per property and year, for every slip (J20)

# What an emergency runs under where its rules are lost: nothing delays it, so defaults hold (J17).
EMERGENCY_RULES = DispatchRules(flow="repair", department="engineering", kind="repair")


@dataclass(frozen=True, slots=True)
class Report:
    """What is known of the need when the slip is written."""

    request_id: str
    procedure: str
    urgency: Urgency
    category: str
    area: Area
    reported_at: datetime
    saved_at: datetime
    reference: str = ""
    catalogue_version: str = ""
    unit_id: str = ""
    building: str = ""
    place: str = ""
    appointment_at: datetime | None = None
    hazard: str = ""
    ordered: bool = True
    own_material: bool = False
    paper_slip: str = ""
    first_contact_id: str = ""
    callback_kind: Literal["", "leak", "safety", "other"] = ""
    delivered_on: str = ""


@dataclass(frozen=True, slots=True)
class Where:
    """Where the order belongs: its property with its zone and the minutes in which slips are collected there,
    and the stream its events go on.
    """

    property_id: str
    zone: str
    stream: str
    lane: Lane
    collect_minutes: int


def draft(
    order_id: str,
    kind: WorkKind,
    report: Report,
    where: Where,
    rules: DispatchRules,
    billing: BillingRules | None,
    now: datetime,
) -> WorkOrder:
    """The work order without its number.

    The clock runs from the report, the slip's five minutes from when it was saved.
    """
    appointment = report.appointment_at
    return WorkOrder(
        property_id=where.property_id,
        id=order_id,
        request_id=report.request_id,
        reference=report.reference,
        kind=kind,
        procedure=report.procedure,
        catalogue_version=report.catalogue_version,
        department=rules.departments.get(report.category, rules.department),
        category=report.category,
        skill=rules.skills.get(report.category, rules.skills.get("default", "")),
        urgency=report.urgency,
        area=report.area,
        unit_id=report.unit_id,
        delivered_on=report.delivered_on,
        building=report.building,
        place=report.place,
        stream=where.stream,
        lane=where.lane,
        terms=terms_of(kind, report.area, rules, billing, where.collect_minutes),
        status="ASKED" if kind == "errand" else "ISSUED",
        reported_at=report.reported_at,
        issued_at=now,
        slip_due_at=report.saved_at + timedelta(minutes=rules.slip_within_minutes),
        due_at=due_at(rules, report.urgency, report.reported_at, where.zone, appointment),
        clock_from=report.reported_at,
        appointment_at=appointment,
        hazard=report.hazard,
        site=first_site(report.ordered, report.own_material) if report.area == "indoor" else None,
        first_contact_id=report.first_contact_id,
        callback_kind=report.callback_kind,
    )


def terms_of(
    kind: WorkKind, area: Area, rules: DispatchRules, billing: BillingRules | None, collect_minutes: int
) -> Terms:
    """The rules this order keeps for its life."""
    return Terms(
        mode=rules.modes,
        signatures=signatures_of(kind, area, rules),
        withdrawal_signature=rules.withdrawal_signature,
        quote_needed=_quote_needed(kind, area, rules, billing),
        supervisor_dispatches=rules.supervisor_dispatches,
        deposit_percent=billing.deposit_percent if billing is not None else 0,
        cancel_notice_hours=rules.cancel_notice_hours,
        slip_within_minutes=rules.slip_within_minutes,
        collect_within_minutes=rules.collect_within_minutes or collect_minutes,
        paperwork_within_hours=rules.paperwork_within_hours,
        escalation=tuple(EscalationPoint(s.at_percent, s.to_role, s.urgent_also) for s in rules.escalation),
        bells=rules.bells,
        bell_wait_minutes=rules.bell_wait_minutes,
        late_after_minutes=rules.late_after_minutes,
        cancel_confirm_minutes=rules.cancel_confirm_minutes,
        companion=rules.companion,
        notice_signature=rules.notice_signature,
        general_assigned_by=rules.general_assigned_by if rules.supervisor_dispatches else (),
    )


def signatures_of(kind: WorkKind, area: Area, rules: DispatchRules) -> tuple[str, ...]:
    """Who signs: in a home owner, technician and supervisor (P022).

    Elsewhere, and for a response, the supervisor (P021).
    """
    if kind != "response" and (area == "indoor" or not rules.public_signatures):
        return rules.signatures or (rules.withdrawal_signature,)
    return rules.public_signatures or (rules.withdrawal_signature,)


def _quote_needed(kind: WorkKind, area: Area, rules: DispatchRules, billing: BillingRules | None) -> bool:
    if kind == "response" or not rules.quote_before_start or billing is None or billing.payer != "owner":
        return False
    return not (area == "public" and billing.public_area_free)


def slip_year(report: Report, zone: str) -> int:
    """The year whose number series the slip belongs to (J20)."""
    return local_year(report.reported_at, zone)


def numbered(order: WorkOrder, number: int, year: int, period: str) -> WorkOrder:
    """The order with its slip: 2026-000123."""
    printed = f"{year:04d}-{number:0{SLIP_DIGITS}d}"
    return dataclasses.replace(order, slip=printed, slip_number=number, slip_year=year, period=period)


def period_of(report: Report, zone: str, rules: DispatchRules) -> str:
    """The month the slip is counted in (P029, J16)."""
    return slip_period(report.reported_at, zone, rules.slip_late_days)


def start_of(appointment_at: datetime | None, fields: Mapping[str, str | int | bool]) -> datetime | None:
    """When an errand begins: the appointment, or the form's `start_at`."""
    if appointment_at is not None:
        return appointment_at
    text = fields.get("start_at")
    if not isinstance(text, str):
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return moment.astimezone(UTC) if moment.tzinfo is not None else None


def issued(order: WorkOrder, personal: StaffContact | None) -> WorkOrderIssued:
    """The fact that the slip is out."""
    assert order.reported_at is not None
    assert order.issued_at is not None
    assert order.due_at is not None
    return WorkOrderIssued(
        work_order_id=order.id,
        request_id=order.request_id,
        kind=order.kind,
        slip=order.slip,
        slip_number=order.slip_number,
        slip_year=order.slip_year,
        period=order.period,
        procedure=order.procedure,
        department=order.department,
        urgency=order.urgency,
        place=order.place,
        assignee_id=order.assignee_id,
        last_resort=order.last_resort,
        reported_at=order.reported_at,
        issued_at=order.issued_at,
        due_at=order.due_at,
        appointment_at=order.appointment_at,
        personal_key=f"person:{personal.staff_id}" if personal is not None else "",
        personal=personal,
    )
