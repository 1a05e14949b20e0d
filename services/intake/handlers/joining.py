"""Handlers of a request that is joined to another (ruling J7): joined, and ended with it."""

from __future__ import annotations

from datetime import timedelta

from services.intake.domain import case_commands as c
from services.intake.domain import join
from services.intake.domain.property import setting_number
from services.intake.domain.request import Request
from services.intake.domain.watch import expected
from services.intake.handlers.base import Handlers, payload
from shared.events import intake as events
from shared.kernel.unit import Unit

JOINED = "joined"


class Joining(Handlers):
    """Units of work on a request that waits for another's end."""

    async def join_request(self, unit: Unit) -> None:
        """It is the same matter: its own slip is given back, the owner is told."""
        command = payload(unit, c.JoinRequest)
        before = await self.request(unit, command.request_id)
        incident = await unit.load(Request, command.body.incident_id)  # checked: it may just be joined itself
        after = join.joined(before, incident)
        unit.save(after)
        unit.emit(events.RequestJoined(request_id=after.id, incident_id=after.joined_to, joined_at=unit.now))
        unit.emit(
            events.RequestCancelled(
                request_id=after.id,
                reason=join.JOINED_REASON,
                notice_received_at=unit.now,
                cancelled_at=unit.now,
                joined=True,
            )
        )
        await self._watch(unit, after)
        self.note(unit, after, "request.joined", incident_id=after.joined_to)
        unit.answer(await self.state(unit, after))

    async def watch_joined(self, unit: Unit) -> None:
        """Timer: a look at the other request; this one ends with it, or is on its own again."""
        command = payload(unit, c.WatchJoined)
        request = await unit.load(Request, command.request_id)
        if request is None or not request.open or not request.joined_to:
            return
        incident = await unit.look(Request, request.joined_to)
        after = join.followed(request, incident, unit.now)
        if after is None:
            await self._watch(unit, request)
            return
        if after.open and (after.work is None or after.work.kind != "response"):
            after = expected(after, self.dispatch_rules(after), unit.now)
        unit.save(after)
        if after.open:
            unit.emit(
                events.RequestReopened(request_id=after.id, reason=join.JOINED_REASON, reopened_at=unit.now)
            )
            self.note(unit, after, "request.on_its_own")
        else:
            self.close(unit, after)
            self.note(unit, after, "request.joined_end", incident_id=request.joined_to)

    async def _watch(self, unit: Unit, request: Request) -> None:
        settled = await self.settled(unit)
        minutes = setting_number(self.catalogue.profile(settled.profile), settled, "join.look_every_minutes")
        due_at = unit.now + timedelta(minutes=minutes)
        unit.start_timer(JOINED, due_at, c.WatchJoined(request_id=request.id))
