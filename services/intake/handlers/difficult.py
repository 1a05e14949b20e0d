"""Handlers of a difficult issue (P037): reported, the superior calls in person, the first contact keeps
chasing.
"""

from __future__ import annotations

from dataclasses import replace

from services.intake.domain import complaint_commands as c
from services.intake.domain import difficulty as rules
from services.intake.domain.changes import check_on_behalf
from services.intake.domain.colleague import Colleague
from services.intake.domain.difficulty import Difficulty
from services.intake.domain.request import Request
from services.intake.handlers.base import by_whom, payload, taken
from services.intake.handlers.cases import Cases, said
from shared.errors import Bug, demand
from shared.events import intake_complaints as events
from shared.events.envelope import Event
from shared.kernel.unit import Unit

SUPERIOR_CALL = "superior-call"


class Difficult(Cases):
    """Units of work on the difficulty of any case."""

    async def report_difficult(self, unit: Unit) -> None:
        """Reported at once; the clock of the superior's own call runs."""
        command = payload(unit, c.ReportDifficult)
        body = command.body
        request = taken(unit, await self.request(unit, command.request_id))
        old = await unit.load(Difficulty, request.id)
        superior = await unit.look(Colleague, body.superior_id)
        by = unit.cause.principal.sub
        numbers = self.difficult_rules(await self.settled(unit))
        after = rules.reported(old, request, body.difficulty, superior, numbers, by, unit.now)
        assert after.due_at is not None
        key, words = said(request, body.difficulty)
        event = events.DifficultIssueReported(
            request_id=request.id,
            responsible_id=after.superior_id,
            due_at=after.due_at,
            reported_at=unit.now,
            personal_key=key,
            personal=words,
        )
        watch = c.WatchDifficult(request_id=request.id, number=after.number)
        unit.start_timer(SUPERIOR_CALL, after.due_at, watch)
        await self._keep(unit, request, after, "difficult.reported", event, superior_id=after.superior_id)

    async def record_superior_call(self, unit: Unit) -> None:
        """The superior called the owner himself."""
        command = payload(unit, c.RecordSuperiorCall)
        body = command.body
        request = await self.request(unit, command.request_id)
        by = unit.cause.principal.sub
        roles = unit.cause.principal.roles_in(unit.cause.property_id, unit.now)
        superiors = self.difficult_rules(await self.settled(unit)).superior_roles
        demand(rules.not_to_call(request, roles, superiors))
        found = await self._difficulty(unit, request)
        contact = await self.contact(unit, body.contact_id)
        after = rules.called(found, contact, body.answer, by, unit.now)
        key, words = said(request, body.answer)
        event = events.SuperiorCalled(
            request_id=request.id,
            called_by=by,
            late=after.called_late,
            called_at=after.called_at or unit.now,
            personal_key=key,
            personal=words,
        )
        unit.cancel_timer(SUPERIOR_CALL)
        await self._keep(unit, request, after, "difficult.superior_called", event)

    async def chase_difficult(self, unit: Unit) -> None:
        """The first contact asked the leader again: his call does not relieve him."""
        command = payload(unit, c.ChaseDifficult)
        body = command.body
        request = taken(unit, await self.request(unit, command.request_id))
        demand(rules.not_to_chase(request))
        by = unit.cause.principal.sub
        after = rules.chased(await self._difficulty(unit, request), body.answer)
        behalf = check_on_behalf(request, by, body.on_behalf_reason)
        key, words = said(request, body.answer)
        event = events.DifficultIssueChased(
            request_id=request.id,
            count=after.chases,
            chased_by=by,
            chased_at=unit.now,
            personal_key=key,
            personal=words,
        )
        await self._keep(
            unit, request, after, "difficult.chased", event, count=str(after.chases), **by_whom(behalf, body)
        )

    async def watch(self, unit: Unit) -> None:
        """Timer: the superior has not called in time."""
        command = payload(unit, c.WatchDifficult)
        request = await unit.load(Request, command.request_id)
        found = await unit.load(Difficulty, command.request_id)
        if request is None or found is None or found.due_at is None or not request.open:
            return
        if found.called_at is None and found.number == command.number:
            self.raise_alarm(unit, request, "superior_late", found.due_at, found.superior_id)
            unit.save(replace(found, late_told=True))

    async def _difficulty(self, unit: Unit, request: Request) -> Difficulty:
        found = await unit.load(Difficulty, request.id)
        if found is None:
            raise Bug("a difficult case without its record")
        return found

    async def _keep(
        self, unit: Unit, request: Request, after: Difficulty, what: str, event: Event, **detail: str
    ) -> None:
        marked = replace(request, difficult=after.called_at is None, chased=True)
        unit.save(marked)
        unit.save(after)
        unit.emit(event)
        self.note(unit, marked, what, **detail)
        unit.answer(await self.state(unit, marked))
