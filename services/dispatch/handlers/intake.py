"""What intake's events mean for the work: slips go out, move, become more urgent, or are cancelled."""

from __future__ import annotations

import dataclasses

from services.dispatch.domain import errand, withdrawal
from services.dispatch.domain.assignment import contact_of, given, reassigned
from services.dispatch.domain.deadlines import due_at, more_urgent
from services.dispatch.domain.flow import Change, step
from services.dispatch.domain.issue import (
    EMERGENCY_RULES,
    Report,
    Where,
    draft,
    issued,
    numbered,
    period_of,
    slip_year,
    start_of,
)
from services.dispatch.domain.model import DONE, PropertyCopy, WorkOrder
from services.dispatch.handlers.keeping import alarm, keep, payload
from services.dispatch.handlers.people import find
from shared.catalogue.load import Catalogue
from shared.catalogue.model import BillingRules, DispatchRules, Procedure
from shared.errors import Invalid, Poison
from shared.events.dispatch import WorkKind
from shared.events.intake import (
    EmergencyRaised,
    PropertyConfigured,
    RequestAccepted,
    RequestAmended,
    RequestCancelled,
    RequestReopened,
    UrgencyRaised,
)
from shared.ids import derived_id
from shared.kernel.unit import Unit

SERIES = "slip"
# Only until a property's own zone is known: its settings travel on another stream and may come later.
ZONE_UNKNOWN = "Asia/Shanghai"


def first_order_id(property_id: str, request_id: str) -> str:
    """The id of the first work order of a request, known before it exists."""
    return derived_id("work_order", property_id, request_id)


def response_order_id(property_id: str, request_id: str) -> str:
    """The id of the response to a request that became an emergency."""
    return derived_id("work_order", property_id, request_id, "response")


def order_id_of_stream(property_id: str, stream: str) -> str:
    """The id of the work order a stream begins with; empty where a stream begins with none."""
    prefix, _, request_id = stream.rpartition(":")
    if not prefix:
        return first_order_id(property_id, request_id)
    return response_order_id(property_id, request_id) if prefix == "emergency" else ""


