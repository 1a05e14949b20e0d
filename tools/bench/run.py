"""`guanjia bench`: run the benches and print one JSON object a line."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Mapping
from pathlib import Path

from tools.bench import intake, pipeline, timers, urgent
from tools.bench.report import Report
from tools.bench.world import World, world
from tools.exits import Exit
from tools.stack.broker import BrokerKind

NAMES = ("intake", "pipeline", "urgent", "timers")


async def run(
    data: Path, broker: BrokerKind, names: list[str], *, quick: bool, before: Mapping[str, float]
) -> Exit:
    """Run the named benches; PROBLEMS if a bar was missed. `quick`: small sizes, to see that they work."""
    report = Report(broker, before)
    async with world(data, broker) as made:
        for name in names:
            print(f"bench: {name} on {broker} ...", file=sys.stderr, flush=True)
            await _one(made, report, name, quick=quick)
    for missed in report.missed:
        print(f"bench: {missed} misses its bar", file=sys.stderr)
    return Exit.PROBLEMS if report.missed else Exit.OK


async def _one(made: World, report: Report, name: str, *, quick: bool) -> None:
    match name:
        case "intake":
            pairs, seconds = (2, 1.5) if quick else (intake.PAIRS, intake.SECONDS)
            await intake.measure(made, report, pairs=pairs, seconds=seconds)
        case "pipeline":
            await pipeline.measure(made, report, **({"pairs": 1, "requests": 500} if quick else {}))
        case "urgent":
            await urgent.measure(made, report, **({"backlog": 2_000, "urgent": 100} if quick else {}))
        case "timers":
            sizes = {"pending": 5_000, "due": 200, "backlog": 1_000}
            await timers.measure(made, report, **(sizes if quick else {}))


def main(
    data: Path,
    broker: BrokerKind,
    names: list[str],
    *,
    quick: bool = False,
    before: Mapping[str, float] | None = None,
) -> Exit:
    """From a plain function. `before`: the ratios of an earlier bench, by name."""
    return asyncio.run(run(data, broker, names or list(NAMES), quick=quick, before=before or {}))
