"""Handlers of the director's conversation with a special client (P009): held, or late."""

from __future__ import annotations

from dataclasses import replace

from services.intake.domain import special as rules
from services.intake.domain.changes import going_on
from services.intake.domain.request import Request
from services.intake.domain.watch import expected
from services.intake.handlers.base import DIRECTOR_TALK, Handlers, payload
from services.intake.handlers.beginning import resume_case
from services.intake.handlers.cases import said
from shared.errors import Bug
from shared.events import intake_special as events
from shared.events.intake import RequestReopened
from shared.kernel.unit import Unit

REOPENED = "the director's conversation"


class Special(Handlers):
    """Units of work on what a special client has more than others."""

    async def hold_talk(self, unit: Unit) -> None:
        """The director has talked to the client; if he is not satisfied, the matter goes on."""
        command = payload(unit, rules.HoldTalk)
        body, by = command.body, unit.cause.principal.sub
        before = await self.request(unit, command.request_id)
        after = rules.held(before, await self.contact(unit, body.contact_id), body, by)
        if after.talk.held_at is None:
            raise Bug("a conversation that was held without a time")
        key, words = said(after, body.note)
        unit.emit(
            events.DirectorTalkHeld(
                request_id=after.id,
                outcome=body.outcome,
                held_by=by,
                late=after.talk.late,
                held_at=after.talk.held_at,
                personal_key=key,
                personal=words,
            )
        )
        unit.cancel_timer(DIRECTOR_TALK)
        if body.outcome == "CONTINUE":
            after = await self._again(unit, after)
        unit.save(after)
        self.note(unit, after, "director_talk.held", outcome=body.outcome)
        unit.answer(await self.state(unit, after))

    async def watch_talk(self, unit: Unit) -> None:
        """Timer: it is late, and the director and who is above him hear of it."""
        command = payload(unit, rules.WatchTalk)
        request = await unit.load(Request, command.request_id)
        if request is None or not request.talk.waiting or request.talk.due_at is None:
            return
        unit.open(
            f"escalation:{request.id}",
            events.DirectorTalkLate(
                request_id=request.id,
                reference=request.reference,
                place=request.place,
                due_at=request.talk.due_at,
                raised_at=unit.now,
            ),
        )
        unit.save(replace(request, talk=replace(request.talk, late=True)))
        self.note(unit, request, "director_talk.late")

    async def _again(self, unit: Unit, request: Request) -> Request:
        after = expected(going_on(request), self.dispatch_rules(request), unit.now)
        if after.process:
            after = await resume_case(unit, after, self.catalogue.at(request.catalogue_version))
        unit.emit(RequestReopened(request_id=after.id, reason=REOPENED, reopened_at=unit.now))
        return after
