"""All four services in one process, on a real MongoDB, without a broker: events are pumped by hand, and
roughly.

The pump carries journal rows from each service to its readers as records, in seeded disorder: rows are
delivered twice, out of order, effects before causes, in batches of any size; and now and then a service dies
in the middle of a delivery and comes back with nothing but its database. Whatever the services do must come
out the same.
"""

from __future__ import annotations

import asyncio
import importlib
import random
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import uvicorn

from shared.catalogue.load import Catalogue
from shared.clock import SystemClock
from shared.events.envelope import PRODUCERS
from shared.http.app import make_app
from shared.kernel import stores
from shared.kernel.committer import Committer
from shared.kernel.loops import _sweeper
from shared.kernel.reading import cause_of, personal_keys
from shared.kernel.runtime import Runtime, Service, build, make_committer
from shared.kernel.unit import Record
from shared.kernel.wire import to_kafka
from shared.settings import Settings

TWICE = 0.2  # of the rows are delivered again later
DEATH = 0.05  # of the deliveries are cut off in the middle
BATCH_MAX = 12
EPOCH = datetime(2020, 1, 1, tzinfo=UTC)
LOOK_BACK = timedelta(seconds=10)  # a commit may be seen later than one with a newer time


class Mortal:
    """The committer of a service, for whoever holds on to it: behind it a fresh one follows a dead one."""

    def __init__(self, committer: Committer) -> None:
        self.living = committer

    def __getattr__(self, name: str) -> Any:
        return getattr(self.living, name)


class RoughWorld:
    """The services, and the pump between them."""

    def __init__(self, settings: Settings, seed: int) -> None:
        self.settings = settings
        self.chance = random.Random(seed)
        self.services: dict[str, Service] = {
            name: importlib.import_module(f"services.{name}.app").service for name in PRODUCERS
        }
        self.runtimes: dict[str, Runtime] = {}
        self._bulk: list[Runtime] = []
        self.pumping: asyncio.Task[None] | None = None
        self.deaths = 0
        self.deliveries = 0
        self.twice = 0
        self._newest: dict[str, datetime] = defaultdict(lambda: EPOCH)
        self._known: dict[str, set[str]] = defaultdict(set)
        self._due: dict[tuple[str, str], list[dict[str, Any]]] = defaultdict(list)

    async def start(self) -> None:
        """Prepare the stores and start the committers."""
        for name, service in self.services.items():
            runtime = build(service.wiring, "front", self.settings, SystemClock(), Catalogue.shipped())
            await stores.prepare(runtime.client, runtime.db, service.wiring, self.settings, runtime.catalogue)
            runtime.committer.start()
            runtime.committer = cast("Committer", Mortal(runtime.committer))
            self.runtimes[name] = runtime

    async def bulk(self, name: str) -> Runtime:
        """A second process of a service, for the background work of the routine lane."""
        wiring = self.services[name].wiring
        runtime = build(wiring, "bulk", self.settings, SystemClock(), Catalogue.shipped())
        runtime.committer.start()
        self._bulk.append(runtime)
        return runtime

    async def stop(self) -> None:
        """Let go of the stores."""
        for runtime in (*self.runtimes.values(), *self._bulk):
            await runtime.committer.stop(5)
            await runtime.client.close()

    async def look(self) -> None:
        """Find new journal rows, and hand them to every reader of their producer."""
        for producer, runtime in self.runtimes.items():
            since = {"time": {"$gte": self._newest[producer] - LOOK_BACK}}
            async for row in runtime.db["outbox"].find(since):
                self._newest[producer] = max(self._newest[producer], row["time"])
                if row["_id"] not in self._known[producer]:
                    self._known[producer].add(row["_id"])
                    for reader, service in self.services.items():
                        if producer in service.wiring.reads:
                            self._due[producer, reader].append(row)

    async def deliver(self) -> bool:
        """One rough delivery; False if nothing is left."""
        waiting = [pair for pair, rows in self._due.items() if rows]
        if not waiting:
            return False
        pair = self.chance.choice(waiting)
        rows = self._due[pair]
        self.chance.shuffle(rows)
        size = min(len(rows), self.chance.randint(1, BATCH_MAX))
        batch, self._due[pair] = rows[:size], rows[size:]
        self._due[pair] += (again := [row for row in batch if self.chance.random() < TWICE])
        self.twice += len(again)
        self.deliveries += 1
        if self.chance.random() < DEATH:
            self._due[pair] += batch  # the reader dies: whatever it had not committed comes again
            await self._die(pair[1], pair[0], batch)
        else:
            await self._submit(pair[0], self.runtimes[pair[1]], batch)
        return True

    async def _submit(self, producer: str, runtime: Runtime, rows: list[dict[str, Any]]) -> None:
        records = []
        for number, row in enumerate(rows, 1):
            key, value, headers = to_kafka(row, number, number - 1)
            records.append(Record(f"{producer}.{row['lane']}.v1", 0, number, key, value, tuple(headers)))
        keys = await runtime.vault.fetch(personal_keys(records))
        await runtime.committer.submit([cause_of(record, keys) for record in records])

    async def _die(self, reader: str, producer: str, rows: list[dict[str, Any]]) -> None:
        """Cut the committer off after a moment, and put a fresh one in its place."""
        self.deaths += 1
        runtime = self.runtimes[reader]
        delivery = asyncio.create_task(self._submit(producer, runtime, rows))
        await asyncio.sleep(self.chance.uniform(0, 0.01))
        await runtime.committer.stop(0)
        delivery.cancel()
        await asyncio.gather(delivery, return_exceptions=True)
        fresh = make_committer(
            runtime.wiring, "front", self.settings, runtime.db, runtime.vault, runtime.clock
        )
        fresh.on_commit = runtime.committer.on_commit
        cast("Mortal", runtime.committer).living = fresh
        fresh.start()

    async def sweep(self) -> None:
        """Fire what is due."""
        for runtime in self.runtimes.values():
            await _sweeper(runtime).sweep()

    async def pump(self) -> None:
        """Deliver for ever."""
        while True:
            await self.look()
            await self.sweep()
            while await self.deliver():
                pass
            await asyncio.sleep(0.02)

    async def rest(self) -> None:
        """Stop the pump, and deliver until nothing is left."""
        assert self.pumping is not None
        self.pumping.cancel()
        await asyncio.gather(self.pumping, return_exceptions=True)
        while True:
            await self.look()
            if not await self.deliver():
                return


@asynccontextmanager
async def rough_world(settings: Settings, seed: int) -> AsyncIterator[RoughWorld]:
    """Services that answer HTTP, notify's senders, and the pump."""
    world = RoughWorld(settings, seed)
    await world.start()
    servers, tasks = [], []
    for name, service in world.services.items():
        runtime = world.runtimes[name]
        config = uvicorn.Config(
            make_app(runtime, service.routers),
            host="127.0.0.1",
            port=settings.port_of(name),
            lifespan="off",
            log_config=None,
        )
        servers.append(server := uvicorn.Server(config))
        tasks.append(asyncio.create_task(server._serve()))
        for each in (runtime, await world.bulk(name)) if service.loops else ():
            tasks += [asyncio.create_task(make(each).run()) for make in service.loops]
    pump = asyncio.create_task(world.pump())
    world.pumping = pump
    try:
        yield world
    finally:
        pump.cancel()
        for server in servers:
            server.should_exit = True
        await asyncio.sleep(0.3)
        for task in tasks:
            task.cancel()
        await asyncio.gather(pump, *tasks, return_exceptions=True)
        await world.stop()
