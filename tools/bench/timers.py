"""`timers.lateness_p99_ms`: 100,000 timers pending, 1,000 due in the same second; idle, and beside a routine
backlog.

The due ones are real: the first escalation step of 1,000 repairs that were reported at the same moment.
Lateness is the time of the escalation's event minus the moment it was due.
"""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from typing import Any

from pymongo import AsyncMongoClient

from shared.clock import SystemClock
from tools.bench.load import closed_loop, percentile
from tools.bench.pipeline import SERVICES, calls
from tools.bench.report import Report
from tools.bench.sinks import Sink
from tools.bench.world import World
from tools.stack.supervisor import Supervisor

PENDING = 100_000
DUE = 1_000
CHUNK = 5_000
WAIT_SECONDS_MAX = 180.0
GENERAL_HOURS = 72
FIRST_STEP_PERCENT = 75


async def measure(
    world: World, report: Report, *, pending: int = PENDING, due: int = DUE, backlog: int = 20_000
) -> None:
    """Print both figures."""
    async with Sink(world) as sink, world.services(*SERVICES, GATEWAY_URL=sink.url) as supervisor:
        client: AsyncMongoClient[dict[str, Any]] = AsyncMongoClient(world.stack.mongodb_url, tz_aware=True)
        try:
            db = client[supervisor.settings.database("dispatch")]
            await _pend(db, pending)
            for name, load in (("idle", 0), ("beside_backlog", backlog)):
                lateness = await _round(world, supervisor, db, due, load)
                report.line(
                    f"timers.lateness_p99_ms.{name}",
                    percentile(lateness, 99),
                    "ms",
                    float(supervisor.settings.timer_sweep_ms),
                    percentile(lateness, 99) / supervisor.settings.timer_sweep_ms,
                    bar_max=1_000.0 + supervisor.settings.timer_sweep_ms,
                    n=len(lateness),
                    pending=pending,
                    backlog=load,
                    p50_ms=round(percentile(lateness, 50), 1),
                )
        finally:
            await client.close()


async def _pend(db: Any, pending: int) -> None:
    """Timers far in the future, as rows of streams that do nothing else."""
    far = SystemClock().now() + timedelta(days=300)
    for first in range(0, pending, CHUNK):
        rows = [
            {
                "_id": f"bench:{n}:escalation",
                "property_id": "bench",
                "stream": f"bench-{n}",
                "lane": "routine",
                "urgency": 1,
                "due_at": far + timedelta(seconds=n),
                "command": "dispatch.escalate",
                "body": "{}",
                "chain": "escalation",
                "step": 1,
                "correlation_id": "",
                "traceparent": "",
            }
            for n in range(first, min(first + CHUNK, pending))
        ]
        await db["timers"].insert_many(rows, ordered=False)


async def _round(world: World, supervisor: Supervisor, db: Any, due: int, backlog: int) -> list[float]:
    """Milliseconds by which the escalations came late."""
    lead = timedelta(seconds=40 if not backlog else 25)
    if backlog:
        for service in SERVICES:
            await supervisor.hold(f"{service}-bulk")
        requests, _ = calls(supervisor, world, backlog)
        await closed_loop(supervisor.base_port, iter(requests), 64, WAIT_SECONDS_MAX * 2)
        for service in SERVICES:
            await supervisor.release(f"{service}-bulk")
    at = SystemClock().now() + lead
    moment = at.replace(microsecond=0)
    if backlog:
        return await _urgent_round(world, supervisor, db, due, moment)
    reported = moment - timedelta(hours=GENERAL_HOURS * FIRST_STEP_PERCENT / 100)
    return await _fire(world, supervisor, db, due, moment, {"reported_at": reported.isoformat()})


async def _urgent_round(
    world: World, supervisor: Supervisor, db: Any, due: int, moment: datetime
) -> list[float]:
    """Beside a backlog the repairs are urgent ones.

    Routine ones would still be queued when their time comes.
    """
    reported = moment - timedelta(hours=24 * FIRST_STEP_PERCENT / 100)
    changes: dict[str, object] = {
        "reported_at": reported.isoformat(),
        "hazard": "wiring-fault",
        "category": "electrical",
    }
    return await _fire(world, supervisor, db, due, moment, changes)


async def _fire(
    world: World, supervisor: Supervisor, db: Any, due: int, moment: datetime, changes: dict[str, object]
) -> list[float]:
    requests, _ = calls(supervisor, world, due, **changes)
    answers = await closed_loop(supervisor.base_port, iter(requests), 64, WAIT_SECONDS_MAX)
    if answers.good != due:
        raise RuntimeError(f"not every call was accepted: {answers.statuses}")
    query = {"due_at": {"$gte": moment - timedelta(seconds=1), "$lte": moment + timedelta(seconds=1)}}
    set_in_time = await _until(db, "timers", query, due, moment)
    fired = {"type": "dispatch.escalation.raised.v1", "time": {"$gte": moment}}
    async with asyncio.timeout(WAIT_SECONDS_MAX):
        while await db["outbox"].count_documents(fired) < set_in_time:
            await asyncio.sleep(0.2)
    rows = await db["outbox"].find(fired, {"time": 1}).to_list()
    return [(row["time"] - moment).total_seconds() * 1_000 for row in rows]


async def _until(db: Any, collection: str, query: dict[str, Any], wanted: int, moment: datetime) -> int:
    """How many of the wanted timers were set before they were due."""
    while SystemClock().now() < moment - timedelta(seconds=1):
        found = int(await db[collection].count_documents(query))
        if found >= wanted:
            return found
        await asyncio.sleep(0.2)
    found = int(await db[collection].count_documents(query))
    if not found:
        raise RuntimeError("no timer was set in time: the machine is too slow for this bench")
    return found
