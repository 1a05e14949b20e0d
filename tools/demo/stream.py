"""The endless stream of the demonstration.

Calls and visits at a bounded rate, and the people who do the work that follows.

Each call is one play from beginning to end, at the pace of people who are shown faster than they are. A
play that meets a service that is being restarted waits and goes on; one that fails is counted and
forgotten.
"""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta
from random import Random
from typing import Any

from shared.catalogue.load import Catalogue
from shared.ids import new_id
from tools.client import ApiError, NotYetError, UnreachableError
from tools.demo.cars import Cars
from tools.demo.desk import Desk
from tools.demo.faults import EMERGENCIES, INDOOR, PUBLIC, URGENT
from tools.demo.group import Estate, Owner
from tools.demo.repairs import Repairs
from tools.session import Machine
from tools.together import together

log = logging.getLogger(__name__)
PLAYS_AT_ONCE_MAX = 24
PAUSE_SECONDS = (0.5, 4.0)
CHANNELS = ("hotline", "hotline", "window", "app", "duty_line", "email")
CAR_PRICES_MINOR = (48_000, 68_000, 120_000)
FIRST_PLAYS = ("indoor", "emergency", "public")
WEIGHTS = {
    "indoor": 30,
    "public": 25,
    "urgent": 10,
    "emergency": 5,
    "withdrawn": 8,
    "cancelled": 7,
    "car_used": 8,
    "car_in_time": 4,
    "car_late": 3,
}
NEEDS_CAR_HIRE = ("car_used", "car_in_time", "car_late")


class Quiet:
    """A story nobody listens to; people take their time between two steps."""

    def __init__(self, random: Random, pause_seconds: tuple[float, float]) -> None:
        self._random = random
        self._pause_seconds = pause_seconds

    def tell(self, service: str, zh: str, en: str) -> None:
        """Nobody listens; the live view shows what happens."""

    async def pause(self) -> None:
        """As long as it takes until the next step."""
        await asyncio.sleep(self._random.uniform(*self._pause_seconds))


class Stream:
    """Calls over all properties, `rate_per_minute` of them; 0 plays none."""

    def __init__(
        self, machine: Machine, group: Sequence[Estate], rate_per_minute: float, seed: str = ""
    ) -> None:
        self._machine = machine
        self._group = group
        self._rate = rate_per_minute
        self._random = Random(seed or new_id())
        self.ended: Counter[str] = Counter()

    async def run(self) -> None:
        """Until cancelled."""
        if not self._rate:
            await asyncio.Event().wait()
        free = asyncio.Semaphore(PLAYS_AT_ONCE_MAX)
        async with self._machine.client("demo", [], patience_seconds=60) as connections, together() as tasks:
            for number in range(10**9):
                await free.acquire()
                estate = self._group[number % len(self._group)]
                name = FIRST_PLAYS[number] if number < len(FIRST_PLAYS) else self.choose(estate)
                play = self._play(Desk(self._machine, estate, connections), name)
                tasks.create_task(play).add_done_callback(lambda _: free.release())
                await asyncio.sleep(self._random.expovariate(self._rate / 60) if number > 2 else 0)

    def choose(self, estate: Estate) -> str:
        """What the next caller wants, of what the property's handbook knows."""
        procedures = Catalogue.shipped().profile(estate.profile).procedures
        possible = [name for name in WEIGHTS if name not in NEEDS_CAR_HIRE or "car-hire" in procedures]
        return self._random.choices(possible, [WEIGHTS[name] for name in possible])[0]

    async def _play(self, desk: Desk, name: str) -> None:
        script = Script(desk, Random(self._random.random()))
        play: Callable[[], Awaitable[Any]] = getattr(script, name)
        try:
            await play()
            self.ended[name] += 1
        except (ApiError, NotYetError, UnreachableError) as error:
            self.ended["failed"] += 1
            log.info("a play of the demonstration ended early: %s: %s", name, error)


class Script:
    """The plays by name, with people and faults drawn by lot."""

    def __init__(
        self, desk: Desk, random: Random, pause_seconds: tuple[float, float] = PAUSE_SECONDS
    ) -> None:
        self._random = random
        self._owners = desk.estate.owners
        story = Quiet(random, pause_seconds)
        self._repairs = Repairs(desk, story)
        self._cars = Cars(desk, story)

    @property
    def _owner(self) -> Owner:
        return self._random.choice(self._owners)

    @property
    def _channel(self) -> str:
        return self._random.choice(CHANNELS)

    async def indoor(self) -> None:
        """A repair in a home, paid and confirmed."""
        owner = self._owner
        request = await self._repairs.indoor_repair(self._random.choice(INDOOR), owner, self._channel)
        await self._repairs.satisfied(request, owner)

    async def public(self) -> None:
        """A repair in a public area."""
        owner = self._owner
        request = await self._repairs.public_repair(self._random.choice(PUBLIC), owner, self._channel)
        await self._repairs.satisfied(request, owner)

    async def urgent(self) -> None:
        """An item of the urgent list."""
        owner = self._owner
        request = await self._repairs.public_repair(self._random.choice(URGENT), owner, self._channel)
        await self._repairs.satisfied(request, owner)

    async def emergency(self) -> None:
        """An emergency, often from somebody who gives no name."""
        owner = self._owner if self._random.random() < 0.5 else None
        fault = self._random.choice(EMERGENCIES)
        await self._repairs.satisfied(await self._repairs.emergency(fault, owner, "duty_line"), owner)

    async def withdrawn(self) -> None:
        """The price is too high."""
        await self._repairs.withdrawn_repair(self._random.choice(INDOOR), self._owner, self._channel)

    async def cancelled(self) -> None:
        """The caller changes his mind."""
        await self._repairs.cancelled_repair(self._random.choice(PUBLIC), self._owner, self._channel)

    async def car_used(self) -> None:
        """A car is hired and used."""
        owner = self._owner
        request, order = await self._book(owner, timedelta(hours=self._random.randint(2, 72)))
        await self._cars.satisfied(await self._cars.use_car(request, order), owner)

    async def car_in_time(self) -> None:
        """A car is cancelled in time."""
        request, order = await self._book(self._owner, timedelta(hours=self._random.randint(30, 200)))
        await self._cars.cancel_car(request, order)
        await self._cars.refund(request)

    async def car_late(self) -> None:
        """A car is cancelled late."""
        request, order = await self._book(self._owner, timedelta(hours=self._random.randint(2, 20)))
        await self._cars.cancel_car(request, order)
        await self._cars.forfeit(request)

    async def _book(self, owner: Owner, starts_in: timedelta) -> tuple[Any, Any]:
        price = self._random.choice(CAR_PRICES_MINOR)
        return await self._cars.book_car(owner, self._channel, starts_in, price)
