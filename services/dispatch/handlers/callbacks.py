"""Callbacks (P031, P127): scheduled when a repair is done, tried, answered, signed, started by rain."""

from __future__ import annotations

import dataclasses
from datetime import datetime, timedelta

from pydantic import BaseModel

from services.dispatch.domain import callback as rules
from services.dispatch.domain import callback_commands as commands
from services.dispatch.domain.assignment import contact_of
from services.dispatch.domain.bodies import Body
from services.dispatch.domain.callback import Attempt, Callback, Opinion
from services.dispatch.domain.callback_alarms import alarms, told
from services.dispatch.domain.callback_notice import notice_read
from services.dispatch.domain.callback_plan import Times, due_after_rain, planned
from services.dispatch.domain.evidence import Giving, Whose, unconfirmed
from services.dispatch.domain.model import PropertyCopy, WorkOrder
from services.dispatch.domain.rain import RainEvent, recorded
from services.dispatch.handlers.callback_answers import state_of
from services.dispatch.handlers.callback_keeping import closed_fact, keep_callback, others, raise_alarm
from services.dispatch.handlers.calling import call
from services.dispatch.handlers.evidence import checked, copies_of, files_of
from services.dispatch.handlers.keeping import actor_of, payload
from services.dispatch.handlers.people import holder, member
from services.dispatch.handlers.rules import settings_with, zone_of
from shared.catalogue.load import Catalogue
from shared.deadlines import is_quiet
from shared.errors import NotFound
from shared.events import dispatch_callbacks as facts
from shared.events.dispatch import StepNote
from shared.events.files import GivenFile
from shared.kernel.unit import Command, Handler, Unit
from shared.policy import Policy

ALARM_ROLE: dict[rules.Alarm, str] = {
    "callback_late": "cs_supervisor",
    "notice_late": "repair_supervisor",
    "rain_missing": "cs_supervisor",
}


class RainAnswer(BaseModel):
    """The rain as recorded."""

    version: int
    rain_id: str
    rained_at: datetime


