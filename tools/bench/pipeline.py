"""`pipeline.*`: from an accepted HTTP call to the message handed to its channel, through all services and the
broker.

Rate: a burst of requests at 64 clients until the last staff message is handed over. Floor: the same durable
writes and messages with no logic, as counted in that very run (`census.py`, `hop.py`), in the same process
layout. Latency: 20 requests a second.
"""

from __future__ import annotations

import json
import statistics
import time
from collections.abc import Sequence
from typing import Any

from shared.ids import new_id
from tools.bench.census import census
from tools.bench.floor import Floor
from tools.bench.load import closed_loop, open_loop, percentile, post
from tools.bench.report import Report
from tools.bench.sinks import Sink
from tools.bench.world import GARDEN, PROPERTY, World, body
from tools.stack.supervisor import Supervisor

SERVICES = ("intake", "dispatch", "billing", "notify")
CLIENTS = 64
REQUESTS = 3_000
UNBATCHED_REQUESTS = 200
PER_SECOND = 20
DRAIN_SECONDS_MAX = 240.0


def calls(
    supervisor: Supervisor, world: World, count: int, **changes: object
) -> tuple[list[bytes], list[str]]:
    """POSTs and the trace ids by which their messages are recognised."""
    token = world.token("cs_officer")
    path = f"/v1/properties/{PROPERTY}/requests"
    requests, traces = [], []
    for index in range(count):
        trace = new_id().replace("-", "")
        headers = [
            ("Idempotency-Key", new_id()),
            ("traceparent", f"00-{trace}-00f067aa0ba902b7-01"),
        ]
        content = json.dumps(body(index, GARDEN, **changes)).encode()
        requests.append(post(supervisor.base_port, path, content, token, headers))
        traces.append(trace)
    return requests, traces


async def burst(supervisor: Supervisor, world: World, sink: Sink, count: int) -> float:
    """Requests a second from the first call to the last message handed over."""
    requests, _ = calls(supervisor, world, count)
    await sink.forget()
    began = time.perf_counter()
    answers = await closed_loop(supervisor.base_port, iter(requests), CLIENTS, DRAIN_SECONDS_MAX)
    if answers.good != count:
        raise RuntimeError(f"not every call was accepted: {answers.statuses}")
    await sink.wait_for(count, DRAIN_SECONDS_MAX)
    return count / (time.perf_counter() - began)


async def measure(world: World, report: Report, *, pairs: int = 3, requests: int = REQUESTS) -> None:
    """Rate beside its floor, batching gain, latency."""
    async with Sink(world) as sink:
        async with world.services(*SERVICES, GATEWAY_URL=sink.url) as supervisor:
            await burst(supervisor, world, sink, 200)  # warm
            before = await census(world, supervisor)
            rates = [await burst(supervisor, world, sink, requests)]
            spec = (await census(world, supervisor)).minus(before).spec(requests)
            async with Floor(world, spec, sink) as floor:
                await floor.burst(200)
                floors = [await floor.burst(requests)]
                for _ in range(pairs - 1):
                    rates.append(await burst(supervisor, world, sink, requests))
                    floors.append(await floor.burst(requests))
            await _latency(world, report, supervisor, sink)
        async with world.services(*SERVICES, GATEWAY_URL=sink.url, BATCH_RECORDS_MAX="1") as single:
            await burst(single, world, sink, 20)
            unbatched = await burst(single, world, sink, UNBATCHED_REQUESTS)
    rate, ratio = (
        statistics.median(rates),
        statistics.median(r / f for r, f in zip(rates, floors, strict=True)),
    )
    context: dict[str, Any] = {
        "requests": requests,
        "clients": CLIENTS,
        "rates": _rounded(rates),
        "floors": _rounded(floors),
    }
    report.line("pipeline.rate", rate, "requests/s", statistics.median(floors), ratio, bar=0.5, **context)
    gain = rate / unbatched
    report.line("pipeline.batching_gain", gain, "times", 1.0, gain, bar=12.0, unbatched=round(unbatched, 1))


async def _latency(
    world: World, report: Report, supervisor: Supervisor, sink: Sink, seconds: int = 20
) -> None:
    seen = await paced(world, supervisor, sink, PER_SECOND * seconds)
    apache = world.stack.options.broker == "apache"
    context: dict[str, Any] = {"per_second": PER_SECOND, "n": len(seen)}
    report.line(
        "pipeline.latency_p50_ms",
        percentile(seen, 50),
        "ms",
        None,
        None,
        bar_max=80 if apache else None,
        **context,
    )
    report.line(
        "pipeline.latency_p99_ms",
        percentile(seen, 99),
        "ms",
        None,
        None,
        bar_max=200 if apache else None,
        **context,
    )


async def paced(
    world: World, supervisor: Supervisor, sink: Sink, count: int, **changes: object
) -> list[float]:
    """Milliseconds from sending each call to the hand-over of its message, at a steady rate."""
    requests, traces = calls(supervisor, world, count, **changes)
    sent: dict[int, float] = {}

    async def note(index: int, moment: float) -> None:
        sent[index] = moment

    answers = await open_loop(supervisor.base_port, requests, PER_SECOND, sent=note)
    if answers.good != count:
        raise RuntimeError(f"not every call was accepted: {answers.statuses}")
    arrived = await sink.arrivals(traces, DRAIN_SECONDS_MAX)
    return [(arrived[trace] - sent[index]) * 1_000 for index, trace in enumerate(traces)]


def _rounded(values: Sequence[float]) -> list[int]:
    return [round(value) for value in values]
