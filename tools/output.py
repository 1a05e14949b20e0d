"""How commands speak: tables and lines for people, one JSON document for scripts, errors on stderr."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import Console


PIPED_WIDTH = 150


def console() -> Console:
    """The console on stdout; plain text when it is not a terminal."""
    from rich.console import Console

    found = Console(highlight=False)
    return found if found.is_terminal else Console(highlight=False, width=PIPED_WIDTH)


def print_json(document: object) -> None:
    """One JSON document on stdout, in the order given, Chinese as it is."""
    sys.stdout.write(json.dumps(document, ensure_ascii=False, indent=2, default=str) + "\n")


def print_table(title: str, columns: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    """A table; numbers stand on the right."""
    from rich.table import Table

    table = Table(header_style="bold")
    for index, name in enumerate(columns):
        numeric = bool(rows) and all(isinstance(row[index], int) for row in rows)
        table.add_column(name, justify="right" if numeric else "left", overflow="fold")
    for row in rows:
        table.add_row(*(str(cell) for cell in row))
    out = console()
    if title:  # on a line of its own: a narrow table would fold it
        out.print(title, style="italic", markup=False, soft_wrap=True)
    out.print(table)


def complain(line: str) -> None:
    """One line on stderr."""
    sys.stderr.write(f"guanjia: {line}\n")


@contextmanager
def bar(title: str, total: int, *, quiet: bool = False) -> Iterator[Callable[[float], None]]:
    """A progress bar on stderr; yields what sets how many are done. Draws nothing when quiet or piped."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    err = Console(stderr=True)
    with Progress(*columns, console=err, disable=quiet or not err.is_terminal) as progress:
        task = progress.add_task(title, total=total)
        yield lambda done: progress.update(task, completed=done)
