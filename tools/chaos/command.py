"""`guanjia chaos`: kills under load, then the independent checker. This is `make chaos`."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Annotated, Literal

import typer

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

    async def bounded() -> None:
        async with asyncio.timeout(minutes_max * 60):
            result = await run(options, out)
        violations = len(result.findings.violations)
        print_result(out, result)
        typer.echo(last_line(result.requests, result.kills, violations))
        if violations:
            raise typer.Exit(int(Exit.PROBLEMS))

    try:
        asyncio.run(bounded())
    except TimeoutError:
        raise Stop(Exit.FAILED, f"the run did not end within {minutes_max:g} minutes") from None
