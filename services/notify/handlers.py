"""What notify does with each event and command: load, decide, save, emit."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TypeVar

from services.notify.answers import message_answer
from services.notify.domain import delivery
from services.notify.domain.commands import AttemptResult, RecordAttempts, ResolveUnknown
from services.notify.domain.copies import (
    PropertyCopy,
    RequestCopy,
    emergency_copy,
    property_copy,
    request_copy,
)
from services.notify.domain.delivery import Result, Step
from services.notify.domain.message import Message, check_open
from services.notify.domain.notices import Occasion, Words, messages, whom
from services.notify.domain.quiet import QuietHours
from services.notify.domain.retry import RetryRules
from services.notify.domain.staff import StaffCopy, staff_copy
from services.notify.readers import told_as
from shared.catalogue.load import Catalogue
from shared.catalogue.model import Notice, Procedure
from shared.errors import Conflict, Invalid, NotFound
from shared.events.dispatch import StaffRecorded, WorkOrderAssigned, WorkOrderIssued
from shared.events.envelope import Event
from shared.events.intake import (
    EmergencyRaised,
    FirstContactTaken,
    PropertyConfigured,
    RequestAccepted,
    RequestAmended,
    RequestClosed,
    RequestReopened,
    UrgencyLowered,
    UrgencyRaised,
)
from shared.kernel.unit import Unit
from shared.policy import Policy

E = TypeVar("E", bound=Event)
# Streams of their own: what they say of a request is only looked at.
APART = ("escalation:", "watch:", "warning:")


@dataclass(frozen=True, slots=True)
class Rules:
    """What the settings decide."""

    retry: RetryRules
    retention: timedelta


def quiet_hours(configured: PropertyCopy | None, catalogue: Catalogue) -> QuietHours | None:
    """The quiet hours of a property: its own settings, else its profile's; None while it is unknown."""
    if configured is None:
        return None
    profile = catalogue.profiles.get(configured.profile)
    if profile is None:
        return None
    start, end = profile.quiet_hours(configured.settings)
    return QuietHours.of(configured.zone, start, end)


