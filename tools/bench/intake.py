"""`intake.accept_rate` and `intake.batching_gain`: calls accepted a second at 64 clients.

Floor: a bare FastAPI endpoint doing one majority `insert_one` of the same body, in a process of its own, on
the same MongoDB, under the same load generator; interleaved pairs, median. Only the front process runs: the
endpoint is measured against an endpoint.
"""

from __future__ import annotations

import asyncio
import itertools
import os
import statistics
import sys
from collections.abc import Iterator
from typing import Any

from shared.ids import new_id
from tools.bench.load import Answers, closed_loop, connect, post
from tools.bench.report import Report
from tools.bench.world import BODIES, PROPERTY, World
from tools.stack.child import Child
from tools.stack.ports import free_port

CLIENTS = 64
PAIRS = 5
SECONDS = 4.0
WARM_SECONDS = 2.0


async def measure(world: World, report: Report, *, pairs: int = PAIRS, seconds: float = SECONDS) -> None:
    """Print both figures."""
    port = free_port()
    floor = Child("bench-floor", world.layout, port=port)
    environment = {
        **os.environ,
        "MONGODB_URL": world.stack.mongodb_url,
        "FLOOR_DATABASE": f"floor_{new_id()[-8:]}",
    }
    floor.spawn([sys.executable, "-m", "tools.bench.floors", str(port)], environment, world.root)
    try:
        await _answers(port)
        async with world.services("intake", bulk=False) as batched:
            rates, floors = await _pairs(port, batched.base_port, world, pairs, seconds)
        async with world.services("intake", bulk=False, BATCH_RECORDS_MAX="1") as single:
            await _load(single.base_port, _requests(single.base_port, world), WARM_SECONDS)
            unbatched = (await _load(single.base_port, _requests(single.base_port, world), seconds)).rate
    finally:
        await floor.stop(5)
    rate = statistics.median(rates)
    ratio = statistics.median(r / f for r, f in zip(rates, floors, strict=True))
    context: dict[str, Any] = {
        "clients": CLIENTS,
        "pairs": pairs,
        "rates": [round(r) for r in rates],
        "floors": [round(f) for f in floors],
    }
    report.line(
        "intake.accept_rate", rate, "requests/s", statistics.median(floors), ratio, bar=1.2, **context
    )
    report.line(
        "intake.batching_gain",
        rate / unbatched,
        "times",
        1.0,
        rate / unbatched,
        bar=3.0,
        unbatched=round(unbatched),
    )


async def _pairs(
    floor_port: int, port: int, world: World, pairs: int, seconds: float
) -> tuple[list[float], list[float]]:
    floor = _floor_requests(floor_port, world)
    ours = _requests(port, world)
    await _load(floor_port, floor, WARM_SECONDS)
    await _load(port, ours, WARM_SECONDS)
    rates, floors = [], []
    for _ in range(pairs):
        floors.append((await _load(floor_port, floor, seconds)).rate)
        rates.append((await _load(port, ours, seconds)).rate)
    return rates, floors


async def _load(port: int, requests: Iterator[bytes], seconds: float) -> Answers:
    answers = await closed_loop(port, requests, CLIENTS, seconds)
    if answers.good != sum(answers.statuses.values()):
        raise RuntimeError(f"not every call was accepted: {answers.statuses}")
    return answers


def _requests(port: int, world: World) -> Iterator[bytes]:
    path = f"/v1/properties/{PROPERTY}/requests"
    token = world.token("cs_officer")
    for body in itertools.cycle(BODIES):
        yield post(port, path, body, token, [("Idempotency-Key", new_id())])


def _floor_requests(port: int, world: World) -> Iterator[bytes]:
    token = world.token("cs_officer")
    for body in itertools.cycle(BODIES):
        yield post(port, "/accept", body, token)


async def _answers(port: int) -> None:
    async with asyncio.timeout(20):
        while True:
            try:
                (await connect(port)).close()
                return
            except OSError:
                await asyncio.sleep(0.05)
