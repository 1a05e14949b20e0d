"""Shows the figures as they change: a live screen in a terminal, one line every few seconds elsewhere."""

from __future__ import annotations

import asyncio
import sys
from collections import Counter
from collections.abc import Sequence

from rich.console import Console
from rich.live import Live

from shared.clock import Clock, SystemClock
from tools.demo.group import Estate
from tools.session import Machine
from tools.view.collect import Collector
from tools.view.figures import line
from tools.view.render import screen

SCREEN_EVERY_SECONDS = 1.0
LINE_EVERY_SECONDS = 5.0


async def watch(
    machine: Machine, group: Sequence[Estate], plays: Counter[str], clock: Clock | None = None
) -> None:
    """Until cancelled. `plays` counts how the plays of the demonstration ended."""
    console = Console()
    clock = clock or SystemClock()
    collector = Collector(machine, group, plays)
    async with collector.client:
        if console.is_terminal:
            await _screen(collector, group[0].zone, clock, console)
        else:
            await _lines(collector, clock)


async def _screen(collector: Collector, zone: str, clock: Clock, console: Console) -> None:
    figures = await collector.figures(clock.now())
    try:
        with Live(
            screen(figures, clock.now(), zone), console=console, auto_refresh=False, screen=True
        ) as live:
            while True:
                await asyncio.sleep(SCREEN_EVERY_SECONDS)
                figures = await collector.figures(clock.now())
                live.update(screen(figures, clock.now(), zone), refresh=True)
    finally:
        console.print(line(figures))  # the screen is gone with the view; this stays


async def _lines(collector: Collector, clock: Clock) -> None:
    while True:
        sys.stdout.write(line(await collector.figures(clock.now())) + "\n")
        sys.stdout.flush()
        await asyncio.sleep(LINE_EVERY_SECONDS)
