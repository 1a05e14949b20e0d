"""Plays an export in its own time order through the HTTP API into a training property, at any speed.

The order of the file's times, the ids and the contents are the same each time; only the clock is the
replay's: a call is reported at the moment it is played. Many calls may be in the air at once, up to a
limit; each is sent by itself, as telephones do.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

from shared.clock import SystemClock
from shared.texts.say import say
from shared.texts.voices import Language, voice
from tools.client import Client
from tools.demo.group import training_estate
from tools.demo.load import load_estate
from tools.exits import Exit, Stop
from tools.importing.account import Account
from tools.importing.convert import Call, Skip
from tools.importing.engine import Job, Sender
from tools.importing.mapping import Mapping
from tools.importing.sending import IntakeSender
from tools.output import bar
from tools.session import Machine
from tools.together import together

CALLS_MAX = 200_000


@dataclass(frozen=True, slots=True)
class Player:
    """How a file is played: `speed` times faster than it happened, at most `at_once` calls in the air."""

    mapping: Mapping
    property_id: str
    speed: float
    at_once: int = 8
    limit: int = 0
    take: str = ""
    language: Language = "en"

    async def play(self, machine: Machine, file: Path, *, quiet: bool = False) -> Account:
        """Play the file; the account says what became of every record."""
        job = Job(
            file,
            self.mapping,
            self.property_id,
            "replay",
            SystemClock().now(),
            take=self.take,
            language=self.language,
        )
        account = Account()
        calls = self.in_time_order(job, account)
        async with machine.of_property(self.property_id, "administrator") as client:
            await training_property(client, self.property_id)
            sender = IntakeSender(
                client.in_language(self.language), self.property_id, "replay", self.mapping.source
            )
            with bar(f"{file.name} ×{self.speed:g} → {self.property_id}", len(calls), quiet=quiet) as advance:
                await self.send(calls, sender, account, advance)
        return account

    def in_time_order(self, job: Job, account: Account) -> list[Call]:
        """The calls of the file by their own time, then by line; what is skipped goes into the account."""
        calls: list[Call] = []
        for item in job.converted():
            if isinstance(item, Skip):
                account.skip(item)
            elif len(calls) < CALLS_MAX:
                calls.append(item)
            else:
                raise Stop(Exit.USAGE, f"{job.path.name}: more than {CALLS_MAX} calls; split the file")
        calls.sort(key=lambda call: (call.reported_at, call.line))
        for call in calls[self.limit or len(calls) :]:
            detail = voice(self.language).tell(say("only {limit} were asked for", limit=self.limit))
            account.skip(Skip(call.line, call.key, "not played", detail))
        return calls[: self.limit or len(calls)]

    async def send(
        self, calls: Sequence[Call], sender: Sender, account: Account, advance: Callable[[int], None]
    ) -> None:
        """Send each call when its time has come, in order, with a bounded number in the air."""
        free = asyncio.Semaphore(self.at_once)
        done = 0

        async def one(call: Call) -> None:
            nonlocal done
            try:
                [sent] = await sender.send([replace(call, reported_at=SystemClock().now())], None)
            finally:
                free.release()
            done += 1
            advance(done)
            if sent.outcome == "refused":
                account.skip(Skip(call.line, call.key, "refused", sent.detail))
            else:
                account.take(call, new=sent.outcome == "accepted")

        async with together() as tasks:
            async for call in self._when_due(calls):
                await free.acquire()
                tasks.create_task(one(call))

    async def _when_due(self, calls: Sequence[Call]) -> AsyncIterator[Call]:
        loop = asyncio.get_running_loop()
        begun = loop.time()
        for call in calls:
            after: timedelta = (call.reported_at - calls[0].reported_at) / self.speed
            await asyncio.sleep(max(0.0, begun + after.total_seconds() - loop.time()))
            yield call


async def training_property(client: Client, property_id: str) -> None:
    """The property must be a training property; the one of the project is opened if it is not there."""
    known = await client.find("intake", f"/v1/properties/{property_id}")
    estate = training_estate()
    if known is None and property_id == estate.id:
        await load_estate(client, estate, SystemClock())
    elif known is None:
        raise Stop(Exit.USAGE, f"there is no property {property_id}; `{estate.id}` is opened by itself")
    elif not known["training"]:
        line = f"{property_id} is no training property; calls are replayed into one only"
        raise Stop(Exit.USAGE, line)
