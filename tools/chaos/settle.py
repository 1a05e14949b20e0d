"""Waits for a moment at which everything is at rest, with a deadline; says what was not.

Rest is what the checker needs: all processes ready, every event seen by its readers and sealed, nothing on
its way to a person, no timer due. Timers go on falling due after the load, so it is a moment, not a state:
the databases are looked at as they stood at one moment, and that moment is what the checker judges.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from datetime import datetime
from itertools import chain

from shared.clock import SystemClock
from tools.chaos.read import SERVICES, Stores
from tools.chaos.rules import streams
from tools.chaos.rules.messages import ON_ITS_WAY
from tools.client import NotYetError, until
from tools.stack.supervisor import Supervisor

EVERY_SECONDS = 1.0
SHOWN = 3
Say = Callable[[str], None]


class Settling:
    """Looks at one run again and again. `missing` is what was not at rest at the last look."""

    def __init__(self, supervisor: Supervisor, stores: Stores, say: Say) -> None:
        self._supervisor = supervisor
        self._stores = stores
        self._say = say
        self._clock = SystemClock()
        self.moment = self._clock.now()
        self.frozen = stores
        self.missing: list[str] = []

    async def run(self, seconds: float) -> bool:
        """Whether there was a moment of rest in time. `frozen` and `moment` are of the last look."""
        try:
            await until(self._at_rest, seconds=seconds, what="rest", every_seconds=EVERY_SECONDS)
        except NotYetError:
            self._say(f"not at rest after {seconds:.0f} s: {', '.join(self.missing)}")
            return False
        return True

    async def _at_rest(self) -> bool:
        unready = [p.name for p in self._supervisor.services.values() if not await p.ready()]
        if unready:
            self._note([f"{name} is not ready" for name in unready])
            return False
        self.frozen.thaw()
        self.moment, self.frozen = self._clock.now(), self._stores.freeze()
        self._note(await asyncio.to_thread(self._look, self.frozen, self.moment))
        return not self.missing

    def _note(self, missing: list[str]) -> None:
        if missing[:SHOWN] != self.missing[:SHOWN]:
            self._say(f"settling: {', '.join(missing[:SHOWN]) or 'quiet'}")
        self.missing = missing

    def _look(self, stores: Stores, now: datetime) -> list[str]:
        published = [one for service in SERVICES for one in stores.published(service)]
        progress = [one for service in SERVICES for one in stores.progress(service)]
        timers = chain.from_iterable(map(stores.timers, SERVICES))
        found = {
            "streams behind": sum(1 for _ in streams.caught_up(published, progress)),
            "events unsealed": sum(p.count for p in published) - sum(map(stores.sealed, SERVICES)),
            "events waiting": sum(1 for _ in chain.from_iterable(map(stores.waiting, SERVICES))),
            "timers due": sum(1 for timer in timers if timer.readable and timer.due_at <= now),
            "messages on their way": sum(1 for m in stores.messages() if m.state in ON_ITS_WAY),
        }
        return list(_left(found))


def _left(found: dict[str, int]) -> Iterator[str]:
    return (f"{count} {what}" for what, count in found.items() if count > 0)
