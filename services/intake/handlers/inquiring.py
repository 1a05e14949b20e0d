"""Handlers of inquiries (P010) and of messages for a colleague (P002), and of the timers that watch them."""

from __future__ import annotations

from dataclasses import replace

from services.intake.domain import case_commands as c
from services.intake.domain import complaint_steps as steps
from services.intake.domain import inquiry as inquiries
from services.intake.domain import relay as relays
from services.intake.domain.answer_book import StandardAnswer, given
from services.intake.domain.changes import check_on_behalf
from services.intake.domain.colleague import Colleague
from services.intake.domain.inquiry import Inquiry
from services.intake.domain.refusals import check_open
from services.intake.domain.relay import Relay
from services.intake.domain.request import Request, ended, staged
from services.intake.domain.timeline import entry_id, line_of
from services.intake.handlers.base import by_whom, payload, taken
from services.intake.handlers.beginning import CASE_WAITS, VISIT_WAITS, remind
from services.intake.handlers.cases import Cases, said
from shared.catalogue.desk_rules import InquiryRules, RelayRules
from shared.errors import Bug, Conflict, Poison
from shared.events import intake_cases as events
from shared.events.dispatch_roster import MessageHandedOver
from shared.events.envelope import Event
from shared.kernel.unit import Unit


class Inquiring(Cases):
    """Units of work on what is asked, and on what is to be passed on."""

    async def answer(self, unit: Unit) -> None:
        """The owner has his answer: the request ends ANSWERED; what was said is kept by version."""
        command = payload(unit, c.AnswerInquiry)
        body = command.body
        request, before = await self._inquiry(unit, command.request_id)
        request = taken(unit, request)
        behalf = check_on_behalf(request, unit.cause.principal.sub, body.on_behalf_reason)
        inquiries.check_answer(body)
        number = 0
        if body.answer_id:
            number = given(await unit.look(StandardAnswer, body.answer_id), body.answer_number).number
        else:
            superior = await unit.look(Colleague, body.superior_id) if body.superior_id else None
            inquiries.check_superior(superior, self._rules(request))
        if before.state == "DEFERRED":
            steps.check_told(await self.contact(unit, body.contact_id), request.id, by_letter=body.by_letter)
        after = inquiries.answered(before, body, number, unit.cause.principal.sub, unit.now)
        key, words = said(request, body.text)
        event = events.InquiryAnswered(
            request_id=request.id,
            answer_id=body.answer_id,
            answer_number=number,
            superior_id=body.superior_id,
            deferred=before.state == "DEFERRED",
            late=after.late,
            answered_by=unit.cause.principal.sub,
            answered_at=unit.now,
            personal_key=key,
            personal=words,
        )
        unit.save(after)
        detail = {"answer_id": body.answer_id, "number": str(number or "")}
        await self._end(unit, request, event, "inquiry.answered", **detail, **by_whom(behalf, body))

    async def defer(self, unit: Unit) -> None:
        """It is answered within the set hours; the owner was told so."""
        command = payload(unit, c.DeferInquiry)
        request, before = await self._inquiry(unit, command.request_id)
        request = taken(unit, request)
        behalf = check_on_behalf(request, unit.cause.principal.sub, command.body.on_behalf_reason)
        after = inquiries.deferred(before, self._rules(request), unit.now)
        assert after.due_at is not None
        request = staged(replace(request, case_state=after.state))
        unit.save(request)
        unit.save(after)
        unit.emit(events.InquiryDeferred(request_id=request.id, due_at=after.due_at, deferred_at=unit.now))
        unit.start_timer(CASE_WAITS, after.due_at, c.WatchCase(request_id=request.id, kind="inquiry_late"))
        self.note(
            unit,
            request,
            "inquiry.deferred",
            due_at=after.due_at.isoformat(),
            **by_whom(behalf, command.body),
        )
        unit.answer(await self.state(unit, request))

    async def acknowledge(self, unit: Unit) -> None:
        """The colleague knows: the message ends ANSWERED."""
        command = payload(unit, c.AcknowledgeMessage)
        request, before = await self._relay(unit, command.request_id)
        after = relays.acknowledged(before, unit.cause.principal.sub, unit.now)
        unit.save(after)
        event = events.MessageAcknowledged(
            request_id=request.id, acknowledged_by=after.to_id, acknowledged_at=unit.now
        )
        await self._end(unit, request, event, "message.acknowledged")

    async def redirect(self, unit: Unit) -> None:
        """Somebody else is told."""
        command = payload(unit, c.RedirectMessage)
        request, before = await self._relay(unit, command.request_id)
        after = relays.redirected(before, await unit.look(Colleague, command.body.colleague_id))
        self._pass_on(unit, request, after)
        self.note(unit, request, "message.redirected", colleague_id=after.to_id)
        unit.answer(await self.state(unit, request))

    async def handed_over(self, unit: Unit) -> None:
        """The colleague's shift is over and he has not acknowledged it: dispatch names who is there now."""
        event = unit.cause.payload
        if not isinstance(event, MessageHandedOver):
            raise Bug("a message that goes over expected")
        request, before = await unit.load(Request, event.request_id), await unit.load(Relay, event.request_id)
        if request is None or before is None:
            raise Poison("it speaks of a message that was never taken here")
        id = entry_id(event.producer(), unit.cause.sequence, unit.derived_id("timeline"))
        if (entry := line_of(event, unit.cause.property_id, id)) is not None:
            unit.save(entry)
        if request.open and before.to_id == event.from_id:
            self._pass_on(unit, request, relays.passed_on(before, event.to_id))

    def _pass_on(self, unit: Unit, request: Request, after: Relay) -> None:
        """Another one is told, and has his whole time from now."""
        unit.save(request)
        unit.emit(
            events.MessageRelayed(request_id=request.id, responsible_id=after.to_id, relayed_at=unit.now)
        )
        remind(unit, after, self._relay_rules(request))

    async def watch(self, unit: Unit) -> None:
        """Timer: it waits longer than it may."""
        command = payload(unit, c.WatchCase)
        request = await unit.load(Request, command.request_id)
        if request is None or not request.open:
            return
        due_at, responsible_id = unit.now, ""
        if command.kind == "message_waits":
            relay = await unit.load(Relay, request.id)
            if relay is None:
                raise Bug("a message without its record")
            due_at, responsible_id = relay.due_at or unit.now, relay.to_id
            remind(unit, relay, self._relay_rules(request))
        elif command.kind == "inquiry_late":
            inquiry = await unit.load(Inquiry, request.id)
            due_at = (inquiry.due_at if inquiry is not None else None) or unit.now
            if inquiry is not None:
                unit.save(replace(inquiry, late_told=True))
        else:
            unit.save(replace(request, refer_at=None))
        self.raise_alarm(unit, request, command.kind, due_at, responsible_id)

    async def _inquiry(self, unit: Unit, request_id: str) -> tuple[Request, Inquiry]:
        request = await self.request(unit, request_id)
        found = await unit.load(Inquiry, request_id) if request.process == "inquiry" else None
        if found is None:
            raise Conflict("no-inquiry", "This request is no inquiry.", accepted="an inquiry")
        check_open(request)
        return request, found

    async def _relay(self, unit: Unit, request_id: str) -> tuple[Request, Relay]:
        request = await self.request(unit, request_id)
        found = await unit.load(Relay, request_id) if request.process == "relay" else None
        if found is None:
            raise Conflict("no-message", "This request is no message for a colleague.", accepted="a message")
        check_open(request)
        return request, found

    def _rules(self, request: Request) -> InquiryRules:
        desk = self.catalogue.at(request.catalogue_version).desk
        if desk is None or desk.inquiry is None:
            raise Bug("an inquiry opened under rules that are none of an inquiry")
        return desk.inquiry

    def _relay_rules(self, request: Request) -> RelayRules:
        desk = self.catalogue.at(request.catalogue_version).desk
        if desk is None or desk.relay is None:
            raise Bug("a message opened under rules that are none of a message")
        return desk.relay

    async def _end(self, unit: Unit, request: Request, event: Event, what: str, **detail: str) -> None:
        closed = ended(replace(request, case_state="CLOSED"), "ANSWERED", unit.now)
        unit.save(closed)
        unit.emit(event)
        unit.cancel_timer(CASE_WAITS)
        unit.cancel_timer(VISIT_WAITS)
        self.close(unit, closed)
        self.note(unit, closed, what, **detail)
        unit.answer(await self.state(unit, closed))
