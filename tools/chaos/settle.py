"""Waits until everything has come to rest, with a deadline; says what has not.

Rest is what the checker needs: all processes ready, every event seen by its readers, nothing on its way to
a person, no timer due, every event sealed.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from itertools import chain

from tools.chaos.facts import Message
from tools.chaos.read import SERVICES, Stores
from tools.chaos.rules import streams
from tools.chaos.rules.messages import ON_ITS_WAY
from tools.client import NotYetError, until
from tools.stack.supervisor import Supervisor

EVERY_SECONDS = 2.0
QUIET_ROUNDS = 2
SHOWN = 3
Say = Callable[[str], None]


class Settling:
    """Looks at one run again and again."""

    def __init__(self, supervisor: Supervisor, stores: Stores, say: Say) -> None:
        self._supervisor = supervisor
        self._stores = stores
        self._say = say
        self._quiet = 0
        self._last: tuple[int, ...] = ()
        self.missing: list[str] = []

    async def run(self, seconds: float) -> bool:
        """Whether all came to rest in time; `missing` has what did not."""
        try:
            await until(self._at_rest, seconds=seconds, what="rest", every_seconds=EVERY_SECONDS)
        except NotYetError:
            self._say(f"not at rest after {seconds:.0f} s: {', '.join(self.missing)}")
            return False
        return True

    async def _at_rest(self) -> bool:
        unready = [p.name for p in self._supervisor.services.values() if not await p.ready()]
        if unready:
            self.missing = [f"{name} is not ready" for name in unready]
            return False
        missing, counts = await asyncio.to_thread(self._look)
        if missing[:SHOWN] != self.missing[:SHOWN]:
            self._say(f"settling: {', '.join(missing[:SHOWN]) or 'quiet'}")
        self.missing = missing
        self._quiet = self._quiet + 1 if not missing and counts == self._last else 0
        self._last = counts
        return self._quiet >= QUIET_ROUNDS

    def _look(self) -> tuple[list[str], tuple[int, ...]]:
        stores = self._stores
        published = [one for service in SERVICES for one in stores.published(service)]
        progress = [one for service in SERVICES for one in stores.progress(service)]
        lag = sum(1 for _ in streams.caught_up(published, progress))
        events = {s: sum(one.count for one in published if one.producer == s) for s in SERVICES}
        sealed = {service: stores.sealed(service) for service in SERVICES}
        now = datetime.now(UTC)
        due = sum(1 for s in SERVICES for timer in stores.timers(s) if timer.readable and timer.due_at <= now)
        on_way = sum(1 for message in stores.messages() if _moves(message))
        found = {
            "streams behind": lag,
            "events unsealed": sum(events[s] - sealed[s] for s in SERVICES),
            "events waiting": sum(1 for _ in chain.from_iterable(map(stores.waiting, SERVICES))),
            "timers due": due,
            "messages on their way": on_way,
        }
        return list(_left(found)), tuple(events.values())


def _left(found: dict[str, int]) -> Iterator[str]:
    return (f"{count} {what}" for what, count in found.items() if count > 0)


def _moves(message: Message) -> bool:
    return message.state in ON_ITS_WAY
