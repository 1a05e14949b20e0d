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

from tools.bench.load import closed_loop, percentile
from tools.bench.pipeline import PER_SECOND, SERVICES, calls, paced
from tools.bench.report import Report
from tools.bench.sinks import Sink
from tools.bench.world import World
from tools.stack.supervisor import Supervisor

BACKLOG = 20_000
URGENT = 500
URGENT_CALL = {"hazard": "wiring-fault", "category": "electrical"}
FILL_SECONDS_MAX = 300.0
DRAIN_WATCH_SECONDS = 10.0


async def measure(world: World, report: Report, *, backlog: int = BACKLOG, urgent: int = URGENT) -> None:
    """Print ratio, absolute figure and the drain of the routine lane."""
    async with Sink(world) as sink, world.services(*SERVICES, GATEWAY_URL=sink.url) as supervisor:
        await paced(world, supervisor, sink, 40, **URGENT_CALL)  # warm
        alone = await paced(world, supervisor, sink, urgent, **URGENT_CALL)
        await _fill(world, supervisor, backlog)
        await sink.forget()
        for service in SERVICES:
            await supervisor.release(f"{service}-bulk")
        await supervisor.wait_ready([f"{service}-bulk" for service in SERVICES])
        watch = asyncio.create_task(_rate(sink))
        beside = await paced(world, supervisor, sink, urgent, **URGENT_CALL)
        watch.cancel()
        with_urgent = (await sink.seen())["counts"].get("staff", 0) - urgent
        busy = urgent / PER_SECOND
        drain_beside = with_urgent / busy
        drain_alone = await _drain(sink)
    ratio = percentile(beside, 99) / percentile(alone, 99)
    context: dict[str, Any] = {
        "n": len(beside),
        "backlog": backlog,
        "alone_p50_ms": round(percentile(alone, 50), 1),
        "alone_p99_ms": round(percentile(alone, 99), 1),
        "beside_p50_ms": round(percentile(beside, 50), 1),
        "routine_per_second_beside": round(drain_beside, 1),
        "routine_per_second_alone": round(drain_alone, 1),
    }
    floor = percentile(alone, 99)
    report.line("urgent.p99_ratio", ratio, "times", 1.0, ratio, bar_max=4.0, **context)
    report.line("urgent.p99_ms", percentile(beside, 99), "ms", floor, ratio, bar_max=400.0)
    share = drain_beside / drain_alone if drain_alone else 0.0
    report.line("urgent.routine_drain_share", share, "times", 1.0, share, bar=0.5)


async def _fill(world: World, supervisor: Supervisor, backlog: int) -> None:
    for service in SERVICES:
        await supervisor.hold(f"{service}-bulk")
    requests, _ = calls(supervisor, world, backlog)
    answers = await closed_loop(supervisor.base_port, iter(requests), 64, FILL_SECONDS_MAX)
    if answers.good != backlog:
        raise RuntimeError(f"the backlog was not accepted: {answers.statuses}")


async def _rate(sink: Sink) -> None:
    """Nothing but a heartbeat, so that a stuck drain is seen in the log."""
    while True:
        await asyncio.sleep(5)
        await sink.seen()


async def _drain(sink: Sink) -> float:
    """Routine messages a second without urgent calls beside them, over a part of the remaining backlog."""
    began, before = time.perf_counter(), (await sink.seen())["counts"].get("staff", 0)
    await asyncio.sleep(DRAIN_WATCH_SECONDS)
    after = (await sink.seen())["counts"].get("staff", 0)
    return float(after - before) / (time.perf_counter() - began)
