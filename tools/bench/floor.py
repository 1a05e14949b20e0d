"""The pipeline's floor, from the outside: four hops in the process layout of the platform."""

from __future__ import annotations

import asyncio
import itertools
import json
import os
import sys
import time
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from pymongo import AsyncMongoClient

from shared.events.envelope import PRODUCERS
from shared.ids import new_id
from shared.kernel import topics
from tools.bench.hop import READY
from tools.bench.load import closed_loop, connect, post
from tools.bench.sinks import Sink
from tools.bench.world import BODIES, World
from tools.stack.child import Child
from tools.stack.ports import free_port

CLIENTS = 64
SECONDS_MAX = 240.0
START_SECONDS_MAX = 60.0
NICE = 15


class Floor:
    """Started with `async with`."""

    def __init__(self, world: World, spec: dict[str, Any], sink: Sink) -> None:
        run = new_id()[-8:]
        self._world = world
        self._spec = spec
        self._port = free_port()
        self._database = f"floor_{run}"
        self._prefix = f"floor-{run}-"
        self._sink = sink
        self._file = Path(world.layout.run) / f"floor-{run}.json"
        self._children = [Child("floor-intake-front", world.layout, port=self._port)]
        self._children += [
            Child(f"floor-{s}-bulk", world.layout, port=free_port(), nice=NICE) for s in PRODUCERS
        ]
        per_request = spec["dispatch"].get("from:intake", {}).get("outbox", [1])[0]
        self._messages = max(
            0.2, spec["notify"].get("from:dispatch", {}).get("messages", [1])[0] * per_request
        )

    async def __aenter__(self) -> Self:
        settings = self._world.stack.settings(topic_prefix=self._prefix)
        admin = topics.admin(settings, "floor")
        await admin.start()
        try:
            await topics.ensure_topics(admin, settings)
        finally:
            await admin.close()
        self._file.write_text(json.dumps(self._spec))
        environment = {
            **os.environ,
            "MONGODB_URL": self._world.stack.mongodb_url,
            "KAFKA_BOOTSTRAP_SERVERS": self._world.stack.kafka_bootstrap_servers,
            "FLOOR_DATABASE": self._database,
            "FLOOR_PORT": str(self._port),
            "FLOOR_SINK": f"{self._sink.url}/v1/messages",
            "TOPIC_PREFIX": self._prefix,
            "PARTITIONS": str(settings.partitions),
        }
        for child, (service, role) in zip(
            self._children, [("intake", "front"), *((s, "bulk") for s in PRODUCERS)], strict=True
        ):
            command = [sys.executable, "-m", "tools.bench.hop", str(self._file), service, role]
            child.spawn(command, environment, self._world.root)
        async with asyncio.timeout(START_SECONDS_MAX):
            await self._answers()
            while not all((await self._counts(READY)).values()):  # what comes before a relay looks is lost
                await asyncio.sleep(0.05)
        return self

    async def _answers(self) -> None:
        while True:
            try:
                (await connect(self._port)).close()
                return
            except OSError:
                await asyncio.sleep(0.05)

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await asyncio.gather(*(child.stop(2) for child in self._children))
        self._file.unlink(missing_ok=True)

    async def burst(self, count: int) -> float:
        """Requests a second from the first call until every hop has written what so many calls cause."""
        before = await self._written()
        requests = (
            post(self._port, "/accept", content, "none")
            for content in itertools.islice(itertools.cycle(BODIES), count)
        )
        began = time.perf_counter()
        await closed_loop(self._port, requests, CLIENTS, SECONDS_MAX)
        wanted = {service: before[service] + self._expected(service, count) for service in PRODUCERS}
        async with asyncio.timeout(SECONDS_MAX):
            while True:
                now = await self._written()
                if all(now[s] >= wanted[s] * 0.99 for s in PRODUCERS):
                    return count / (time.perf_counter() - began)
                await asyncio.sleep(0.05)

    def _expected(self, service: str, count: int) -> int:
        """Progress rows written by a service for so many calls: one for each event it reads."""
        emitted = self._emitted(count)
        reads = self._spec[service]["reads"]
        return int(sum(emitted[p] for p in reads)) + (count if service == "intake" else 0)

    def _emitted(self, count: int) -> dict[str, float]:
        """Events of each service for so many calls, in the order in which they cause each other."""
        out = {"intake": self._spec["intake"].get("accept", {}).get("outbox", [0])[0] * count}
        for _ in range(4):  # a chain of four services settles in four rounds
            for service in ("dispatch", "billing", "notify"):
                spec = self._spec[service]
                out[service] = sum(
                    spec.get(f"from:{p}", {}).get("outbox", [0])[0] * out.get(p, 0.0) for p in spec["reads"]
                )
        handed = self._spec["notify"].get("handed", {}).get("outbox", [0])[0]
        messages = sum(
            self._spec["notify"].get(f"from:{p}", {}).get("messages", [0])[0] * out.get(p, 0.0)
            for p in self._spec["notify"]["reads"]
        )
        out["notify"] = out.get("notify", 0.0) + handed * messages
        return out

    async def _written(self) -> dict[str, int]:
        return await self._counts("progress")

    async def _counts(self, collection: str) -> dict[str, int]:
        client: AsyncMongoClient[dict[str, Any]] = AsyncMongoClient(self._world.stack.mongodb_url)
        try:
            return {
                s: await client[f"{self._database}_{s}"][collection].estimated_document_count()
                for s in PRODUCERS
            }
        finally:
            await client.close()
