"""Requests whose work is arranged, so that a time can be promised."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from tests.connected.intake_kit import Estate
from tests.events import issued


async def arranged(estate: Estate, **changed: Any) -> str:
    """A repair somebody has."""
    taken = await estate.accept(**changed)
    await estate.told(issued(taken["id"], estate.runtime.clock.now()), stream=taken["id"])
    return str(taken["id"])


def at(estate: Estate, hours: float) -> str:
    """The moment so many hours from now."""
    return (estate.runtime.clock.now() + timedelta(hours=hours)).isoformat()