class Handlers:
    """The handlers, with what they need to decide."""

    def __init__(self, catalogue: Catalogue, words: Words, rules: Callable[[], Rules]) -> None:
        self._catalogue = catalogue
        self._words = words
        self._rules = rules

    # --- events: copies ---------------------------------------------------------------------------------

    async def property_configured(self, unit: Unit) -> None:
        """Keep the property's settings."""
        event = _event(unit, PropertyConfigured)
        old = await unit.load(PropertyCopy, event.property_id)
        unit.save(property_copy(old, unit.cause.property_id, event))

    async def staff_recorded(self, unit: Unit) -> None:
        """Keep the person: from now on he can be told as first contact, or as holder of his role."""
        event = _event(unit, StaffRecorded)
        old = await unit.load(StaffCopy, event.staff_id)
        unit.save(staff_copy(old, unit.cause.property_id, event))

    async def request_accepted(self, unit: Unit) -> None:
        """Keep the request and tell the owner."""
        event = _event(unit, RequestAccepted)
        copy = request_copy(unit.cause.property_id, unit.cause.stream, event)
        unit.save(copy)
        await self._announce(unit, event, copy)

    async def emergency_raised(self, unit: Unit) -> None:
        """Keep what the emergency stream says; it waits for nothing.

        The request's own copy is saved with it, so that what changes the request in this instant looks again
        and changes both.
        """
        event = _event(unit, EmergencyRaised)
        request = await unit.load(RequestCopy, event.request_id)
        if request is not None:
            unit.save(request)
        old = await unit.load(RequestCopy, unit.cause.stream)
        copy = emergency_copy(request, unit.cause.property_id, unit.cause.stream, event, old)
        unit.save(copy)
        await self._announce(unit, event, copy)

    async def request_amended(self, unit: Unit) -> None:
        """Correct the copy, then tell those who had been told the old (ruling J25)."""
        event = _event(unit, RequestAmended)

        def corrected(copy: RequestCopy) -> RequestCopy:
            if event.personal is not None:
                copy = copy.with_requester(event.personal)
            elif event.personal_key:
                copy = copy.forgotten()
            return replace(copy, place=event.place or copy.place, unit_id=event.unit_id or copy.unit_id)

        await self._change(unit, event, corrected)

    async def first_contact_taken(self, unit: Unit) -> None:
        """From now on there is somebody who answers for it, and hears of it."""
        event = _event(unit, FirstContactTaken)
        await self._change(unit, event, lambda copy: replace(copy, first_contact_id=event.first_contact_id))

    async def urgency_changed(self, unit: Unit) -> None:
        """From here on its messages are as urgent as the request."""
        event = unit.cause.payload
        assert isinstance(event, UrgencyRaised | UrgencyLowered)
        await self._change(unit, event, lambda copy: replace(copy, urgency=event.urgency))

    async def work_order_given(self, unit: Unit) -> None:
        """Remember who has the work order, then tell him and the owner."""
        event = unit.cause.payload
        assert isinstance(event, WorkOrderIssued | WorkOrderAssigned)
        copy = await self._request(unit, event)
        if copy is not None:
            copy = copy.with_worker(event.work_order_id, event.slip, event.personal)
            unit.save(copy)
        await self._announce(unit, event, copy)

    async def request_closed(self, unit: Unit) -> None:
        """Tell the owner; from now on the retention of the copy runs."""
        wipe_at = unit.now + self._rules().retention
        await self._change(unit, _event(unit, RequestClosed), lambda copy: replace(copy, wipe_at=wipe_at))

    async def request_reopened(self, unit: Unit) -> None:
        """It goes on: the copy is needed again, so its retention does not run."""
        await self._change(unit, _event(unit, RequestReopened), lambda copy: replace(copy, wipe_at=None))

    async def announce(self, unit: Unit) -> None:
        """Tell whom the catalogue names for this event."""
        event = unit.cause.payload
        assert isinstance(event, Event)
        seen = await unit.look(RequestCopy, _copy_id(unit, event))
        if seen is not None and not self._applying(event, await self._procedure(unit, seen)):
            return
        await self._announce(unit, event, await self._request(unit, event))

    # --- commands ---------------------------------------------------------------------------------------

    async def record_attempts(self, unit: Unit) -> None:
        """Store what the channels said and tell it on the stream."""
        command = unit.cause.payload
        assert isinstance(command, RecordAttempts)
        for result in command.results:
            message = await unit.load(Message, result.message_id)
            if message is not None:
                self._keep(unit, self._recorded(message, result, unit.now))

    async def resolve_unknown(self, unit: Unit) -> None:
        """A person settles a message that stands on the list; raises NotFound, Stale or Conflict."""
        command = unit.cause.payload
        assert isinstance(command, ResolveUnknown)
        message = await unit.load(Message, command.message_id)
        if message is None:
            raise NotFound("no-such-message", "there is no such message here")
        unit.require_match(message.version)
        check_open(message)
        if command.resolution == "arrived":
            step = delivery.sent(message, "person", unit.now, self._rules().retention)
        elif any(hop.address for hop in message.plan):
            step = Step(delivery.again(message, unit.now))
        else:
            raise Conflict("no-address", "there is no address to send it to (any more)", field="resolution")
        done = replace(step.message, resolved_by=unit.cause.principal.sub, note=command.note)
        self._keep(unit, Step(done, step.event))
        policy = Policy.shipped()
        roles = unit.cause.principal.roles_in(unit.cause.property_id, unit.now)
        unit.answer(message_answer(replace(done, version=done.version + 1), roles, policy))

    # --- in common --------------------------------------------------------------------------------------

    async def _change(self, unit: Unit, event: Event, change: Callable[[RequestCopy], RequestCopy]) -> None:
        """Change the copy, and that of the emergency the request became, if it did; then tell of it."""
        copy = await self._request(unit, event)
        if copy is None:
            return
        changed = change(copy)
        unit.save(changed)
        raised = await unit.load(RequestCopy, EmergencyRaised.stream(copy.request_id))
        if raised is not None:
            unit.save(change(raised))
        await self._announce(unit, event, changed)

    async def _request(self, unit: Unit, event: Event) -> RequestCopy | None:
        copy_id = _copy_id(unit, event)
        if copy_id != unit.cause.stream:
            return await unit.look(RequestCopy, copy_id)
        return await unit.load(RequestCopy, copy_id)

    async def _procedure(self, unit: Unit, copy: RequestCopy | None) -> Procedure | None:
        """The rules the request was opened under; the current ones where that version is lost (J17)."""
        if copy is None:
            return None
        configured = await unit.look(PropertyCopy, unit.cause.property_id)
        profile = configured.profile if configured is not None else ""
        try:
            return self._catalogue.at_or_current(copy.catalogue_version, copy.procedure, profile)
        except Invalid:
            return None

    def _applying(self, event: Event, procedure: Procedure | None) -> list[Notice]:
        rules = procedure.notify if procedure is not None else None
        listed = (*(rules.notices.get(event.TYPE, ()) if rules else ()),)
        if event.TYPE in self._catalogue.default_notices:
            listed += tuple(n for n in self._catalogue.default_notices[event.TYPE] if n not in listed)
        return [notice for notice in listed if notice.applies(event)]

    async def _announce(self, unit: Unit, event: Event, copy: RequestCopy | None) -> None:
        procedure = await self._procedure(unit, copy)
        notices = self._applying(event, procedure)
        if not notices:
            return
        configured = await unit.look(PropertyCopy, unit.cause.property_id)
        wanted = {to for notice in notices if (to := whom(notice, event))}
        occasion = Occasion(
            cause_id=unit.cause.id,
            property_id=unit.cause.property_id,
            stream=unit.cause.stream,
            lane=unit.cause.lane,
            event=event,
            now=unit.now,
            request=copy,
            configured=configured,
            procedure=procedure,
            quiet=quiet_hours(configured, self._catalogue),
            staff={to: await told_as(unit, event, copy, to) for to in sorted(wanted)},
            traceparent=unit.cause.traceparent,
        )
        for message in messages(occasion, notices, self._words):
            step = Step(message)
            if not message.plan:
                reason = "no_address" if message.text else "no_wording"
                step = delivery.failed(message, reason, unit.now, self._rules().retention)
            self._keep(unit, step)

    def _recorded(self, message: Message, result: AttemptResult, now: datetime) -> Step | None:
        said = Result(result.outcome, result.reason, result.retry_after_seconds, result.channel)
        rules = self._rules()
        return delivery.record(message, result.number, said, rules.retry[message.queue], now, rules.retention)

    def _keep(self, unit: Unit, step: Step | None) -> None:
        if step is None:
            return
        unit.save(step.message)
        if step.event is not None:
            unit.emit(step.event)


def _copy_id(unit: Unit, event: Event) -> str:
    """Which copy an event speaks of: its own stream's, unless that is an escalation."""
    if unit.cause.stream.startswith(APART):
        return str(getattr(event, "request_id", ""))
    return unit.cause.stream


def _event(unit: Unit, kind: type[E]) -> E:
    assert isinstance(unit.cause.payload, kind)
    return unit.cause.payload
