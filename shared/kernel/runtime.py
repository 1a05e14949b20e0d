"""One service process: what it is made of, and the order in which it starts and stops.

Each service and lane is an OS process of its own (guarantee 9). `front` has the HTTP calls, the urgent lane
and the timers; `bulk` has the routine lane and serves only health and metrics. Start: settings, database and
indexes, catalogue, committer, relay, consumer, timers, HTTP. Stop: in reverse, so that what was accepted is
finished.
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import logging
import signal
import time
from collections import defaultdict
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from fastapi import APIRouter
from pymongo.asynchronous.database import AsyncDatabase
from pymongo.errors import PyMongoError

from shared.blobs.store import BlobStore, open_store
from shared.catalogue.load import Catalogue
from shared.clock import Clock, SystemClock
from shared.events.envelope import Lane
from shared.failpoints import arm
from shared.http.auth import Verifier
from shared.kernel import stores
from shared.kernel.batch import BatchRunner
from shared.kernel.committer import Committer
from shared.kernel.denials import Denials
from shared.kernel.unit import Wiring
from shared.kernel.vault import Vault
from shared.mongo.client import Client, connect
from shared.observability.logging import configure
from shared.observability.metrics import QUEUED
from shared.policy import Policy
from shared.settings import Role, Settings
from shared.settings import settings as read_settings
from shared.tasks import end, told_to_end

log = logging.getLogger(__name__)
LANE_OF: dict[Role, Lane] = {"front": "urgent", "bulk": "routine"}
RESTART_WAIT_SECONDS_MAX = 5.0
GARBAGE_OBJECTS = 20_000  # so many new objects between two looks for cycles


class Loop(Protocol):
    """Background work of a process."""

    async def run(self) -> None:
        """Work until cancelled."""
        ...


@dataclass(frozen=True, slots=True)
class Service:
    """What a service hands to the runtime.

    `loops` are made for each process; they ask its role if they care.
    """

    wiring: Wiring
    routers: Sequence[APIRouter] = ()
    loops: Sequence[Callable[[Runtime], Loop]] = ()


@dataclass(slots=True, eq=False)
class Runtime:
    """The parts of one process, for its loops and its HTTP calls."""

    settings: Settings
    clock: Clock
    wiring: Wiring
    role: Role
    client: Client
    db: AsyncDatabase[dict[str, Any]]
    vault: Vault
    committer: Committer
    catalogue: Catalogue
    policy: Policy
    verifier: Verifier
    denials: Denials
    blobs: BlobStore
    _beats: dict[str, float] = field(default_factory=dict)
    _wakes: dict[str, asyncio.Event] = field(default_factory=lambda: defaultdict(asyncio.Event))

    @property
    def service(self) -> str:
        """The name of the service."""
        return self.wiring.service

    @property
    def lane(self) -> Lane:
        """The lane this process consumes and relays."""
        return LANE_OF[self.role]

    def beat(self, name: str) -> None:
        """A loop says that it progresses.

        Once it has, it must go on saying so for the process to be ready.
        """
        self._beats[name] = time.monotonic()

    def expect(self, name: str) -> None:
        """Not ready until this loop has made progress."""
        self._beats.setdefault(name, 0.0)

    def silent(self) -> list[str]:
        """The loops that have not progressed lately."""
        oldest = time.monotonic() - self.settings.ready_silence_seconds
        return sorted(name for name, at in self._beats.items() if at < oldest)

    def wake(self, collection: str) -> asyncio.Event:
        """Set after each commit of this process that wrote the collection; whoever waits clears it."""
        return self._wakes[collection]

    def committed(self, names: Sequence[str]) -> None:
        """Wake whoever waits for these collections."""
        for name in names:
            if name in self._wakes:
                self._wakes[name].set()


def build(service: Wiring, role: Role, settings: Settings, clock: Clock, catalogue: Catalogue) -> Runtime:
    """The parts of a process, connected but not started."""
    client = connect(settings.mongodb_url, f"guanjia-{service.service}-{role}")
    db = client[settings.database(service.service)]
    vault = Vault(client[settings.database("vault")], stores.master_key(settings), clock)
    committer = make_committer(service, role, settings, db, vault, clock)
    runtime = Runtime(
        settings=settings,
        clock=clock,
        wiring=service,
        role=role,
        client=client,
        db=db,
        vault=vault,
        committer=committer,
        catalogue=catalogue,
        policy=Policy.shipped(),
        verifier=Verifier(settings, clock),
        denials=Denials(db, clock),
        blobs=open_store(settings, client),
    )
    committer.on_commit = runtime.committed
    return runtime


def make_committer(
    service: Wiring,
    role: Role,
    settings: Settings,
    db: AsyncDatabase[dict[str, Any]],
    vault: Vault,
    clock: Clock,
) -> Committer:
    """The committer of a process, not started."""
    runner = BatchRunner(
        db,
        service,
        vault,
        clock,
        commit_timeout_seconds=settings.commit_timeout_seconds,
        event_bytes_max=settings.event_bytes_max,
    )
    return Committer(
        db,
        runner,
        clock,
        batch_records_max=settings.records_max(role),
        commits_in_flight_max=settings.commits_in_flight_max,
        tries_max=settings.commit_tries_max,
        queue_records_max=settings.queue_records_max,
        queue_urgent_reserve=settings.queue_urgent_reserve,
        queue_bytes_max=settings.queue_bytes_max,
        batch_bytes_max=settings.batch_bytes_max,
        retry_after_seconds=settings.retry_after_seconds,
        gather_seconds=settings.commit_gather_seconds,
    )


def run(service: Service, role: Role) -> None:
    """Run a service process until it is told to stop."""
    import uvloop  # only the processes need it, and importing takes time

    settings = read_settings()
    configure(settings.log_level, service.wiring.service, role)
    arm(settings.failpoint)
    uvloop.run(_main(service, role, settings))


async def _main(service: Service, role: Role, settings: Settings) -> None:
    runtime = build(service.wiring, role, settings, SystemClock(), Catalogue.shipped())
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    try:
        await serve(runtime, service, stop)
    finally:
        await runtime.blobs.close()
        await runtime.client.close()


async def serve(runtime: Runtime, service: Service, stop: asyncio.Event) -> None:
    """Start everything, wait for `stop`, stop in reverse."""
    await stores.prepare(runtime.client, runtime.db, runtime.wiring, runtime.settings, runtime.catalogue)
    from shared.kernel import loops  # the broker's client takes half a second to import

    runtime.committer.start()
    keepers = [
        asyncio.create_task(keep(runtime, name, start), name=name)
        for name, start in (*loops.kernel_loops(runtime), *_own_loops(runtime, service))
    ]
    http = asyncio.create_task(loops.http(runtime, service.routers, stop))
    _rarely_collect()
    log.info("started")
    stopped = asyncio.create_task(stop.wait())
    await asyncio.wait({stopped, http}, return_when=asyncio.FIRST_COMPLETED)
    stop.set()
    await http
    await end(reversed(keepers))
    await runtime.committer.stop(runtime.settings.shutdown_seconds)
    with contextlib.suppress(PyMongoError):
        await runtime.denials.flush()
    stopped.cancel()
    log.info("stopped")


def _rarely_collect() -> None:
    """Leave what was loaded out of the search for cycles, and search rarely.

    It lives as long as the process, and what a batch makes is freed by reference counting.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(GARBAGE_OBJECTS, 20, 100)


