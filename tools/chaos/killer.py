"""Kills processes as planned and measures how long each kill is felt."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from shared.clock import SystemClock
from tools.chaos.facts import Violation
from tools.chaos.journal import Journal
from tools.chaos.kills import FAILPOINT, How, Kill
from tools.chaos.watch import Watch, span
from tools.client import NotYetError, until
from tools.stack.supervisor import Supervisor

RECOVERY_SECONDS_MAX = 120.0
ARMED_SECONDS_MAX = 45.0
DEATH_POLL_SECONDS = 0.02
Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Felt:
    """One kill and how long it was felt: until the process was ready and work flowed through it again."""

    process: str
    how: How
    at: datetime
    seconds: float


class Killer:
    """Carries out a plan. `kills` counts every death it caused, `felt` those that are over."""

    def __init__(self, supervisor: Supervisor, watch: Watch, journal: Journal, say: Say) -> None:
        self._supervisor = supervisor
        self._watch = watch
        self._journal = journal
        self._say = say
        self._clock = SystemClock()
        self.kills = 0
        self.by_failpoint = 0
        self.felt: list[Felt] = []
        self.ended = False

    async def run(self, plan: Sequence[Kill], seconds: float) -> None:
        """All kills, evenly over the time as far as recoveries allow; returns when all is back."""
        loop = asyncio.get_running_loop()
        began, total = loop.time(), sum(kill.count for kill in plan)
        async with asyncio.TaskGroup() as tasks:
            for number, kill in enumerate(plan):
                due = began + seconds * number / max(1, len(plan))
                await asyncio.sleep(max(kill.pause_seconds, due - loop.time()))
                self._say(f"kill {self.kills + 1}/{total} {kill.process}" + _note(kill))
                work = tasks.create_task(self._carry_out(kill))
                if kill.awaited:
                    await work
        self.ended = True

    async def _carry_out(self, kill: Kill) -> None:
        if kill.how == "failpoint":
            await self._kill_by_failpoint(kill)
        else:
            await self._kill(kill.process)

    async def _kill(self, name: str) -> None:
        pid, at = self._supervisor.processes[name].pid, self._clock.now()
        self._supervisor.kill(name)
        await self._recovery(name, "kill", pid, at)

    async def _kill_by_failpoint(self, kill: Kill) -> None:
        """Its next life carries the failpoint; the one after is clean again."""
        process = self._supervisor.services[kill.process]
        process.overrides["FAILPOINT"] = f"{FAILPOINT}:every={kill.passage}"
        first, at = process.pid, self._clock.now()
        self._supervisor.kill(kill.process)
        self.kills += 1
        try:
            await _until(lambda: process.pid != first, RECOVERY_SECONDS_MAX, f"{kill.process} starts again")
        finally:
            process.overrides.pop("FAILPOINT", None)
        armed = process.pid
        try:
            await _until(
                lambda: process.pid != armed or not process.running, ARMED_SECONDS_MAX, "the failpoint"
            )
        except NotYetError:
            self._say(f"{kill.process} did not come to the failpoint and is killed")
            await self._kill(kill.process)
            return
        finally:
            self._journal.note_down(kill.process, at, self._clock.now())
        self.by_failpoint += 1
        await self._recovery(kill.process, "failpoint", armed, self._clock.now())

    async def _recovery(self, name: str, how: How, pid: int, at: datetime) -> None:
        """Wait for it. `at` is when the outage began, `pid` the last life that must be over."""
        self.kills += 1
        if not await self._watch.back(name, pid, at, RECOVERY_SECONDS_MAX):
            what = f"work did not flow again within {RECOVERY_SECONDS_MAX:.0f} s of its {how}"
            self._journal.note_finding(Violation("not-recovered", name, what))
            self._say(f"{name}: {what}")
        until_ = self._clock.now()
        self.felt.append(Felt(name, how, at, span(at, until_)))
        self._journal.note_down(name, at, until_)


async def _until(condition: Callable[[], bool], seconds: float, what: str) -> None:
    async def look() -> bool:
        return condition()

    await until(look, seconds=seconds, what=what, every_seconds=DEATH_POLL_SECONDS)


def _note(kill: Kill) -> str:
    if kill.how == "failpoint":
        return f", and again between first write and commit (passage {kill.passage})"
    return "" if kill.awaited else ", the next one does not wait for its recovery"
