"""What a run prints: how long each kill was felt, what was looked at, what is wrong, and one JSON line."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Sequence
from statistics import median

from rich.console import Console
from rich.table import Table

from tools.chaos.checker import Findings
from tools.chaos.killer import Felt

SHOWN_MAX = 60


def print_outages(console: Console, felt: Sequence[Felt]) -> None:
    """Per process: how often it died, and the seconds until work flowed again."""
    by_process: dict[str, list[Felt]] = defaultdict(list)
    for one in felt:
        by_process[one.process].append(one)
    table = _table(
        "Outage per kill, seconds until ready and work flows again", "process", "kills", "failpoint"
    )
    for name in ("median", "worst", "each"):
        table.add_column(name, justify="right" if name != "each" else "left")
    for process, own in sorted(by_process.items()):
        seconds = [one.seconds for one in own]
        failpoints = sum(1 for one in own if one.how == "failpoint")
        each = " ".join(f"{second:.1f}" for second in seconds)
        figures = (f"{median(seconds):.1f}", f"{max(seconds):.1f}", each)
        table.add_row(process, str(len(own)), str(failpoints), *figures)
    console.print(table)


def print_findings(console: Console, findings: Findings) -> None:
    """What was looked at, and everything that is wrong; of very many the first `SHOWN_MAX`."""
    looked = _table("Looked at", "what", "count")
    for what, count in findings.looked_at.items():
        looked.add_row(what, str(count))
    console.print(looked)
    if not findings.violations:
        console.print("no violation", style="bold green")
        return
    for rule, count in findings.by_rule().most_common():
        console.print(f"{count} x {rule}", style="bold red")
    table = _table("Violations", "rule", "where", "what")
    for one in findings.violations[:SHOWN_MAX]:
        table.add_row(one.rule, one.where, one.what)
    console.print(table)
    if len(findings.violations) > SHOWN_MAX:
        console.print(f"... and {len(findings.violations) - SHOWN_MAX} more, all in the findings file")


def last_line(requests: int, kills: int, violations: int) -> str:
    """The JSON line that ends every run."""
    document = {"name": "chaos", "requests": requests, "kills": kills, "violations": violations}
    return json.dumps(document)


def _table(title: str, *columns: str) -> Table:
    table = Table(title=title, title_justify="left", header_style="bold")
    for name in columns:
        table.add_column(
            name, overflow="fold", justify="right" if name in ("count", "kills", "failpoint") else "left"
        )
    return table
