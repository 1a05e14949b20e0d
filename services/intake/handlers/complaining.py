"""Handlers of a complaint: one a step (P034, P035, P038). The rules are in `domain/complaint*.py`."""

from __future__ import annotations

import asyncio

from services.intake.domain import complaint_commands as c
from services.intake.domain import complaint_steps as steps
from services.intake.domain.changes import check_on_behalf
from services.intake.domain.colleague import Colleague, check_colleague
from services.intake.handlers.base import by_whom, payload, taken
from services.intake.handlers.beginning import COMPLAINT_CLOCKS
from services.intake.handlers.cases import Cases, said
from shared.errors import Invalid
from shared.events import intake_complaints as events
from shared.kernel.unit import Unit
from shared.texts.say import say, words


class Complaining(Cases):
    """Units of work on a complaint."""

    async def confirm(self, unit: Unit) -> None:
        """Restated in our words, and the owner says it is right."""
        command = payload(unit, c.ConfirmComplaint)
        body = command.body
        request, before = await self.step_of(unit, command.request_id, "confirm")
        people = await asyncio.gather(*(unit.look(Colleague, one) for one in body.about_staff_ids))
        for one in people:
            check_colleague(one, "about_staff_ids")
        request = taken(unit, request)
        after = steps.confirmed(before, body.restated, body.about_staff_ids, body.about_department, unit.now)
        key, words = said(request, body.restated)
        event = events.ComplaintConfirmed(
            request_id=after.id,
            confirmed_by=body.confirmed_by,
            about_staff_ids=after.about_staff_ids,
            about_department=after.about_department,
            confirmed_at=unit.now,
            personal_key=key,
            personal=words,
        )
        await self.keep(unit, request, after, "complaint.confirmed", event, confirmed_by=body.confirmed_by)

    async def report(self, unit: Unit) -> None:
        """Reported to a supervisor or above, the same day."""
        command = payload(unit, c.ReportComplaint)
        request, before = await self.step_of(unit, command.request_id, "report")
        to = check_colleague(await unit.look(Colleague, command.body.reported_to), "reported_to")
        rules = self.rules_for(request)
        if to.role not in rules.superior_roles:
            raise Invalid(
                "not-a-superior",
                "This person is no supervisor or above.",
                field="reported_to",
                accepted=say("somebody who is {choices}", choices=words(rules.superior_roles)),
            )
        after = before if before.reported_at is not None else self.tell_above(unit, before, to.id)
        await self.keep(unit, request, after, "complaint.reported", reported_to=after.reported_to)

    async def assign(self, unit: Unit) -> None:
        """Somebody answers for it."""
        command = payload(unit, c.AssignComplaint)
        request, before = await self.step_of(unit, command.request_id, "assign")
        who = await unit.look(Colleague, command.body.responsible_id)
        after = steps.assigned(before, who, self.rules_for(request), unit.now)
        event = events.ComplaintAssigned(
            request_id=after.id,
            responsible_id=after.responsible_id,
            department=after.department,
            round=after.round,
            assigned_at=unit.now,
        )
        to = after.responsible_id
        await self.keep(unit, request, after, "complaint.assigned", event, responsible_id=to)

    async def grade(self, unit: Unit) -> None:
        """General: to the responsible supervisor. Important: in writing to the director. Major: at once to
        the property manager, on an urgent stream.
        """
        command = payload(unit, c.GradeComplaint)
        request, before = await self.step_of(unit, command.request_id, "grade")
        superior = self.superior(unit, self.rules_for(request))
        after = steps.graded(before, command.body.grade, superior=superior)
        event = events.ComplaintGraded(
            request_id=after.id,
            grade=command.body.grade,
            was=before.grade,
            responsible_id=after.responsible_id,
            graded_at=unit.now,
        )
        await self.keep(unit, request, after, "complaint.graded", event, grade=after.grade, was=before.grade)
        if after.grade == "MAJOR":
            self.raise_alarm(unit, request, "major", unit.now, after.responsible_id)

    async def investigate(self, unit: Unit) -> None:
        """What happened is written down."""
        command = payload(unit, c.InvestigateComplaint)
        request, before = await self.step_of(unit, command.request_id, "investigate")
        after = steps.investigated(before, command.body.findings, unit.now)
        key, words = said(request, command.body.findings)
        event = events.ComplaintInvestigated(
            request_id=after.id,
            investigated_by=unit.cause.principal.sub,
            round=after.round,
            investigated_at=unit.now,
            personal_key=key,
            personal=words,
        )
        await self.keep(unit, request, after, "complaint.investigated", event)

    async def judge(self, unit: Unit) -> None:
        """Valid or not, with the explanation."""
        command = payload(unit, c.JudgeComplaint)
        body = command.body
        request, before = await self.step_of(unit, command.request_id, "judge")
        after = steps.judged(before, body.validity, body.explanation, unit.now)
        key, words = said(request, body.explanation)
        event = events.ComplaintJudged(
            request_id=after.id,
            validity=body.validity,
            judged_by=unit.cause.principal.sub,
            judged_at=unit.now,
            personal_key=key,
            personal=words,
        )
        await self.keep(unit, request, after, "complaint.judged", event, validity=body.validity)

    async def answer(self, unit: Unit) -> None:
        """The owner heard something: an interim answer, or the result."""
        command = payload(unit, c.AnswerComplaint)
        body = command.body
        request, before = await self.step_of(unit, command.request_id, "answer")
        request = taken(unit, request)
        behalf = check_on_behalf(request, unit.cause.principal.sub, body.on_behalf_reason)
        steps.check_told(await self.contact(unit, body.contact_id), request.id, by_letter=body.by_letter)
        after, late = steps.answered(before, interim=body.interim, now=unit.now)
        key, words = said(request, body.text)
        event = events.ComplaintAnswered(
            request_id=after.id,
            interim=body.interim,
            late=late,
            answered_at=unit.now,
            personal_key=key,
            personal=words,
        )
        unit.cancel_timer(COMPLAINT_CLOCKS["answer_late"])
        kind = "interim" if body.interim else "result"
        await self.keep(unit, request, after, "complaint.answered", event, kind=kind, **by_whom(behalf, body))

    async def press(self, unit: Unit) -> None:
        """Those who lead are pressed for a result."""
        command = payload(unit, c.PressComplaint)
        request, before = await self.step_of(unit, command.request_id, "press")
        after = steps.pressed(before, unit.now)
        event = events.ComplaintPressed(
            request_id=after.id,
            count=after.presses,
            responsible_id=after.responsible_id,
            pressed_by=unit.cause.principal.sub,
            pressed_at=unit.now,
        )
        await self.keep(unit, request, after, "complaint.pressed", event, count=str(after.presses))

    async def handle(self, unit: Unit) -> None:
        """Done; the first contact asks the owner next."""
        command = payload(unit, c.HandleComplaint)
        request, before = await self.step_of(unit, command.request_id, "handle")
        after = steps.handled(before, command.body.result, unit.now)
        key, words = said(request, command.body.result)
        event = events.ComplaintHandled(
            request_id=after.id,
            responsible_id=after.responsible_id,
            round=after.round,
            handled_at=unit.now,
            personal_key=key,
            personal=words,
        )
        unit.cancel_timer(COMPLAINT_CLOCKS["press_due"])
        await self.keep(unit, request, after, "complaint.handled", event)
