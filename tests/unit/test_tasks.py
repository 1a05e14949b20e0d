"""A lost cancellation does not keep a task alive."""

from __future__ import annotations

import asyncio
import contextlib
import sys

import pytest

from shared.tasks import end, honour_cancellation, side_by_side, told_to_end, whole


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


async def test_of_work_side_by_side_the_first_failure_ends_all_and_is_told() -> None:
    ended: list[str] = []

    async def endless() -> None:
        try:
            await asyncio.sleep(60)
        finally:
            ended.append("endless")

    async def failing() -> None:
        await asyncio.sleep(0)
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await side_by_side(endless(), failing())
    assert ended == ["endless"]


async def test_a_loop_honours_a_cancellation_that_something_below_has_swallowed() -> None:
    turns: list[int] = []

    async def loop() -> None:
        while True:
            honour_cancellation()
            turns.append(1)
            with contextlib.suppress(asyncio.CancelledError):
                await asyncio.sleep(60)

    task = asyncio.create_task(loop())
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert turns == [1]


async def test_a_start_that_is_cancelled_is_finished_first() -> None:
    steps: list[str] = []

    async def start() -> None:
        steps.append("begun")
        await asyncio.sleep(0.01)
        steps.append("done")

    task = asyncio.create_task(whole(start()))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert steps == ["begun", "done"]
