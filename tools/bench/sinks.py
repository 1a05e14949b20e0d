"""The sink process of a bench, from the outside."""

from __future__ import annotations

import asyncio
import os
import sys
import time
from collections.abc import Sequence
from types import TracebackType
from typing import Any, Self

import httpx

from tools.bench.world import GARDEN, World
from tools.stack.child import Child
from tools.stack.ports import free_port

POLL_SECONDS = 0.02


class Sink:
    """Started with `async with`; `url` is what notify gets as its gateway."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._port = free_port()
        self._child = Child("bench-sink", world.layout, port=self._port)
        self._http = httpx.AsyncClient(base_url=self.url, trust_env=False, timeout=30)

    @property
    def url(self) -> str:
        """Its address."""
        return f"http://127.0.0.1:{self._port}"

    async def __aenter__(self) -> Self:
        staff = {"STAFF_PHONES": ",".join(one.phone for one in GARDEN.staff)}
        command = [sys.executable, "-m", "tools.bench.sink", str(self._port)]
        self._child.spawn(command, {**os.environ, **staff}, self._world.root)
        async with asyncio.timeout(20):
            while True:
                try:
                    await self._http.get("/seen")
                    return self
                except httpx.TransportError:
                    await asyncio.sleep(0.05)

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._http.aclose()
        await self._child.stop(5)

    async def forget(self) -> None:
        """Begin anew."""
        await self._http.post("/forget")

    async def seen(self) -> dict[str, Any]:
        """Counts so far."""
        found: dict[str, Any] = (await self._http.get("/seen")).json()
        return found

    async def wait_for(self, traces: int, seconds: float) -> None:
        """Until so many traces have arrived; raises TimeoutError."""
        async with asyncio.timeout(seconds):
            while (await self.seen())["traces"] < traces:
                await asyncio.sleep(POLL_SECONDS)

    async def arrivals(self, traces: Sequence[str], seconds: float) -> dict[str, float]:
        """When each of these traces arrived (wall clock); raises TimeoutError."""
        until = time.monotonic() + seconds
        while True:
            times: dict[str, float] = (await self._http.get("/seen", params={"times": 1})).json()["times"]
            if all(trace in times for trace in traces):
                return times
            if time.monotonic() > until:
                raise TimeoutError(f"{sum(t not in times for t in traces)} messages did not arrive")
            await asyncio.sleep(0.1)
