"""Handlers of what is done with a request after it was accepted."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from services.intake.domain import changes, commands
from services.intake.domain.actions import not_the_promiser, not_to_decide
from services.intake.domain.amend import Correction, amended, amended_event
from services.intake.domain.callbacks import check_record
from services.intake.domain.colleague import own_work
from services.intake.domain.complaint import Complaint
from services.intake.domain.complaint_steps import corrected
from services.intake.domain.directory import Person
from services.intake.domain.directory import Unit as Home
from services.intake.domain.property import Property, setting_number
from services.intake.domain.request import Request, Talk, personal_key, requester
from services.intake.domain.watch import expected, in_hand, more_urgent
from services.intake.handlers.base import (
    PROMISE_CHAIN,
    PROMISE_NOTICE,
    PROMISE_PASSED,
    Handlers,
    by_whom,
    payload,
    taken,
)
from services.intake.handlers.beginning import end_case, resume_case
from shared.errors import demand
from shared.events import intake as events
from shared.kernel.unit import Unit

ABOUT = ("about_staff_id", "about_department")  # whom or what a complaint is about


class Changing(Handlers):
    """Units of work on an accepted request."""

    async def amend_request(self, unit: Unit) -> None:
        """Correct what was recorded; the reference stays, the old value stands in the event (ruling J25)."""
        command = payload(unit, commands.AmendRequest)
        body = command.body
        before = await self.request(unit, command.request_id)
        home = before.unit_id if body.unit_id is None else body.unit_id
        seen = Correction(
            rules=self.rules_of(before, await self.settled(unit)),
            unit=await unit.look(Home, home) if home else None,
            person=await unit.look(Person, body.person_id) if body.person_id else None,
            now=unit.now,
            limits=self.limits,
        )
        after = amended(before, body, seen)
        if after.person_id != before.person_id and after.open:
            special = seen.person is not None and seen.person.special
            after = replace(after, talk=self.talk(await self.settled(unit)) if special else Talk())
        unit.save(after)
        if after.process == "complaint" and any(before.fields.get(n) != after.fields.get(n) for n in ABOUT):
            complaint = await unit.load(Complaint, after.id)
            if complaint is not None:
                unit.save(corrected(complaint, before.fields, after.fields))
        event = amended_event(before, after, body, unit.now, seen.unit)
        unit.emit(event)
        names = ", ".join([*event.changed, *(event.personal.was if event.personal else {})])
        self.note(unit, after, "request.amended", changed=names)
        unit.answer(await self.state(unit, after))

    async def take_request(self, unit: Unit) -> None:
        """Somebody takes over what came where nobody of ours was (P009)."""
        command = payload(unit, commands.TakeRequest)
        before = await self.request(unit, command.request_id)
        after = changes.taken_over(before, unit.cause.principal.sub)
        taken(unit, before)
        unit.save(after)
        self.note(unit, after, "request.taken_over")
        unit.answer(await self.state(unit, after))

    async def raise_urgency(self, unit: Unit) -> None:
        """Make it more urgent; a routine request that becomes an emergency overtakes on a stream of its
        own.
        """
        command = payload(unit, commands.RaiseUrgency)
        before = await self.request(unit, command.request_id)
        settled = await self.settled(unit)
        after = changes.raised(before, command.body, self.current_rules(settled, before))
        rules = self.dispatch_rules(before)
        after = more_urgent(before, after, rules, unit.now)
        overtaken = changes.overtakes(before, after, rules)
        unit.save(after)
        unit.emit(
            events.UrgencyRaised(
                request_id=after.id,
                urgency=after.urgency,
                by_slip=in_hand(before) and not overtaken,
                reason=command.body.reason,
                raised_at=unit.now,
            )
        )
        if overtaken:
            unit.open(events.EmergencyRaised.stream(after.id), _emergency(after, settled, unit))
        self.note(unit, after, "urgency.raised", urgency=after.urgency)
        unit.answer(await self.state(unit, after))

    async def lower_urgency(self, unit: Unit) -> None:
        """Make it less urgent, with a reason, never below the lists."""
        command = payload(unit, commands.LowerUrgency)
        before = await self.request(unit, command.request_id)
        rules = self.current_rules(await self.settled(unit), before)
        after = changes.lowered(before, command.body, rules)
        unit.save(after)
        unit.emit(
            events.UrgencyLowered(
                request_id=after.id,
                urgency=after.urgency,
                reason=command.body.reason,
                lowered_at=unit.now,
            )
        )
        self.note(unit, after, "urgency.lowered", urgency=after.urgency)
        unit.answer(await self.state(unit, after))

    async def cancel_request(self, unit: Unit) -> None:
        """Take the caller's cancellation; the work side confirms it, a request without work ends at once."""
        command = payload(unit, commands.CancelRequest)
        before = await self.request(unit, command.request_id)
        await self.contact(unit, command.body.contact_id)
        after = changes.cancel_asked(before, command.body, unit.now, self.limits)
        unit.save(after)
        assert after.notice_received_at is not None
        unit.emit(
            events.RequestCancelled(
                request_id=after.id,
                reason=command.body.reason,
                notice_received_at=after.notice_received_at,
                cancelled_at=unit.now,
            )
        )
        if not after.open:
            await end_case(unit, after)
            self.close(unit, after)
        self.note(
            unit, after, "request.cancel_asked", notice_received_at=after.notice_received_at.isoformat()
        )
        unit.answer(await self.state(unit, after))

    async def ask_time(self, unit: Unit) -> None:
        """The customer demands a time: put before a supervisor, nothing is promised on the spot (P012)."""
        command = payload(unit, commands.AskTime)
        wanted_at = command.body.wanted_at
        before = taken(unit, await self.request(unit, command.request_id))
        after = changes.time_asked(before, wanted_at, unit.now, self.limits)
        unit.save(after)
        unit.emit(events.TimeAsked(request_id=after.id, wanted_at=wanted_at, asked_at=unit.now))
        self.note(unit, after, "time.asked", wanted_at=wanted_at.isoformat())
        unit.answer(await self.state(unit, after))

    async def promise_time(self, unit: Unit) -> None:
        """Promise a time the office found (P012); where the profile says so, a supervisor's word too."""
        command = payload(unit, commands.PromiseTime)
        roles = unit.cause.principal.roles_in(unit.cause.property_id, unit.now)
        demand(not_the_promiser(self.house(await self.settled(unit)), roles, self.policy))
        await self._promise(unit, command, customer_named=False)

    async def promise_customer_time(self, unit: Unit) -> None:
        """Promise the time the customer named; the policy lets supervisors only (R5)."""
        await self._promise(unit, payload(unit, commands.PromiseCustomerTime), customer_named=True)

    async def _promise(self, unit: Unit, command: commands.PromiseTime, *, customer_named: bool) -> None:
        body = command.body
        before = taken(unit, await self.request(unit, command.request_id))
        by = unit.cause.principal.sub
        behalf = "" if customer_named else changes.check_on_behalf(before, by, body.on_behalf_reason)
        roles = unit.cause.principal.roles_in(unit.cause.property_id, unit.now)
        wanted = before.promise.wanted_at is not None or body.reaction == "objected"
        demand(not_to_decide(wanted, roles, self.policy))
        contact = await self.contact(unit, body.contact_id)
        after = changes.promised(
            before, body, contact, customer_named=customer_named, by=by, now=unit.now, limits=self.limits
        )
        after = await self._watch(unit, after, body.promised_at)
        unit.save(after)
        unit.emit(events.TimePromised(request_id=after.id, promised_at=body.promised_at, reason=body.reason))
        told = {"promised_at": body.promised_at.isoformat(), "reaction": body.reaction}
        self.note(unit, after, "time.promised", **told, **by_whom(behalf, body))
        unit.answer(await self.state(unit, after))

    async def _watch(self, unit: Unit, request: Request, promised_at: datetime) -> Request:
        settled = await self.settled(unit)
        profile = self.catalogue.profile(settled.profile)
        minutes = setting_number(profile, settled, "promise.notice_minutes")
        notice_at = promised_at - timedelta(minutes=minutes)
        watch = commands.WatchPromise(request_id=request.id, promised_at=promised_at, passed=False)
        if notice_at > unit.now:
            unit.start_timer(PROMISE_NOTICE, notice_at, watch, chain=PROMISE_CHAIN, step=1)
        else:
            unit.cancel_timer(PROMISE_NOTICE)
        passed = watch.model_copy(update={"passed": True})
        unit.start_timer(PROMISE_PASSED, promised_at, passed, chain=PROMISE_CHAIN, step=2)
        next_at = notice_at if notice_at > unit.now else promised_at
        return replace(request, promise=replace(request.promise, watch_at=next_at))

    async def confirm_satisfaction(self, unit: Unit) -> None:
        """The owner is satisfied: recorded by the first contact, or for him with a reason (P009)."""
        command = payload(unit, commands.ConfirmSatisfaction)
        before = taken(unit, await self.request(unit, command.request_id))
        demand(own_work(before, unit.cause.principal.sub))
        behalf = changes.check_on_behalf(before, unit.cause.principal.sub, command.body.on_behalf_reason)
        after = changes.satisfied(before, unit.now)
        check_record(before, await self.contact(unit, command.body.contact_id))
        unit.save(after)
        self.close(unit, after)
        self.note(unit, after, "request.satisfied", **by_whom(behalf, command.body))
        unit.answer(await self.state(unit, after))

    async def reopen_request(self, unit: Unit) -> None:
        """The owner is not satisfied: the matter goes on."""
        command = payload(unit, commands.ReopenRequest)
        before = taken(unit, await self.request(unit, command.request_id))
        behalf = changes.check_on_behalf(before, unit.cause.principal.sub, command.body.on_behalf_reason)
        await self.contact(unit, command.body.contact_id)
        after = expected(changes.reopened(before), self.dispatch_rules(before), unit.now)
        if after.process:
            after = await resume_case(unit, after, self.catalogue.at(before.catalogue_version))
        unit.save(after)
        unit.emit(
            events.RequestReopened(request_id=after.id, reason=command.body.reason, reopened_at=unit.now)
        )
        self.note(unit, after, "request.reopened", **by_whom(behalf, command.body))
        unit.answer(await self.state(unit, after))

    async def close_unreached(self, unit: Unit) -> None:
        """Nobody could be reached: closed by a supervisor, counted apart (ruling J7)."""
        command = payload(unit, commands.CloseUnreached)
        before = await self.request(unit, command.request_id)
        house = self.house(await self.settled(unit))
        after = changes.unreached(before, house.attempts_min, unit.now)
        await end_case(unit, after)
        unit.save(after)
        self.close(unit, after)
        self.note(unit, after, "request.unreached", attempts=str(before.unanswered_callbacks))
        unit.answer(await self.state(unit, after))


def _emergency(request: Request, settled: Property, unit: Unit) -> events.EmergencyRaised:
    """Complete in itself: whoever reads it needs nothing of the request's own, slower stream."""
    assert request.reported_at is not None
    return events.EmergencyRaised(
        personal_key=personal_key(request),
        request_id=request.id,
        procedure=request.procedure,
        category=request.category,
        hazard=request.hazard,
        area=request.area,
        unit_id=request.unit_id,
        building=request.building,
        place=request.place,
        first_contact_id=request.first_contact_id,
        reported_at=request.reported_at,
        raised_at=unit.now,
        catalogue_version=request.catalogue_version,
        zone=settled.zone,
        currency=settled.currency,
        personal=requester(request),
    )