class IntakeHandlers:
    """The handlers of intake's events; they need the catalogue."""

    def __init__(self, catalogue: Catalogue) -> None:
        self._catalogue = catalogue

    async def configured(self, unit: Unit) -> None:
        """Keep a copy of the property's settings."""
        event = payload(unit, PropertyConfigured)
        kept = await unit.load(PropertyCopy, event.property_id)
        unit.save(
            PropertyCopy(
                property_id=event.property_id,
                id=event.property_id,
                version=kept.version if kept is not None else 0,
                zone=event.zone,
                profile=event.profile,
                currency=event.currency,
                settings=dict(event.settings),
                duty_chain=event.duty_chain,
            )
        )

    async def accepted(self, unit: Unit) -> None:
        """A slip goes out at once (P018, P020). What came from a history import is over already (J8)."""
        event = payload(unit, RequestAccepted)
        if event.origin == "history":
            return
        order_id = first_order_id(unit.cause.property_id, event.request_id)
        if await unit.load(WorkOrder, order_id) is not None:
            return
        emergency = event.urgency == "emergency"
        settings = await unit.look(PropertyCopy, unit.cause.property_id)
        procedure = self._procedure(event.procedure, event.catalogue_version, settings, emergency)
        rules = procedure.dispatch if procedure is not None else EMERGENCY_RULES
        if rules is None:
            return
        report = Report(
            request_id=event.request_id,
            procedure=event.procedure,
            urgency=event.urgency,
            category=event.category,
            area=event.area,
            reported_at=event.reported_at,
            saved_at=event.recorded_at,
            reference=event.reference,
            catalogue_version=event.catalogue_version,
            unit_id=event.unit_id,
            building=event.building,
            place=event.place,
            appointment_at=start_of(event.appointment_at, event.fields) if rules.kind == "errand" else None,
        )
        billing = procedure.billing if procedure is not None else None
        await self._issue(unit, order_id, rules.kind, report, _zone(event.zone, settings), rules, billing)

    async def emergency_raised(self, unit: Unit) -> None:
        """A routine request became an emergency.

        A response with its own slip and call, on its own urgent stream.
        """
        event = payload(unit, EmergencyRaised)
        order_id = response_order_id(unit.cause.property_id, event.request_id)
        if await unit.load(WorkOrder, order_id) is not None:
            return
        settings = await unit.look(PropertyCopy, unit.cause.property_id)
        procedure = self._procedure(event.procedure, event.catalogue_version, settings, emergency=True)
        rules = procedure.dispatch if procedure is not None else None
        report = Report(
            request_id=event.request_id,
            procedure=event.procedure,
            urgency="emergency",
            category=event.category,
            area=event.area,
            reported_at=event.raised_at,
            saved_at=event.raised_at,
            catalogue_version=event.catalogue_version,
            unit_id=event.unit_id,
            building=event.building,
            place=event.place,
        )
        zone = _zone(event.zone, settings)
        await self._issue(unit, order_id, "response", report, zone, rules or EMERGENCY_RULES, None)

    async def amended(self, unit: Unit) -> None:
        """The request was moved to the right unit or place; the slip keeps its number."""
        event = payload(unit, RequestAmended)
        order = await latest(unit, event.request_id)
        if order is None or not order.open:
            return
        after = dataclasses.replace(
            order, unit_id=event.unit_id or order.unit_id, place=event.place or order.place
        )
        if after != order:
            keep(unit, order, Change(after, (step(after, "place_amended", "system", unit.now),)))

    async def urgency_raised(self, unit: Unit) -> None:
        """A new, earlier deadline (J18).

        What waited for the supervisor goes straight to somebody who can do it.
        """
        event = payload(unit, UrgencyRaised)
        order = await latest(unit, event.request_id)
        if order is None or order.status in DONE or not more_urgent(order, event.urgency):
            return
        settings = await unit.look(PropertyCopy, unit.cause.property_id)
        rules = self._rules(order, settings)
        due = due_at(rules, event.urgency, event.raised_at, _zone("", settings), order.appointment_at)
        after = dataclasses.replace(
            order,
            urgency=event.urgency,
            due_at=min(due, order.due_at) if order.due_at is not None else due,
            clock_from=event.raised_at,
            escalated_percent=0,
        )
        facts = [step(after, "urgency_raised", "system", unit.now)]
        if after.status != "ISSUED" or after.kind == "errand":
            keep(unit, order, Change(after, tuple(facts)))
            return
        choice = await find(unit, after)
        if choice.staff is None or choice.staff.id == order.assignee_id:
            keep(unit, order, Change(after, tuple(facts)))
            return
        after = given(after, choice)
        told = reassigned(after, "urgency_raised", unit.now, contact_of(choice.staff))
        keep(unit, order, Change(after, (*facts, told)))

    async def cancelled(self, unit: Unit) -> None:
        """The caller changed his mind (J5).

        A repair that has not begun is cancelled, a booking waits for the butler desk.
        """
        event = payload(unit, RequestCancelled)
        order = await latest(unit, event.request_id)
        if order is None:
            return
        cancel = errand.notice_received if order.kind == "errand" else withdrawal.cancelled
        keep(unit, order, cancel(order, unit.now, event.reason, event.notice_received_at))

    async def reopened(self, unit: Unit) -> None:
        """The owner was not satisfied: a new slip for the same need, if the last one has ended."""
        event = payload(unit, RequestReopened)
        last = await latest(unit, event.request_id)
        if last is None or last.open:
            return
        settings = await unit.look(PropertyCopy, unit.cause.property_id)
        procedure = self._procedure(last.procedure, last.catalogue_version, settings, last.emergency)
        rules = procedure.dispatch if procedure is not None else EMERGENCY_RULES
        if rules is None:
            return
        report = Report(
            request_id=last.request_id,
            procedure=last.procedure,
            urgency=last.urgency,
            category=last.category,
            area=last.area,
            reported_at=event.reopened_at,
            saved_at=event.reopened_at,
            reference=last.reference,
            catalogue_version=last.catalogue_version,
            unit_id=last.unit_id,
            building=last.building,
            place=last.place,
        )
        order_id = derived_id("work_order", last.id, "again")
        unit.save(dataclasses.replace(last, succeeded_by=order_id))
        billing = procedure.billing if procedure is not None else None
        zone = _zone("", settings)
        await self._issue(unit, order_id, rules.kind, report, zone, rules, billing, rework_of=last.id)

    async def _issue(
        self,
        unit: Unit,
        order_id: str,
        kind: WorkKind,
        report: Report,
        zone: str,
        rules: DispatchRules,
        billing: BillingRules | None,
        rework_of: str = "",
    ) -> None:
        """Number, person, slip, alarms.

        The number is taken in its own small transaction and stays this order's.
        """
        where = Where(unit.cause.property_id, zone, unit.cause.stream, unit.cause.lane)
        order = draft(order_id, kind, report, where, rules, billing, unit.now)
        order = dataclasses.replace(order, rework_of=rework_of)
        year = slip_year(report, zone)
        number = await unit.number(SERIES, order_id, year)
        order = numbered(order, number, year, period_of(report, zone, rules))
        choice = await find(unit, order)
        order = given(order, choice)
        fact = issued(order, contact_of(choice.staff))
        if choice.last_resort:
            order = alarm(unit, order, "unassigned", choice.role, choice.staff, fact.due_at)
        slip_due_at = order.slip_due_at
        if slip_due_at is not None and unit.now > slip_due_at:
            order = dataclasses.replace(order, slip_late_raised=True)
            order = alarm(unit, order, "slip_late", choice.role, choice.staff, slip_due_at)
        keep(unit, None, Change(order, (fact,)))

    def _rules(self, order: WorkOrder, settings: PropertyCopy | None) -> DispatchRules:
        procedure = self._procedure(order.procedure, order.catalogue_version, settings, emergency=True)
        rules = procedure.dispatch if procedure is not None else None
        return rules or EMERGENCY_RULES

    def _procedure(
        self, procedure_id: str, version: str, settings: PropertyCopy | None, emergency: bool
    ) -> Procedure | None:
        """The rules the request was opened under. Lost ones hold a routine request.

        For an emergency, None (J17).
        """
        try:
            return self._catalogue.at(version)
        except Invalid:
            if not emergency:
                raise Poison(f"the rules {version} of {procedure_id} are not known here") from None
        try:
            profile = settings.profile if settings is not None else ""
            return self._catalogue.procedure(procedure_id, profile)
        except Invalid:
            return None


async def latest(unit: Unit, request_id: str) -> WorkOrder | None:
    """The last work order of a request on its own stream."""
    order = await unit.load(WorkOrder, first_order_id(unit.cause.property_id, request_id))
    while order is not None and order.succeeded_by:
        order = await unit.load(WorkOrder, order.succeeded_by)
    return order


def _zone(told: str, settings: PropertyCopy | None) -> str:
    return told or (settings.zone if settings is not None else "") or ZONE_UNKNOWN
