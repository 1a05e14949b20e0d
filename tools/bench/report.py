"""What a bench prints: one JSON object a line, each figure beside its floor, its ratio and its bar.

Ratios of an earlier bench on the same broker may be given: none may be more than 10 % worse.
"""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tools.exits import Exit, Stop

WORSE_MAX = 0.10


def earlier(path: Path, broker: str) -> dict[str, float]:
    """The ratios that a bench on this broker printed into a file, by name. Raises Stop for another file."""
    try:
        rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]
        own = [row for row in rows if row["context"]["broker"] == broker and row["ratio"]]
        return {str(row["name"]): float(row["ratio"]) for row in own}
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise Stop(Exit.USAGE, f"{path} holds no lines of an earlier bench: {error}") from error


class Report:
    """Collects the lines; `missed` names the bars that were not reached."""

    def __init__(self, broker: str, before: Mapping[str, float] | None = None) -> None:
        self._broker = broker
        self._before = before or {}
        self.missed: list[str] = []

    def line(
        self,
        name: str,
        value: float,
        unit: str,
        floor: float | None,
        ratio: float | None,
        *,
        bar: float | None = None,
        bar_max: float | None = None,
        **context: Any,
    ) -> None:
        """Print one figure. `bar`: the ratio must be at least this; `bar_max`: the value at most that.

        Compared with an earlier bench, a ratio is worse when it falls; under a `bar_max`, when it rises.
        """
        met = (bar is None or (ratio is not None and ratio >= bar)) and (bar_max is None or value <= bar_max)
        if ratio and name in self._before:
            was = self._before[name]
            worse = ratio / was - 1 if bar_max is not None else 1 - ratio / was
            context |= {"ratio_before": was, "worse_percent": round(worse * 100, 1)}
            met = met and worse <= WORSE_MAX
        if not met:
            self.missed.append(name)
        bars = {"bar_min_ratio": bar, "bar_max": bar_max, "met": met}
        about = {"broker": self._broker, "cores": os.cpu_count(), "machine": platform.machine()}
        row = {
            "name": name,
            "value": round(value, 3),
            "unit": unit,
            "floor": None if floor is None else round(floor, 3),
            "ratio": None if ratio is None else round(ratio, 3),
            "context": about | {k: v for k, v in bars.items() if v is not None} | context,
        }
        print(json.dumps(row, ensure_ascii=False), flush=True)
