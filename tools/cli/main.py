"""The root of `guanjia`: which commands there are, and how any of them ends.

A part of the project that brings a command of its own (bench, chaos) offers `register(app)` in the module
named in EXTENSIONS; it is added when that module exists. `register` must import nothing heavy: help has to
be quick.
"""

from __future__ import annotations

import importlib
import importlib.util
from typing import Any

import typer
from typer.core import TyperGroup

from tools.cli import access, calls, journal, operate, place, report, request
from tools.exits import Exit, Stop
from tools.output import complain

EXTENSIONS = ("tools.bench.command", "tools.chaos.command")


class Commands(TyperGroup):
    """Turns `Stop`, a full or broken disk, and Ctrl-C into one line and an exit code."""

    def invoke(self, ctx: Any) -> Any:
        """Run the command; every planned end leaves by an exit code of tools/exits.py."""
        try:
            return super().invoke(ctx)
        except Stop as stop:
            complain(stop.line)
            raise typer.Exit(int(stop.code)) from None
        except OSError as error:
            complain(f"{error.filename or 'this machine'}: {error.strerror or error}")
            raise typer.Exit(int(Exit.FAILED)) from None
        except KeyboardInterrupt:
            raise typer.Exit(int(Exit.INTERRUPTED)) from None


app = typer.Typer(
    name="guanjia",
    cls=Commands,
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="markdown",
    pretty_exceptions_enable=False,
    help=(
        "Guanjia 管家: calls and visits become work, money and messages.\n\n"
        "`guanjia run` starts everything with a demonstration group and a live view; "
        "`guanjia demo` tells six cases from ring to receipt.\n\n"
        "Exit codes: 0 ok, 1 found problems, 2 usage, 3 not running, 4 port in use, 5 data folder, "
        "6 unsupported platform, 7 a part failed, 130 interrupted."
    ),
)


def _exists(module: str) -> bool:
    try:
        return importlib.util.find_spec(module) is not None
    except ModuleNotFoundError:
        return False


for _part in (place, request, calls, journal, operate, access, report):
    _part.register(app)
for _name in EXTENSIONS:
    if _exists(_name):
        importlib.import_module(_name).register(app)
