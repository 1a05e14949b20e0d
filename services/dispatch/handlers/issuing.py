"""A report becomes a slip: at once, with its number, its person and its deadline (P018, P020.

J17, J20, J21).
"""

from __future__ import annotations

import dataclasses
from datetime import datetime

from services.dispatch.domain.assignment import contact_of, given
from services.dispatch.domain.callback_plan import kind_of
from services.dispatch.domain.deadlines import unsigned_notice
from services.dispatch.domain.flow import Change, step
from services.dispatch.domain.issue import (
    EMERGENCY_RULES,
    SERIES,
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
from services.dispatch.domain.paper import PAPER_FIELD
from services.dispatch.domain.routing import Choice
from services.dispatch.handlers.callback_keeping import supersede
from services.dispatch.handlers.calling import call, sent
from services.dispatch.handlers.keeping import alarm, keep, payload
from services.dispatch.handlers.people import find
from services.dispatch.handlers.rules import (
    collect_minutes,
    first_order_id,
    last_of,
    latest,
    procedure_of,
    response_order_id,
    zone_of,
)
from services.dispatch.handlers.slips import paper_number
from shared.catalogue.channels import by_household
from shared.catalogue.load import Catalogue
from shared.catalogue.model import BillingRules, DispatchRules
from shared.events.dispatch import WorkKind
from shared.events.intake import (
    EmergencyRaised,
    PropertyConfigured,
    RequestAccepted,
    RequestReopened,
    Urgency,
)
from shared.ids import derived_id
from shared.kernel.unit import Unit

UNPAID = ("SIGNED", "USED")  # the work is done, it is only not paid yet


class Issuing:
    """The handlers that write slips; they need the catalogue."""

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
        procedure = procedure_of(
            self._catalogue, event.procedure, event.catalogue_version, settings, emergency
        )
        rules = procedure.dispatch if procedure is not None else EMERGENCY_RULES
        if rules is None:
            return
        report = _reported(event, rules)
        billing = procedure.billing if procedure is not None else None
        await self._issue(unit, order_id, rules.kind, report, zone_of(settings, event.zone), rules, billing)

    async def emergency_raised(self, unit: Unit) -> None:
        """A routine request became an emergency.

        A response with its own slip and call, on its own urgent stream.
        """
        event = payload(unit, EmergencyRaised)
        order_id = response_order_id(unit.cause.property_id, event.request_id)
        last = await last_of(unit, order_id)
        if last is not None and last.status not in DONE:  # somebody is on his way: he hears it again
            again = Change(last, (step(last, "called_again", "system", unit.now),))
            keep(unit, last, await sent(unit, again, "urgency_raised"))
            return
        if last is not None:
            order_id = derived_id("work_order", last.id, "again")
            unit.save(dataclasses.replace(last, succeeded_by=order_id))
        settings = await unit.look(PropertyCopy, unit.cause.property_id)
        procedure = procedure_of(
            self._catalogue, event.procedure, event.catalogue_version, settings, emergency=True
        )
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
            hazard=event.hazard,
            first_contact_id=event.first_contact_id,
        )
        zone = zone_of(settings, event.zone)
        await self._issue(unit, order_id, "response", report, zone, rules or EMERGENCY_RULES, None)

    async def reopened(self, unit: Unit) -> None:
        """The owner was not satisfied: a new slip for the same need, if the last one has ended."""
        event = payload(unit, RequestReopened)
        last = await latest(unit, event.request_id)
        if last is not None and (not last.open or last.status in UNPAID):
            await self.again(unit, last, event.reopened_at, last.urgency)

    async def again(self, unit: Unit, last: WorkOrder, since: datetime, urgency: Urgency) -> None:
        """A new slip for the need of one that is over."""
        settings = await unit.look(PropertyCopy, unit.cause.property_id)
        procedure = procedure_of(
            self._catalogue, last.procedure, last.catalogue_version, settings, urgency == "emergency"
        )
        rules = procedure.dispatch if procedure is not None else EMERGENCY_RULES
        if rules is None:
            return
        report = Report(
            request_id=last.request_id,
            procedure=last.procedure,
            urgency=urgency,
            category=last.category,
            area=last.area,
            reported_at=since,
            saved_at=since,
            reference=last.reference,
            catalogue_version=last.catalogue_version,
            unit_id=last.unit_id,
            building=last.building,
            place=last.place,
            hazard=last.hazard,
            ordered=last.there.ordered,
            own_material=last.there.own_material,
            first_contact_id=last.first_contact_id,
            callback_kind=last.callback_kind,
            delivered_on=last.delivered_on,
        )
        await supersede(unit, last.id)
        order_id = derived_id("work_order", last.id, "again")
        unit.save(dataclasses.replace(last, succeeded_by=order_id))
        billing = procedure.billing if procedure is not None else None
        zone = zone_of(settings)
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
        property_id = unit.cause.property_id
        minutes = collect_minutes(self._catalogue, await unit.look(PropertyCopy, property_id))
        where = Where(property_id, zone, unit.cause.stream, unit.cause.lane, minutes)
        order = draft(order_id, kind, report, where, rules, billing, unit.now)
        order = dataclasses.replace(order, rework_of=rework_of)
        on_paper = await paper_number(unit, report) if report.paper_slip else None
        year = on_paper[0] if on_paper is not None else slip_year(report, zone)
        number = on_paper[1] if on_paper is not None else await unit.number(SERIES, order_id, year)
        order = numbered(order, number, year, period_of(report, zone, rules))
        if unsigned_notice(order):
            choice = Choice(None)
            order = dataclasses.replace(order, escalations=1)  # somebody has been told
            await call(unit, order, "notice_to_sign", order.rules.notice_signature)
        else:
            choice = await find(unit, order)
        order = given(order, choice, unit.now)
        fact = issued(order, contact_of(choice.staff))
        if choice.last_resort:
            order = alarm(unit, order, "unassigned", choice.role, choice.staff, fact.due_at)
        slip_due_at = order.slip_due_at
        if slip_due_at is not None and unit.now > slip_due_at:
            order = dataclasses.replace(order, slip_late_raised=True)
            order = alarm(unit, order, "slip_late", choice.role, choice.staff, slip_due_at)
        if report.paper_slip and on_paper is None:
            await call(unit, order, "paper_slip_unknown", "cs_supervisor")
        keep(unit, None, Change(order, (fact,)))


def _reported(event: RequestAccepted, rules: DispatchRules) -> Report:
    """What the slip needs of the request."""
    return Report(
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
        appointment_at=start_of(event.appointment_at, event.fields)
        if rules.kind == "errand"
        else event.appointment_at,
        hazard=event.hazard,
        ordered=by_household(event.channel),
        own_material=event.fields.get("own_materials") is True,
        paper_slip=str(event.fields.get(PAPER_FIELD, "")),
        first_contact_id=event.first_contact_id,
        callback_kind=kind_of(rules.callback_rules, event.hazard, event.category, event.fields)
        if rules.callback
        else "",
        delivered_on=event.delivered_on.isoformat() if event.delivered_on is not None else "",
    )
