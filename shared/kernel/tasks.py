"""Running and ending the parts of a loop, where a cancellation can get lost (see `shared.tasks`)."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Coroutine
from contextlib import suppress
from typing import Any, TypeVar

from shared.tasks import end, told_to_end

T = TypeVar("T")
AGAIN_AFTER_SECONDS = 1.0


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
        await end(tasks, AGAIN_AFTER_SECONDS)
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
