"""The kernel's background loops of one process.

Relay, consumer, timers, parked events, numbers, alarms, HTTP.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta

import uvicorn
from fastapi import APIRouter

from shared.http.app import make_app
from shared.kernel.alarms import Alarms
from shared.kernel.consumer import LaneConsumer
from shared.kernel.incarnation import Incarnation
from shared.kernel.lease import Lease
from shared.kernel.numbers import SETTLE_AFTER, Numbers
from shared.kernel.parked import ParkedLoop
from shared.kernel.relay import Relay
from shared.kernel.runtime import Runtime, watch
from shared.kernel.timers import Sweeper

log = logging.getLogger(__name__)
Start = Callable[[], Awaitable[None]]
KEEP_ALIVE_SECONDS = 75
CONNECTIONS_MAX = 2_000


def kernel_loops(runtime: Runtime) -> list[tuple[str, Start]]:
    """Name and start of each loop of this process, in the order they start."""
    incarnation = Incarnation(runtime.settings, f"{runtime.service}.{runtime.role}")
    loops: list[tuple[str, Start]] = [
        ("committer", lambda: watch(runtime)),
        ("incarnation", lambda: incarnation.run(runtime.beat)),
        ("relay", Relay.of(runtime, incarnation).run),
        ("parked", ParkedLoop(runtime).run),
        ("alarms", Alarms(runtime).run),
    ]
    if runtime.wiring.reads:
        loops.append(("consumer", LaneConsumer.of(runtime, incarnation).run))
    if runtime.role == "front":
        loops += [
            ("timers", _sweeper(runtime).run),
            ("numbers", lambda: _settle_numbers(runtime)),
            ("denials", runtime.denials.run),
        ]
    for name in ("committer", "relay", "consumer", "timers"):
        if any(name == loop for loop, _ in loops):
            runtime.expect(name)
    return loops


def _sweeper(runtime: Runtime) -> Sweeper:
    settings = runtime.settings
    lease = Lease(runtime.db, "timers", f"front-{settings.replica}", settings.lease_seconds)
    return Sweeper(
        runtime.db,
        runtime.committer,
        runtime.clock,
        {command.NAME: command for command in runtime.wiring.commands},
        lease,
        sweep_ms=settings.timer_sweep_ms,
        batch_max=settings.timer_batch_max,
        beat=lambda: runtime.beat("timers"),
    )


async def _settle_numbers(runtime: Runtime) -> None:
    """Confirm numbers that are in use, and make those void that found none."""
    numbers = Numbers(runtime.db)
    while True:
        _, voided = await numbers.settle(runtime.clock.now() - SETTLE_AFTER)
        if voided:
            log.warning("%d numbers found no use and are void", voided)
        await asyncio.sleep(timedelta(seconds=30).total_seconds())


async def http(runtime: Runtime, routers: Sequence[APIRouter], stop: asyncio.Event) -> None:
    """Serve HTTP until told to stop; calls in progress are finished."""
    app = make_app(runtime, routers if runtime.role == "front" else ())
    server = uvicorn.Server(
        uvicorn.Config(
            app,
            host=runtime.settings.host,
            port=runtime.settings.port_of(runtime.service, runtime.role),
            log_config=None,
            access_log=False,
            lifespan="off",
            http="httptools",
            timeout_keep_alive=KEEP_ALIVE_SECONDS,
            limit_concurrency=CONNECTIONS_MAX,
            timeout_graceful_shutdown=int(runtime.settings.shutdown_seconds),
            server_header=False,
            proxy_headers=False,
        )
    )
    server.install_signal_handlers = lambda: None  # type: ignore[attr-defined]
    serving = asyncio.create_task(server._serve())
    stopping = asyncio.create_task(stop.wait())
    await asyncio.wait({serving, stopping}, return_when=asyncio.FIRST_COMPLETED)
    server.should_exit = True
    await serving
    stopping.cancel()
