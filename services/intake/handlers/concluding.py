"""Handlers that ask a department about a complaint (P038), and that bring it to its end, or into a new
round.
"""

from __future__ import annotations

from typing import Literal

from services.intake.domain import complaint_commands as c
from services.intake.domain import complaint_steps as steps
from services.intake.domain import question
from services.intake.domain.changes import check_on_behalf
from services.intake.domain.complaint import Complaint
from services.intake.domain.request import Request
from services.intake.handlers.base import by_whom, payload, taken
from services.intake.handlers.beginning import COMPLAINT_CLOCKS, clocks, stop_clocks, watch
from services.intake.handlers.cases import Cases, said
from shared.errors import demand
from shared.events import intake_complaints as events
from shared.events.envelope import Event
from shared.kernel.unit import Unit


class Concluding(Cases):
    """Units of work on a complaint that is nearly over, and of the timers that watch it."""

    async def ask_department(self, unit: Unit) -> None:
        """A question to the department in charge (P038)."""
        command = payload(unit, c.AskDepartment)
        body = command.body
        request, before = await self.step_of(unit, command.request_id, "ask-department")
        settled = await self.settled(unit)
        desk = self.catalogue.procedure("issue-to-department", settled.profile).desk
        assert desk is not None
        assert desk.issue is not None
        id = unit.derived_id("question")
        after = question.asked(before, body, id, desk.issue, unit.now, settled.zone)
        assert after.question is not None
        key, words = said(request, "\n".join(part for part in (body.problem, body.written_report) if part))
        event = events.DepartmentAsked(
            request_id=after.id,
            question_id=id,
            department=body.department,
            severity=body.severity,
            due_at=after.question.due_at,
            asked_at=unit.now,
            personal_key=key,
            personal=words,
        )
        watch(unit, after, "department_late", after.question.due_at)
        await self.keep(unit, request, after, "department.asked", event, department=body.department)

    async def answer_department(self, unit: Unit) -> None:
        """The department's answer (P038), never of somebody the complaint is about."""
        command = payload(unit, c.AnswerDepartment)
        request, before = await self.complaint_of(unit, command.request_id)
        demand(question.not_to_answer(before, unit.cause.principal.sub))
        after, open_question, late = question.answered(before, unit.now)
        key, words = said(request, command.body.answer)
        event = events.DepartmentAnswered(
            request_id=after.id,
            question_id=open_question.id,
            department=open_question.department,
            late=late,
            answered_at=unit.now,
            personal_key=key,
            personal=words,
        )
        unit.cancel_timer(COMPLAINT_CLOCKS["department_late"])
        whose = open_question.department
        await self.keep(unit, request, after, "department.answered", event, department=whose)

    async def verify(self, unit: Unit) -> None:
        """The owner was asked: satisfied, or it goes on."""
        command = payload(unit, c.VerifyComplaint)
        body = command.body
        request, before = await self.step_of(unit, command.request_id, "verify")
        request = taken(unit, request)
        by = unit.cause.principal.sub
        after = steps.verified(before, body, by, await self.contact(unit, body.contact_id), unit.now)
        behalf = check_on_behalf(request, by, body.on_behalf_reason)
        event = self._verified(request, after, body.outcome, body.how, body.note)
        detail = {"how": body.how, "verdict": body.outcome, **by_whom(behalf, body)}
        if body.outcome == "SATISFIED":
            stop_clocks(unit)
            await self.end(unit, request, after, "SATISFIED", "complaint.verified", event, **detail)
        else:
            await self._again(unit, request, after, "complaint.verified", event, **detail)

    async def explain(self, unit: Unit) -> None:
        """An invalid complaint was explained: it ends ANSWERED, or the owner insists and it goes on."""
        command = payload(unit, c.ExplainComplaint)
        body = command.body
        request, before = await self.step_of(unit, command.request_id, "explain")
        request = taken(unit, request)
        behalf = check_on_behalf(request, unit.cause.principal.sub, body.on_behalf_reason)
        steps.check_told(await self.contact(unit, body.contact_id), request.id, by_letter=body.by_letter)
        told, late = steps.answered(before, interim=False, now=unit.now)
        key, words = said(request, body.note)
        event = events.ComplaintAnswered(
            request_id=told.id,
            interim=False,
            late=late,
            answered_at=unit.now,
            personal_key=key,
            personal=words,
        )
        detail = {"verdict": body.outcome, **by_whom(behalf, body)}
        if body.outcome == "ANSWERED":
            stop_clocks(unit)
            await self.end(unit, request, told, "ANSWERED", "complaint.explained", event, **detail)
        else:
            again = self._verified(request, told, "CONTINUE", "letter" if body.by_letter else "phone", "")
            await self._again(unit, request, told, "complaint.explained", event, again, **detail)

    async def countersign(self, unit: Unit) -> None:
        """The second person signs the telephone callback (R18); the request may have ended meanwhile."""
        command = payload(unit, c.CountersignCallback)
        request = await self.request(unit, command.request_id)
        before = await unit.load(Complaint, command.request_id)
        after = steps.countersigned(before, unit.cause.principal.sub)
        unit.save(after)
        unit.emit(
            events.ComplaintCountersigned(
                request_id=after.id,
                round=after.round,
                signers=(after.verified_by, after.second_id),
                countersigned_at=unit.now,
            )
        )
        self.note(unit, request, "callback.countersigned")
        unit.save(request)
        unit.answer(await self.state(unit, request))

    async def watch(self, unit: Unit) -> None:
        """Timer: it was not reported, answered, settled or answered by the department in its time."""
        command = payload(unit, c.WatchComplaint)
        request = await unit.load(Request, command.request_id)
        found = await unit.load(Complaint, command.request_id)
        if request is None or found is None or not found.open:
            return
        due_at = steps.overdue(found, command.kind, command.round, command.question_id)
        if due_at is not None:
            self.raise_alarm(unit, request, command.kind, due_at, found.responsible_id)
            unit.save(steps.told(found, command.kind))

    def _verified(
        self,
        request: Request,
        found: Complaint,
        outcome: Literal["SATISFIED", "CONTINUE"],
        how: str,
        note: str,
    ) -> events.ComplaintVerified:
        key, words = said(request, note)
        return events.ComplaintVerified(
            request_id=found.id,
            outcome=outcome,
            how=how,
            proven=found.proven,
            round=found.round,
            responsible_id=found.responsible_id,
            verified_at=found.verified_at or found.answered_at or found.received_at,
            personal_key=key,
            personal=words,
        )

    async def _again(
        self, unit: Unit, request: Request, found: Complaint, what: str, *told: Event, **detail: str
    ) -> None:
        after = steps.continued(found, self.rules_for(request), unit.now)
        clocks(unit, after)
        await self.keep(unit, request, after, what, *told, **detail)