class Callbacks:
    """The handlers of callbacks; they need the settings of the catalogue and the policy."""

    def __init__(self, catalogue: Catalogue, policy: Policy) -> None:
        self._catalogue = catalogue
        self._policy = policy

    def commands(self) -> dict[type[Command], Handler]:
        """One handler for each command."""
        return {
            commands.RecordAttempt: self.record_attempt,
            commands.RecordOpinion: self.record_opinion,
            commands.SignCallback: self.sign,
            commands.CloseCallbackUnreached: self.close_unreached,
            commands.ReadNotice: self.read_notice,
            commands.RecordRain: self.record_rain,
            commands.StartRainRound: self.start_rain_round,
            commands.FinishRain: self.finish_rain,
            commands.CheckCallback: self.check,
        }

    async def schedule(self, unit: Unit, order: WorkOrder) -> None:
        """A finished repair is called back as its kind says."""
        if order.kind != "repair" or not order.callback_kind:
            return
        times, zone, _ = await self._times(unit)
        for callback in planned(order, times, zone, unit.now):
            keep_callback(unit, None, callback)
            self._tell_scheduled(unit, callback)

    async def record_attempt(self, unit: Unit) -> None:
        """The owner was tried and gave no opinion."""
        command = payload(unit, commands.RecordAttempt)
        before, body = await self._callback(unit), command.body
        _, zone, settings = await self._times(unit)
        quiet = is_quiet(unit.now, zone, str(settings["quiet.from"]), str(settings["quiet.until"]))
        actor = actor_of(unit)
        counted = body.result == "not_reached" and not quiet
        attempt = Attempt(body.method, body.result, counted, actor.by, unit.now, body.note)
        after = rules.attempted(before, attempt, actor)
        after, files = await self._with_files(unit, before, after, "attempt", body)
        unit.emit(
            facts.CallbackAttempted(
                **_named(after),
                method=body.method,
                result=body.result,
                counted=attempt.counted,
                number=after.tried,
                by=actor.by,
                attempted_at=unit.now,
                attachments=files,
                personal_key=f"request:{after.request_id}" if body.note else "",
                personal=StepNote(note=body.note) if body.note else None,
            )
        )
        await self._answer(unit, keep_callback(unit, before, after))

    async def record_opinion(self, unit: Unit) -> None:
        """The owner has spoken. Not satisfied: it goes on, and who did the work is told in writing."""
        body = payload(unit, commands.RecordOpinion).body
        before, actor = await self._callback(unit), actor_of(unit)
        read_by = unit.now + timedelta(hours=before.notice_hours)
        said = Opinion(body.opinion, body.method, body.problem, body.words, body.on_behalf_reason)
        after = rules.answered(before, said, actor, unit.now, read_by)
        after, files = await self._with_files(unit, before, after, "opinion", body)
        unit.emit(
            facts.CallbackAnswered(
                **_named(after),
                opinion=body.opinion,
                problem=body.problem,
                method=body.method,
                by=actor.by,
                on_behalf_of=after.first_contact_id if after.first_contact_id != actor.by else "",
                answered_at=unit.now,
                signatures_missing=after.signatures_missing,
                department=after.department,
                attachments=files,
                personal_key=f"request:{after.request_id}" if body.words else "",
                personal=StepNote(note=body.words) if body.words else None,
            )
        )
        await self._notice(unit, after)
        await self._kept(unit, before, after)

    async def sign(self, unit: Unit) -> None:
        """Another person vouches for it (R18)."""
        before, body = await self._callback(unit), payload(unit, commands.SignCallback).body
        after = rules.signed(before, actor_of(unit), unit.now)
        after, _ = await self._with_files(unit, before, after, "sign", body)
        await self._kept(unit, before, after)

    async def close_unreached(self, unit: Unit) -> None:
        """Nobody could be reached; counted apart (J7)."""
        before = await self._callback(unit)
        await self._kept(unit, before, rules.given_up(before, unit.now))

    async def read_notice(self, unit: Unit) -> None:
        """The notice has been read."""
        before, actor = await self._callback(unit), actor_of(unit)
        after = notice_read(before, actor, unit.now)
        unit.emit(facts.NoticeRead(**_named(after), by=actor.by, read_at=unit.now))
        await self._answer(unit, keep_callback(unit, before, after))

    async def record_rain(self, unit: Unit) -> None:
        """It has rained; the loop of rain starts what waited for it."""
        command = payload(unit, commands.RecordRain)
        by = actor_of(unit).by
        rain = recorded(unit.cause.property_id, command.rain_id, command.rained_at, by, unit.now)
        unit.save(rain)
        assert rain.rained_at is not None
        unit.emit(
            facts.RainRecorded(
                rain_id=rain.id, rained_at=rain.rained_at, recorded_by=by, recorded_at=unit.now
            )
        )
        unit.answer(RainAnswer(version=1, rain_id=rain.id, rained_at=rain.rained_at))

    async def start_rain_round(self, unit: Unit) -> None:
        """A leak that waited for this rain is called back."""
        command = payload(unit, commands.StartRainRound)
        before = await unit.load(Callback, command.callback_id)
        if before is None or before.status != "AWAITING_RAIN":
            return
        times, zone, _ = await self._times(unit)
        after = rules.rained(before, command.rain_id, due_after_rain(command.rained_at, times, zone))
        keep_callback(unit, before, after)
        self._tell_scheduled(unit, after)

    async def finish_rain(self, unit: Unit) -> None:
        """Nothing waits for this rain any more."""
        rain = await unit.load(RainEvent, payload(unit, commands.FinishRain).rain_id)
        if rain is not None and not rain.spread:
            unit.save(dataclasses.replace(rain, spread=True))

    async def check(self, unit: Unit) -> None:
        """Timer: what should have been done by now was not."""
        command = payload(unit, commands.CheckCallback)
        before = await unit.load(Callback, command.callback_id)
        if before is None or alarms(before).get(command.alarm) != command.due_at:
            return
        if command.alarm == "attachment_missing":
            await self._files_missing(unit, before)
        else:
            role = ALARM_ROLE[command.alarm]
            raise_alarm(unit, before, command.alarm, role, await holder(unit, before.department, role))
        keep_callback(unit, before, told(before, command.alarm))

    async def _files_missing(self, unit: Unit, callback: Callback) -> None:
        """What was given with it is a file of its slip, and is told like one."""
        order = await unit.look(WorkOrder, callback.work_order_id)
        copies = await copies_of(unit, callback.attachments)
        if order is not None and unconfirmed(callback.attachments, callback.request_id, copies):
            await call(unit, order, "attachment_missing", "cs_supervisor", callback.files_due_at)

    # --- in common ----------------------------------------------------------------------------------------

    async def _callback(self, unit: Unit) -> Callback:
        found = await unit.load(Callback, payload(unit, commands.CallbackCommand).callback_id)
        if found is None:
            raise NotFound("callback", "There is no such callback in this property.", field="callback_id")
        unit.require_match(found.version)
        return found

    async def _times(self, unit: Unit) -> tuple[Times, str, dict[str, str | int | bool]]:
        copy = await unit.look(PropertyCopy, unit.cause.property_id)
        settings = settings_with(self._catalogue, copy)
        return Times.of(settings), zone_of(copy), settings

    async def _kept(self, unit: Unit, before: Callback, after: Callback) -> None:
        stored = keep_callback(unit, before, after)
        if not after.open:
            last = not any(c.status in ("DUE", "ANSWERED") for c in await others(unit, after))
            unit.emit(closed_fact(after, last=last))
        await self._answer(unit, stored)

    async def _notice(self, unit: Unit, callback: Callback) -> None:
        """In writing, to who did the work; to his supervisor if he is not here any more."""
        if not callback.problem or callback.notice_due_at is None:
            return
        staff = await member(unit, callback.technician_id)
        staff = staff or await holder(unit, callback.department, "repair_supervisor")
        unit.emit(
            facts.ProblemNoticed(
                **_named(callback),
                problem=callback.problem,
                place=callback.place,
                staff_id=staff.id if staff is not None else "",
                read_by_at=callback.notice_due_at,
                noticed_at=unit.now,
                personal_key=f"person:{staff.id}" if staff is not None else "",
                personal=contact_of(staff),
            )
        )

    def _tell_scheduled(self, unit: Unit, callback: Callback) -> None:
        assert callback.repaired_at is not None
        unit.emit(
            facts.CallbackScheduled(
                **_named(callback),
                kind=callback.kind,
                round=callback.round,
                repaired_at=callback.repaired_at,
                due_at=callback.due_at if callback.status == "DUE" else None,
                first_contact_id=callback.first_contact_id,
                scheduled_at=unit.now,
            )
        )

    async def _with_files(
        self, unit: Unit, before: Callback, after: Callback, step: str, body: Body
    ) -> tuple[Callback, tuple[GivenFile, ...]]:
        """The callback with what was given with this step; who draws a signature signs himself (R18)."""
        files = files_of(body)
        if not files:
            return after, ()
        whose: Whose = "" if step == "attempt" else "own"
        giving = Giving(before.request_id, step, actor_of(unit).by, unit.now, whose)
        held, due = await checked(unit, self._catalogue, before.attachments, files, giving)
        kept = (*before.attachments, *held)
        return dataclasses.replace(after, attachments=kept, files_due_at=due or before.files_due_at), files

    async def _answer(self, unit: Unit, stored: Callback) -> None:
        copies = await copies_of(unit, stored.attachments)
        unit.answer(state_of(stored, actor_of(unit), self._policy, unit.now, copies))


def _named(callback: Callback) -> dict[str, str]:
    return {
        "callback_id": callback.id,
        "request_id": callback.request_id,
        "work_order_id": callback.work_order_id,
        "slip": callback.slip,
    }
