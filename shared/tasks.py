"""Running and ending tasks where a cancellation can get lost.

Before Python 3.12 a cancellation that arrives just when the future inside `asyncio.wait_for` is done is lost,
and libraries use `wait_for` (the database driver for every send). So whoever ends a task asks again, and a
loop looks whether it was told to end.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Coroutine, Iterable
from contextlib import suppress
from typing import Any, TypeVar

T = TypeVar("T")
AGAIN_AFTER_SECONDS = 7.0  # longer than a loop takes to leave things in order
SIDE_BY_SIDE_AGAIN_SECONDS = 1.0


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


def honour_cancellation() -> None:
    """Raise the cancellation of this task if something below has swallowed it. For the top of a loop."""
    if told_to_end():
        raise asyncio.CancelledError


async def side_by_side(*work: Coroutine[Any, Any, None]) -> None:
    """Run endless pieces of work until one fails; its error is raised when all have ended.

    A task group would cancel each only once, and wait for ever for one whose cancellation got lost.
    """
    tasks = [asyncio.create_task(one) for one in work]
    try:
        honour_cancellation()
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        failed = [t for t in tasks if t.done()]
        await end(tasks, SIDE_BY_SIDE_AGAIN_SECONDS)
    for task in failed:
        task.result()


async def whole(starting: Awaitable[T]) -> T:
    """Finish starting a client even when cancelled: one that is half started cannot be closed."""
    task = asyncio.ensure_future(starting)
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        with suppress(Exception):
            await task
        raise
