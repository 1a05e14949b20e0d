"""What a bench prints: one JSON object a line, each figure beside its floor, its ratio and its bar."""

from __future__ import annotations

import json
import os
import platform
from typing import Any


class Report:
    """Collects the lines; `missed` names the bars that were not reached."""

    def __init__(self, broker: str) -> None:
        self._broker = broker
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
        """Print one figure. `bar`: the ratio must be at least this; `bar_max`: the value at most that."""
        met = (bar is None or (ratio is not None and ratio >= bar)) and (bar_max is None or value <= bar_max)
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
