"""The handler of what other services tell: it feeds the timeline, the summary of the request, and its end."""

from __future__ import annotations

from services.intake.domain.callbacks import CALLBACK_EVENTS, CallbackEvent, by_callback
from services.intake.domain.colleague import Colleague, colleague
from services.intake.domain.follow import STEPS, end_by, finish, follow
from services.intake.domain.request import Request
from services.intake.domain.timeline import entry_id, line_of
from services.intake.domain.watch import expected
from services.intake.handlers.base import Handlers
from shared.errors import Bug, Poison
from shared.events.dispatch import StaffRecorded
from shared.events.dispatch_callbacks import CallbackAnswered
from shared.events.envelope import Event
from shared.events.intake import RequestReopened
from shared.kernel.unit import Unit


class Following(Handlers):
    """Units of work that an event of dispatch, billing or notify causes."""

    async def staff_recorded(self, unit: Unit) -> None:
        """Keep who works here and as what."""
        event = unit.cause.payload
        if not isinstance(event, StaffRecorded):
            raise Bug("a member of staff expected")
        old = await unit.load(Colleague, event.staff_id)
        unit.save(colleague(old, unit.cause.property_id, event))

    async def on_event(self, unit: Unit) -> None:
        """One event: one line of the timeline, and what it means for the request."""
        event = unit.cause.payload
        if not isinstance(event, Event):
            raise Bug("an event expected")
        entry = line_of(
            event,
            unit.cause.property_id,
            entry_id(event.producer(), unit.cause.sequence, unit.derived_id("timeline")),
        )
        if entry is not None:
            unit.save(entry)
        if isinstance(event, CALLBACK_EVENTS):
            await self._callback(unit, event)
            return
        if type(event) not in STEPS and end_by(event) is None:
            return
        request_id: str = getattr(event, "request_id", "")
        request = await unit.load(Request, request_id)
        if request is None:
            raise Poison("it speaks of a request that was never accepted here")
        after = follow(request, event)
        closed = finish(after, event)
        if closed is not None and not closed.open:
            self.close(unit, closed)
        if (closed or after) != request:
            unit.save(closed or after)

    async def _callback(self, unit: Unit, event: CallbackEvent) -> None:
        """A callback counts, opens the request again, or ends it (P031, J7)."""
        before = await unit.load(Request, event.request_id)
        if before is None:
            raise Poison("it speaks of a request that was never accepted here")
        after = by_callback(before, event)
        if after == before:
            return
        if isinstance(event, CallbackAnswered):
            after = expected(after, self.dispatch_rules(after), unit.now)
        unit.save(after)
        if isinstance(event, CallbackAnswered):
            unit.emit(
                RequestReopened(
                    request_id=after.id, reason=f"callback: {event.problem}", reopened_at=unit.now
                )
            )
        elif not after.open:
            self.close(unit, after)
