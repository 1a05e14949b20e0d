"""A lost cancellation does not keep a task alive."""

from __future__ import annotations

import asyncio
import sys

import pytest

from shared.tasks import end, told_to_end


async def swallower(times: int, told: list[bool]) -> None:
    for _ in range(times):
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            told.append(told_to_end())


async def test_a_task_that_loses_a_cancellation_is_asked_again() -> None:
    told: list[bool] = []
    task = asyncio.create_task(swallower(2, told))
    await asyncio.sleep(0)
    await end([task], again_after_seconds=0.01)
    assert task.done()
    assert told == [True, True]
    assert not told_to_end()


@pytest.mark.skipif(sys.version_info >= (3, 12), reason="wait_for keeps cancellations from 3.12 on")
async def test_why_wait_for_loses_one() -> None:
    loop = asyncio.get_running_loop()
    inner: asyncio.Future[None] = loop.create_future()

    async def work() -> str:
        await asyncio.wait_for(inner, 60)
        return "went on" if told_to_end() else "was not told"

    task = asyncio.create_task(work())
    await asyncio.sleep(0)
    inner.set_result(None)
    task.cancel()
    assert await task == "went on"
