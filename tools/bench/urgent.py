"""`urgent.*`: how long an urgent repair takes from the call to the technician's message while 20,000 routine
requests are queued.

The backlog is accepted while the bulk processes are down; then they start, and urgent calls come in at a
steady rate. Alone: the same calls without a backlog. The routine lane must go on draining at half its rate or
better.
"""

from __future__ import annotations

import asyncio
import time
from typing import Any

from pymongo import AsyncMongoClient

from tools.bench.load import closed_loop, percentile
from tools.bench.pipeline import SERVICES, calls, paced
from tools.bench.report import Report
from tools.bench.sinks import Sink
from tools.bench.world import World
from tools.stack.supervisor import Supervisor

BACKLOG = 20_000
URGENT = 500
URGENT_CALL = {"hazard": "wiring-fault", "category": "electrical"}
FILL_SECONDS_MAX = 300.0
DRAIN_SETTLE_SECONDS = 2.0
DRAIN_WATCH_SECONDS = 10.0


async def measure(world: World, report: Report, *, backlog: int = BACKLOG, urgent: int = URGENT) -> None:
    """Print ratio, absolute figure and the drain of the routine lane."""
    async with Sink(world) as sink, world.services(*SERVICES, GATEWAY_URL=sink.url) as supervisor:
        await paced(world, supervisor, sink, 40, **URGENT_CALL)  # warm
        at_first = await _events(world, supervisor)
        alone = await paced(world, supervisor, sink, urgent, **URGENT_CALL)
        per_urgent = (await _events(world, supervisor) - at_first) / urgent
        await _fill(world, supervisor, backlog)
        await sink.forget()
        for service in SERVICES:
            await supervisor.release(f"{service}-bulk")
        await supervisor.wait_ready([f"{service}-bulk" for service in SERVICES])
        began, before = time.perf_counter(), await _events(world, supervisor)
        beside = await paced(world, supervisor, sink, urgent, **URGENT_CALL)
        busy = time.perf_counter() - began
        drain_beside = (await _events(world, supervisor) - before - urgent * per_urgent) / busy
        drain_alone = await _drain(world, supervisor)
    ratio = percentile(beside, 99) / percentile(alone, 99)
    context: dict[str, Any] = {
        "n": len(beside),
        "backlog": backlog,
        "alone_p50_ms": round(percentile(alone, 50), 1),
        "alone_p99_ms": round(percentile(alone, 99), 1),
        "beside_p50_ms": round(percentile(beside, 50), 1),
        "routine_events_per_second_beside": round(drain_beside, 1),
        "routine_events_per_second_alone": round(drain_alone, 1),
    }
    floor = percentile(alone, 99)
    report.line("urgent.p99_ratio", ratio, "times", 1.0, ratio, bar_max=4.0, **context)
    report.line("urgent.p99_ms", percentile(beside, 99), "ms", floor, ratio, bar_max=400.0)
    share = drain_beside / drain_alone
    report.line("urgent.routine_drain_share", share, "times", 1.0, share, bar=0.5)


async def _fill(world: World, supervisor: Supervisor, backlog: int) -> None:
    for service in SERVICES:
        await supervisor.hold(f"{service}-bulk")
    requests, _ = calls(supervisor, world, backlog)
    answers = await closed_loop(supervisor.base_port, iter(requests), 64, FILL_SECONDS_MAX)
    if answers.good != backlog:
        raise RuntimeError(f"the backlog was not accepted: {answers.statuses}")


async def _events(world: World, supervisor: Supervisor) -> int:
    """Events in all journals: messages come at the end of every chain, events all the way along it."""
    client: AsyncMongoClient[dict[str, Any]] = AsyncMongoClient(world.stack.mongodb_url)
    try:
        names = [supervisor.settings.database(service) for service in SERVICES]
        return sum([await client[name]["outbox"].estimated_document_count() for name in names])
    finally:
        await client.close()


async def _drain(world: World, supervisor: Supervisor) -> float:
    """Routine events a second without urgent calls beside them, over a part of the remaining backlog."""
    await asyncio.sleep(DRAIN_SETTLE_SECONDS)
    began, before = time.perf_counter(), await _events(world, supervisor)
    await asyncio.sleep(DRAIN_WATCH_SECONDS)
    events = await _events(world, supervisor) - before
    if not events:
        raise RuntimeError("the routine lane stands still, or nothing was left of its backlog")
    return events / (time.perf_counter() - began)