def _own_loops(runtime: Runtime, service: Service) -> list[tuple[str, Callable[[], Awaitable[None]]]]:
    made = [make(runtime) for make in service.loops]
    return [(type(loop).__name__.lower(), loop.run) for loop in made]


async def keep(runtime: Runtime, name: str, start: Callable[[], Awaitable[None]]) -> None:
    """Run a loop for ever: what makes it fail is logged, and it begins again after a growing wait."""
    wait = 0.1
    while True:
        began = time.monotonic()
        try:
            await start()
            return
        except asyncio.CancelledError:
            if told_to_end():
                raise
            log.warning("%s was cancelled by nobody and begins again", name)  # a library's own call ended so
        except PyMongoError as error:
            log.warning("%s: the store is away: %s", name, type(error).__name__)
        except Exception:
            log.exception("%s failed and begins again", name)
        wait = 0.1 if time.monotonic() - began > 30 else min(wait * 2, RESTART_WAIT_SECONDS_MAX)
        await asyncio.sleep(wait)


async def watch(runtime: Runtime) -> None:
    """Beats for the committer.

    It progresses when nothing is queued, or when something has been committed lately.
    """
    progressed = True

    def note() -> None:
        nonlocal progressed
        progressed = True

    runtime.committer.on_progress = note
    while True:
        QUEUED.set(runtime.committer.queued)
        if progressed or runtime.committer.queued == 0:
            progressed = False
            with contextlib.suppress(PyMongoError):
                await runtime.client.admin.command("ping")
                runtime.beat("committer")
        await asyncio.sleep(1)
