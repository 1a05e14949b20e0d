"""A loop of a process is kept running, whatever it ends with."""

from __future__ import annotations

import asyncio
from typing import Any, cast

import pytest

from shared.kernel.runtime import keep


async def test_a_loop_that_a_library_cancelled_begins_again_until_somebody_ends_it() -> None:
    began: list[int] = []
    running = asyncio.Event()

    async def loop() -> None:
        began.append(1)
        if len(began) == 1:
            future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            future.cancel()  # as a client does with what is on its way when it is closed
            await future
        running.set()
        await asyncio.Event().wait()

    task = asyncio.create_task(keep(cast("Any", None), "relay", loop))
    waiting = asyncio.create_task(running.wait())
    await asyncio.wait({task, waiting}, return_when=asyncio.FIRST_COMPLETED)
    assert not task.done()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert len(began) == 2
