"""What handlers of the desk's own processes share: the case a command speaks of, and keeping a step of it."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from services.intake.domain import complaint_steps as steps
from services.intake.domain.complaint import Complaint
from services.intake.domain.refusals import check_open
from services.intake.domain.request import Request, ended, staged
from services.intake.handlers.base import Handlers
from shared.catalogue.desk_rules import ComplaintRules
from shared.errors import Bug, Conflict, demand
from shared.events.envelope import Event
from shared.events.intake import Outcome
from shared.events.intake_complaints import AlarmKind, CaseAlarm, ComplaintReported, Said
from shared.kernel.unit import Unit


class Cases(Handlers):
    """Base of the handlers of complaints and difficult issues."""

    async def complaint_of(self, unit: Unit, request_id: str) -> tuple[Request, Complaint]:
        """An open complaint. Raises NotFound, Conflict for one that has ended or is none."""
        request = await self.request(unit, request_id)
        if request.process != "complaint":
            raise Conflict("no-complaint", "This request is no complaint.", accepted="a complaint")
        check_open(request)
        found = await unit.load(Complaint, request_id)
        if found is None:
            raise Bug("a complaint without its record")
        return request, found

    async def step_of(self, unit: Unit, request_id: str, step: str) -> tuple[Request, Complaint]:
        """The complaint a step is taken on, in its order and by somebody it is not about."""
        request, found = await self.complaint_of(unit, request_id)
        superior = self.superior(unit, self.rules_for(request))
        by = unit.cause.principal.sub
        demand(steps.not_to_step(found, step, by, unit.now, superior=superior))
        return request, self._known_above(unit, request, found)

    def superior(self, unit: Unit, rules: ComplaintRules) -> bool:
        """Whether who acts is a supervisor or above."""
        roles = unit.cause.principal.roles_in(unit.cause.property_id, unit.now)
        return not roles.isdisjoint(rules.superior_roles)

    def _known_above(self, unit: Unit, request: Request, found: Complaint) -> Complaint:
        """A supervisor who takes a step knows of it: nothing more has to be reported."""
        if found.reported_at is not None or not self.superior(unit, self.rules_for(request)):
            return found
        return self.tell_above(unit, found, unit.cause.principal.sub)

    def tell_above(self, unit: Unit, found: Complaint, to: str) -> Complaint:
        """A supervisor or above knows of it."""
        after = steps.reported(found, to, unit.now)
        unit.emit(
            ComplaintReported(
                request_id=after.id, reported_to=to, late=after.report_late, reported_at=unit.now
            )
        )
        unit.cancel_timer("complaint-report")
        return after

    async def keep(
        self, unit: Unit, request: Request, complaint: Complaint, what: str, *events: Event, **detail: str
    ) -> None:
        """A step was taken: stored, told, in the timeline, answered."""
        request = staged(replace(request, case_state=complaint.state))
        unit.save(request)
        unit.save(complaint)
        for event in events:
            unit.emit(event)
        self.note(unit, request, what, **detail)
        unit.answer(await self.state(unit, request))

    async def end(
        self,
        unit: Unit,
        request: Request,
        complaint: Complaint,
        outcome: Outcome,
        what: str,
        *events: Event,
        **detail: str,
    ) -> None:
        """The complaint ends, and its request with it (ruling J7)."""
        over = steps.ended(complaint, outcome, unit.now)
        closed = ended(replace(request, case_state=over.state), outcome, unit.now)
        unit.save(closed)
        unit.save(over)
        for event in events:
            unit.emit(event)
        self.close(unit, closed)
        self.note(unit, closed, what, **detail)
        unit.answer(await self.state(unit, closed))

    def raise_alarm(
        self, unit: Unit, request: Request, kind: AlarmKind, due_at: datetime, responsible_id: str = ""
    ) -> None:
        """Somebody has to know at once: on an urgent stream that waits for nothing."""
        unit.open(
            f"escalation:{request.id}",
            CaseAlarm(
                request_id=request.id,
                kind=kind,
                procedure=request.procedure,
                reference=request.reference,
                place=request.place,
                first_contact_id=request.first_contact_id,
                responsible_id=responsible_id,
                due_at=due_at,
                raised_at=unit.now,
            ),
        )
        self.note(unit, request, f"alarm.{kind}")


def said(request: Request, text: str) -> tuple[str, Said | None]:
    """The sealed part of an event, with the key of whom it is about (ruling J9)."""
    key = f"person:{request.person_id}" if request.person_id else f"request:{request.id}"
    return (key, Said(text=text)) if text else ("", None)
