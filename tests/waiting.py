"""Waiting in tests: for a condition, never for a time, with one deadline that even a busy machine keeps."""

from __future__ import annotations

import asyncio
import inspect
import time
from collections.abc import Callable
from typing import Any

PATIENCE_SECONDS = 120.0
"""How long a test waits for what has to happen; only a failure takes as long."""


async def until(condition: Callable[[], Any]) -> Any:
    """The first true answer of a condition (a function, or one that is awaited); fails at the deadline."""
    end = time.monotonic() + PATIENCE_SECONDS
    while True:
        answer = condition()
        if inspect.isawaitable(answer):
            answer = await answer
        if answer:
            return answer
        said = condition.__doc__ or getattr(condition, "__qualname__", repr(condition))
        assert time.monotonic() < end, f"waited {PATIENCE_SECONDS} s for: {said}; last answer {answer!r}"
        await asyncio.sleep(0.02)
