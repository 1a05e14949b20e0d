"""Running the handlers of a batch: from causes to the writes of one commit.

Units of one stream run in turn, each on the state its predecessor left; streams run side by side. Nothing is
written here, so a handler that raises costs nothing and leaves no trace (kernel contract, rules 1, 2 and 5).
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping, Sequence
from datetime import datetime

from pymongo.errors import PyMongoError

from shared.errors import Bug, Conflict, Poison, Rejected, Transient
from shared.ids import derived_id
from shared.kernel.plan import (
    Known,
    StoredCommand,
    StreamPlan,
    command_id,
    lane_of,
    parked_id,
    reason_of,
    timer_id,
)
from shared.kernel.progress import Progress, position
from shared.kernel.unit import Applied, Cause, Duplicate, Failed, Handler, Outcome, Refused, Wiring
from shared.kernel.work import BatchReads, Effects, OutgoingEvent, RunningUnit

log = logging.getLogger(__name__)


class Planner:
    """Runs the handlers of one service."""

    def __init__(self, wiring: Wiring) -> None:
        self._wiring = wiring

    async def run_stream(
        self,
        causes: Sequence[Cause],
        plan: StreamPlan,
        known: Known,
        batch: BatchReads,
        now: datetime,
    ) -> StreamPlan:
        """Run the units of one stream in turn; `plan.outcomes` has one outcome per cause, in their order."""
        steps: dict[str, int] = {}
        for cause in causes:
            if cause.chain:
                steps[cause.chain] = max(cause.step, steps.get(cause.chain, 0))
        for cause in causes:
            if cause.kind == "event":
                outcome = await self._event(cause, plan, batch, now)
            elif cause.kind == "timer":
                passed = cause.passed or (cause.chain != "" and cause.step < steps[cause.chain])
                outcome = await self._timer(cause, plan, known, batch, now, passed=passed)
            else:
                outcome = await self._command(cause, plan, known.commands, batch, now)
            plan.outcomes.append(outcome)
        return plan

    # --- commands ---------------------------------------------------------------------------------------

    async def _command(
        self,
        cause: Cause,
        plan: StreamPlan,
        commands: Mapping[str, StoredCommand],
        batch: BatchReads,
        now: datetime,
    ) -> Outcome:
        before = self._answered(cause, plan, commands)
        if before is not None:
            return before
        try:
            effects = await self._handle(cause, plan, batch, now)
        except Rejected as error:
            return Refused(error)
        except (PyMongoError, Transient):
            raise
        except Exception as error:
            log.exception("a command failed", extra={"command": type(cause.payload).__name__})
            return Failed(error)
        self._keep(cause, plan, effects)
        if cause.answer_in_stream and plan.basis_version == 0 and plan.progress.opened_by is None:
            plan.progress.opened_by = {"key": cause.key, "hash": cause.body_hash, "answer": effects.answer}
            plan.dirty = True
        elif not cause.repeatable:
            plan.commands.append((cause, effects.answer))
        return Applied(effects.answer)

    def _answered(
        self, cause: Cause, plan: StreamPlan, commands: Mapping[str, StoredCommand]
    ) -> Outcome | None:
        stored = commands.get(command_id(cause))
        opened = plan.progress.opened_by
        if stored is None and cause.answer_in_stream and opened is not None and opened["key"] == cause.key:
            stored = StoredCommand(opened["hash"], opened["answer"])
        if stored is None:
            same = [a for c, a in plan.commands if command_id(c) == command_id(cause)]
            if not same:
                return None
            stored = StoredCommand(cause.body_hash, same[0])
        if stored.body_hash != cause.body_hash:
            return Refused(
                Conflict(
                    "key-reused",
                    "this key or id was used for another body before; use a new one for something new",
                    field="Idempotency-Key",
                    accepted="a key that was not used before, or the same body again",
                )
            )
        return Duplicate(stored.answer)

    # --- timers -----------------------------------------------------------------------------------------

    async def _timer(
        self, cause: Cause, plan: StreamPlan, known: Known, batch: BatchReads, now: datetime, *, passed: bool
    ) -> Outcome:
        """Fire a timer that is still there; a passed step of a chain is only deleted with the highest one."""
        earlier = plan.timers.get(cause.timer_id)  # moved or cancelled by a unit before this one
        if known.timers.get(cause.timer_id) != cause.occurred_at or earlier is not None:
            return Duplicate()
        plan.fired.append(cause)
        if passed:
            return Applied()
        try:
            effects = await self._handle(cause, plan, batch, now)
        except (PyMongoError, Transient):
            raise
        except Exception as error:
            log.exception("a timer failed", extra={"timer": type(cause.payload).__name__})
            return plan.park(cause, reason_of(error), hold=False)
        self._keep(cause, plan, effects)
        return Applied()

    # --- events -----------------------------------------------------------------------------------------

    async def _event(self, cause: Cause, plan: StreamPlan, batch: BatchReads, now: datetime) -> Outcome:
        progress = plan.progress
        where = position(progress.seen, cause.source, cause.sequence, cause.after, self._wiring.reads)
        if where == "duplicate":
            if cause.retry_of and progress.parked == cause.retry_of:
                plan.unpark(cause, "seen before")
            await self._release(plan, batch, now)  # perhaps not all could be released with it
            return Duplicate()
        if progress.parked and progress.parked != cause.retry_of:
            if parked_id(cause) == progress.parked:
                return Duplicate()  # the parked event itself, delivered again
            return plan.wait(cause)
        if where == "early":
            return plan.wait(cause)
        outcome = await self._apply(cause, plan, batch, now)
        if isinstance(outcome, Applied):
            await self._release(plan, batch, now)
        return outcome

    async def _apply(self, cause: Cause, plan: StreamPlan, batch: BatchReads, now: datetime) -> Outcome:
        if not cause.dropped:
            try:
                if cause.poison:
                    raise Poison(cause.poison)
                effects = await self._handle(cause, plan, batch, now)
            except (PyMongoError, Transient):
                raise
            except Exception as error:
                if not isinstance(error, Poison):
                    log.exception("an event failed", extra={"type": type(cause.payload).__name__})
                return plan.park(cause, reason_of(error), hold=True)
            plan.see(cause)
            self._keep(cause, plan, effects)
        else:
            plan.see(cause)
        if cause.retry_of:
            plan.unpark(cause, cause.dropped or "applied")
        return Applied()

    async def _release(self, plan: StreamPlan, batch: BatchReads, now: datetime) -> None:
        """Apply what waited for the event that has just been applied, as far as it goes."""
        moved = True
        while moved and plan.waiting and not plan.progress.parked:
            moved = False
            for row in sorted(plan.waiting.values(), key=lambda r: (r.cause.source, r.cause.sequence)):
                c = row.cause
                where = position(plan.progress.seen, c.source, c.sequence, c.after, self._wiring.reads)
                if where == "early" or plan.progress.parked:
                    continue
                if where == "next":
                    await self._apply(c, plan, batch, now)
                plan.unwait(row)
                moved = True
                plan.more = plan.partial and not plan.progress.parked and plan.progress.waiting > 0

    # --- common -----------------------------------------------------------------------------------------

    async def _handle(self, cause: Cause, plan: StreamPlan, batch: BatchReads, now: datetime) -> Effects:
        begins = plan.basis_version == 0 and not plan.dirty and not plan.overlay.written
        unit = RunningUnit(cause, now, batch, plan.overlay, begins=begins)
        handler = self._handler(cause)
        if handler is None:
            return unit.effects
        await handler(unit)
        if unit.effects.numbers and not unit.effects.emits:
            raise Bug("a unit that takes a number must emit the event that proves its use")
        return unit.effects

    def _handler(self, cause: Cause) -> Handler | None:
        if cause.payload is None:
            return None  # a type this version does not know: it only advances `seen`
        if cause.kind == "event":
            return self._wiring.events.get(type(cause.payload))  # type: ignore[arg-type]
        handler = self._wiring.commands.get(type(cause.payload))  # type: ignore[arg-type]
        if handler is None:
            raise Bug(f"no handler for {type(cause.payload).__name__}")
        return handler

    def _keep(self, cause: Cause, plan: StreamPlan, effects: Effects) -> None:
        plan.overlay.merge(effects)
        for key, timer in effects.timers.items():
            plan.timers[timer_id(cause.property_id, cause.stream, key)] = (cause, timer)
        if effects.emits or effects.opens:
            plan.outgoing.append((cause, effects))
        for ordinal, event in enumerate(effects.emits):
            plan.progress.own += 1
            plan.dirty = True
            plan.events.append(
                OutgoingEvent(
                    event,
                    derived_id(self._wiring.service, cause.id, ordinal),
                    cause,
                    cause.stream,
                    lane_of(plan.progress.lane),
                    plan.progress.own,
                    dict(plan.progress.seen),
                )
            )

    def number_opened(self, plans: Sequence[StreamPlan], progresses: Mapping[str, Progress]) -> None:
        """Give the events of newly opened streams their places; they wait for nothing (guarantee 9)."""
        for plan in plans:
            for cause, effects in plan.outgoing:
                for ordinal, (stream, event) in enumerate(effects.opens):
                    progress = progresses[f"{cause.property_id}:{stream}"]
                    progress.own += 1
                    if progress is not plan.progress and progress not in plan.opened:
                        plan.opened.append(progress)
                    id = derived_id(self._wiring.service, cause.id, "opened", ordinal)
                    plan.events.append(
                        OutgoingEvent(event, id, cause, stream, "urgent", progress.own, dict(progress.seen))
                    )


async def run_all(
    planner: Planner,
    groups: Sequence[tuple[Sequence[Cause], StreamPlan]],
    known: Known,
    batch: BatchReads,
    now: datetime,
) -> list[StreamPlan]:
    """All streams of a batch side by side; a store that is away ends the whole batch, nothing else does."""
    tasks = [
        asyncio.ensure_future(planner.run_stream(causes, plan, known, batch, now)) for causes, plan in groups
    ]
    try:
        return list(await asyncio.gather(*tasks))
    except BaseException:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        raise
