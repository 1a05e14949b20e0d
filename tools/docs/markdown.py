"""The little of Markdown that the generated documents need."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

GENERATED = "<!-- Made by `python -m tools.docs`; do not edit by hand. -->"


def table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> list[str]:
    """A table, one line a row; nothing at all where there are no rows."""
    lines = ["| " + " | ".join(_cell(value) for value in row) + " |" for row in rows]
    if not lines:
        return []
    return ["| " + " | ".join(head) + " |", "|" + "---|" * len(head), *lines, ""]


def page(lines: Iterable[str]) -> str:
    """The text of a file: lines, and one newline at the end."""
    return "\n".join(lines).rstrip("\n") + "\n"


def _cell(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value).replace("|", "\\|").replace("\n", " ")
