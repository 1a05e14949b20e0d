"""`guanjia bench`: figures beside their floors. This is `make bench`."""

from __future__ import annotations

import shutil
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Literal

import typer

MARK = "bench.run"
"""A file in the folder of a run: only a folder with one is deleted for the next."""


class Name(StrEnum):
    """What can be measured by itself."""

    INTAKE = "intake"
    PIPELINE = "pipeline"
    URGENT = "urgent"
    TIMERS = "timers"


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(bench)


def bench(
    broker: Annotated[
        Literal["embedded", "apache"], typer.Option(help="Which broker to run on.")
    ] = "embedded",
    only: Annotated[list[Name] | None, typer.Option(help="Only these; may be repeated.")] = None,
    quick: Annotated[bool, typer.Option(help="Small sizes: shows that it runs, proves nothing.")] = False,
    before: Annotated[
        Path | None,
        typer.Option(help="Lines of an earlier bench: a ratio more than 10 % worse misses its bar."),
    ] = None,
    data: Annotated[
        Path | None, typer.Option(help="Folder of the run, deleted first; default: bench in the data folder.")
    ] = None,
) -> None:
    """Measure, and print one JSON object a line: name, value, unit, floor, ratio, context.

    Exit code 1 when a bar is missed; standard error says which.
    """
    from tools.bench.report import earlier
    from tools.bench.run import main
    from tools.stack.layout import default_data_folder, make_empty

    ratios = earlier(before, broker) if before else {}
    folder = data or default_data_folder() / "bench"
    if data is None:
        shutil.rmtree(folder, ignore_errors=True)
    make_empty(folder, MARK)
    code = main(folder, broker, [str(name) for name in only or ()], quick=quick, before=ratios)
    if code:
        raise typer.Exit(int(code))
