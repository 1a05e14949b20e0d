"""Ending tasks for sure.

Before Python 3.12 a cancellation that arrives just when the future inside `asyncio.wait_for` is done is lost,
and libraries use `wait_for` (the database driver for every send). So whoever ends a task asks again, and a
loop looks whether it was told to end.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import Any

AGAIN_AFTER_SECONDS = 7.0  # longer than a loop takes to leave things in order


async def end(tasks: Iterable[asyncio.Task[Any]], again_after_seconds: float = AGAIN_AFTER_SECONDS) -> None:
    """Cancel the tasks and wait until they are done, whatever they end with."""
    pending = {task for task in tasks if not task.done()}
    while pending:
        for task in pending:
            task.cancel()
        _, pending = await asyncio.wait(pending, timeout=again_after_seconds)


def told_to_end() -> bool:
    """Whether somebody has cancelled the task that asks, also if the cancellation itself was lost."""
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0
