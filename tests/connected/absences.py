"""Handlers that rest on an absence: that something is not there is checked at commit only if it is saved.

Or if it could only come on the unit's own stream, whose progress is checked.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import pytest

from shared.kernel import planner
from shared.kernel.kinds import document_id
from shared.kernel.plan import StreamPlan
from shared.kernel.unit import Cause
from shared.kernel.work import BatchReads, Effects, Key, RunningUnit

HARMLESS = {
    ("StartWeeks", "weeks_told"),  # a timer that is set once too often finds the week told
    ("RecordPeople", "people"),  # a line of a file that is refused for what it says itself
    ("RequestClosed", "work_orders"),  # it ends callbacks, which no slip has before its work is done
}
"""Units that go on although something is absent, and what they do is right though it may come meanwhile."""

OF_THE_STREAM = {"callbacks"}
"""Collections of which a unit loads only what begins on its own stream: the rounds of a slip."""


@dataclass(slots=True)
class Noted(Effects):
    """With what was loaded and not there."""

    absent: set[Key] = field(default_factory=set)


class Watched(RunningUnit):
    """A unit that notes it."""

    def __init__(self, *given: Any, **named: Any) -> None:
        super().__init__(*given, **named)
        self.effects = Noted()

    async def load(self, kind: Any, id: str) -> Any:
        """See `Unit.load`."""
        found = await super().load(kind, id)
        if found is None:
            assert isinstance(self.effects, Noted)
            self.effects.absent.add(
                (self._batch.kinds.collection(kind), document_id(self.cause.property_id, id))
            )
        return found


def watch_absences(patch: pytest.MonkeyPatch) -> list[tuple[str, str]]:
    """From now on: which units of this process rest on an absence that nobody checks, and of what."""
    found: list[tuple[str, str]] = []
    handle = planner.Planner._handle

    async def watched(
        self: planner.Planner, cause: Cause, plan: StreamPlan, batch: BatchReads, now: datetime
    ) -> Effects:
        effects = await handle(self, cause, plan, batch, now)
        if isinstance(effects, Noted) and (effects.saves or effects.emits or effects.opens or effects.timers):
            counted = cause.kind == "event" or effects.emits  # then the stream's progress is written
            found.extend(
                (type(cause.payload).__name__, collection)
                for collection, id in effects.absent - effects.saves.keys()
                if not (counted and (id == plan.progress.id or collection in OF_THE_STREAM))
            )
        return effects

    patch.setattr(planner, "RunningUnit", Watched)
    patch.setattr(planner.Planner, "_handle", watched)
    return found
