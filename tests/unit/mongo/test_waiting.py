"""Waiting for a server survives cancellation: the driver's lock is never left locked (nor unlocked twice)."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from pymongo.asynchronous import pool, topology
from pymongo.lock import Condition, Lock, _async_cond_wait

import shared.mongo.client  # noqa: F401  mends the driver
from shared.mongo.waiting import NAME, cond_wait
from tests.waiting import PATIENCE_SECONDS, until

Wait = Callable[[Any, float | None], Awaitable[bool]]


async def _cancelled_while_it_takes_the_lock_again(wait: Wait) -> Lock:
    """A waits and times out while B has the lock; A is cancelled before B lets go of it."""
    lock = Lock()
    condition = Condition(lock)

    async def waits() -> None:
        async with lock:
            await wait(condition, 0.01)

    waiter = asyncio.create_task(waits())
    await asyncio.sleep(0)
    async with lock:
        await until(lambda: lock._waiters)  # its time is up: it wants the lock back
        waiter.cancel()
    await asyncio.gather(waiter, return_exceptions=True)
    await asyncio.sleep(0.01)
    return lock


async def test_the_lock_is_free_after_a_waiter_was_cancelled() -> None:
    lock = await _cancelled_while_it_takes_the_lock_again(cond_wait)
    assert not lock.locked()


async def test_the_drivers_own_way_would_keep_it_for_ever() -> None:
    """If this fails the driver has been mended: shared/mongo/waiting.py can go."""
    lock = await _cancelled_while_it_takes_the_lock_again(_async_cond_wait)
    assert lock.locked()


@pytest.mark.parametrize("module", [pool, topology])
def test_the_driver_waits_our_way(module: Any) -> None:
    assert getattr(module, NAME) is cond_wait


async def test_a_notification_and_the_end_of_the_time_are_told_apart() -> None:
    condition = Condition(Lock())

    async def notify() -> None:
        async with condition:
            condition.notify_all()

    async with condition:
        assert not await cond_wait(condition, 0.01)
        task = asyncio.create_task(notify())
        assert await cond_wait(condition, PATIENCE_SECONDS)
    await task
