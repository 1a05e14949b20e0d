"""`guanjia chaos`: kills under load, then the independent checker. This is `make chaos`."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Coroutine
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar

import typer

T = TypeVar("T")

REQUESTS_MAX, KILLS_MAX = 50_000, 300
SEED = 20_260_301


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(chaos)


def chaos(
    broker: Annotated[
        Literal["embedded", "apache"], typer.Option(help="Which broker to run on.")
    ] = "embedded",
    requests: Annotated[
        int, typer.Option(help="Service requests of the load.", min=1, max=REQUESTS_MAX)
    ] = 3_000,
    kills: Annotated[
        int, typer.Option(help="How many SIGKILLs at least; 0: none.", min=0, max=KILLS_MAX)
    ] = 32,
    seconds: Annotated[float, typer.Option(help="How long the load lasts.", min=1, max=3_600)] = 300.0,
    seed: Annotated[int, typer.Option(help="Of the load, the kills and the faults.")] = SEED,
    minutes_max: Annotated[float, typer.Option(help="Give up after so long.", min=0.1, max=120)] = 20.0,
    data: Annotated[
        Path | None, typer.Option(help="Folder of the run, deleted first; default: chaos in the data folder.")
    ] = None,
) -> None:
    """Kill services, auditor, broker and database under load; then check what is left.

    The last line is JSON: requests, kills, violations. Exit code 1 when there is a violation.
    """
    from tools.chaos.report import last_line
    from tools.chaos.run import Options, print_result, run
    from tools.exits import Exit, Stop
    from tools.output import console
    from tools.stack.layout import default_data_folder

    options = Options(
        data=data or default_data_folder() / "chaos",
        broker=broker,
        requests=requests,
        load_seconds=seconds,
        kill_count=kills,
        seed=seed,
    )
    out = console()
    result = asyncio.run(_bounded(run(options, out), minutes_max * 60))
    if result is None:
        raise Stop(
            Exit.FAILED, f"the run was ended before its time, or took more than {minutes_max:g} minutes"
        )
    violations = len(result.findings.violations)
    print_result(out, result)
    typer.echo(last_line(result.requests, result.kills, violations))
    if violations:
        raise typer.Exit(int(Exit.PROBLEMS))


async def _bounded(work: Coroutine[Any, Any, T], seconds: float) -> T | None:
    """What the work gives; None when it was told to end (SIGTERM) or took too long, everything stopped."""
    from shared.tasks import end

    task = asyncio.ensure_future(work)
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
    try:
        await asyncio.wait({task}, timeout=seconds)
    finally:
        await end([task])
    return None if task.cancelled() else task.result()
