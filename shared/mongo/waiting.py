"""PyMongo's wait for a server or a connection, made safe against cancellation on Python 3.11.

PyMongo waits by `asyncio.wait_for(condition.wait(), ...)`. Before Python 3.12 that runs the wait in a task of
its own: when the waiting call is cancelled while that task takes the condition's lock again, the lock is
released by one who does not hold it, and then kept for ever by one who has ended. From then on every
operation of the client hangs, without any timeout. This is met when calls are cancelled while the store is
away, which is when many of them wait. Here the wait runs in the task of its caller, as on later Pythons.
"""

from __future__ import annotations

import asyncio
import sys
from typing import Any

from pymongo.asynchronous import pool, topology

USERS = (pool, topology)
NAME = "_async_cond_wait"


async def cond_wait(condition: Any, timeout: float | None) -> bool:  # noqa: ASYNC109  the driver's signature
    """Wait until notified, or for so long; always returns or raises with the lock held."""
    try:
        async with asyncio.timeout(timeout):
            return bool(await condition.wait())
    except TimeoutError:
        return False


def mend() -> None:
    """Have the driver wait by `cond_wait`."""
    if sys.version_info < (3, 12):
        for module in USERS:
            setattr(module, NAME, cond_wait)
