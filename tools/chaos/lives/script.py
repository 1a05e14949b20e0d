"""The deeper plays by name, as the plan of the load names them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from random import Random
from typing import Any

from tools.chaos.desk import ChaosDesk
from tools.chaos.lives.cases import DeskCases
from tools.chaos.lives.files import Files
from tools.chaos.lives.repairs import DeeperRepairs
from tools.demo.faults import PUBLIC
from tools.demo.stream import Quiet, Script

FILES = (1, 3)


class Deeper(Script):
    """The plays of the demonstration, and those that do not go straight."""

    def __init__(self, desk: ChaosDesk, random: Random, pause_seconds: tuple[float, float]) -> None:
        super().__init__(desk, random, pause_seconds)
        story = Quiet(random, pause_seconds)
        self._deeper, self._cases = DeeperRepairs(desk, story, random), DeskCases(desk, story, random)
        self._files = Files(desk, random)

    def named(self, what: str) -> Callable[[], Awaitable[Any]]:
        """The play of that name."""
        player = next(one for one in (self, self._deeper, self._cases) if hasattr(one, what))
        play: Callable[[], Awaitable[Any]] = getattr(player, what)
        return play

    async def files(self) -> None:
        """Photos before and after a repair; one is read again, one in four taken away."""
        fault, owner = self._random.choice(PUBLIC), self._owner
        request = await self._repairs.report("hotline", owner, fault)
        for _ in range(self._random.randint(*FILES)):
            await self._files.attach(request["id"])
        order = await self._repairs.slip(request)
        await self._repairs.public_work(order, fault)
        last = await self._files.attach(request["id"], "signature")
        await self._files.read(last)
        if self._random.random() < 0.25:
            await self._files.remove(last)
        await self._repairs.closed(request, order)
        await self._repairs.satisfied(request, owner)
