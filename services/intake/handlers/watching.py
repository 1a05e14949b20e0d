"""Handlers of the timers of a request: its first contact and its promised time."""

from __future__ import annotations

from dataclasses import replace

from services.intake.domain import changes, commands
from services.intake.domain.request import Request
from services.intake.handlers.base import Handlers, payload
from shared.events import intake as events
from shared.kernel.unit import Unit


class Watching(Handlers):
    """Units of work that a due timer causes."""

    async def watch_first_contact(self, unit: Unit) -> None:
        """Nobody has taken the item over (P009)."""
        command = payload(unit, commands.WatchFirstContact)
        request = await unit.load(Request, command.request_id)
        if request is None or not request.open or request.first_contact_id:
            return
        assert request.recorded_at is not None
        unit.emit(
            events.FirstContactMissing(
                request_id=request.id,
                channel=request.channel,
                since=request.recorded_at,
                raised_at=unit.now,
            )
        )
        unit.save(replace(request, first_contact_due_at=None))
        self.note(unit, request, "first_contact.missing")

    async def watch_promise(self, unit: Unit) -> None:
        """Timer: the promised time comes near (the customer is told beforehand, P013), or has passed (it
        is counted).
        """
        command = payload(unit, commands.WatchPromise)
        request = await unit.load(Request, command.request_id)
        if request is None or not changes.promise_stands(request, command.promised_at):
            return
        if not command.passed:
            next_at = replace(request.promise, watch_at=command.promised_at)
            unit.save(replace(request, promise=next_at))
            unit.emit(
                events.ExtensionNeeded(
                    request_id=request.id,
                    promised_at=command.promised_at,
                    first_contact_id=request.first_contact_id,
                    noticed_at=unit.now,
                )
            )
            self.note(unit, request, "promise.due_soon", promised_at=command.promised_at.isoformat())
            return
        missed = changes.promise_passed(request, command.promised_at, unit.now)
        if missed is not None:
            unit.save(missed)
            unit.emit(
                events.PromiseMissed(
                    request_id=request.id,
                    promised_at=command.promised_at,
                    first_contact_id=request.first_contact_id,
                    missed_at=unit.now,
                )
            )
            self.note(unit, request, "promise.missed", promised_at=command.promised_at.isoformat())
