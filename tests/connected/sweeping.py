"""The sweeper of a process's timers in a test: on the test's clock, swept by hand."""

from __future__ import annotations

from typing import Any

from pymongo.asynchronous.database import AsyncDatabase

from shared.clock import Clock
from shared.kernel.committer import Committer
from shared.kernel.lease import Lease
from shared.kernel.runtime import Runtime
from shared.kernel.timers import Sweeper
from shared.kernel.unit import Wiring
from tests.waiting import PATIENCE_SECONDS


def sweeper_on(
    db: AsyncDatabase[dict[str, Any]],
    committer: Committer,
    clock: Clock,
    wiring: Wiring,
    *,
    owner: str = "test",
    batch_max: int = 500,
) -> Sweeper:
    """A sweeper over these stores."""
    commands = {command.NAME: command for command in wiring.commands}
    lease = Lease(db, "timers", owner, PATIENCE_SECONDS)
    return Sweeper(
        db, committer, clock, commands, lease, sweep_ms=10, batch_max=batch_max, database_clock=False
    )


def sweeper_of(runtime: Runtime, clock: Clock | None = None) -> Sweeper:
    """The sweeper of a running process, on its clock or another."""
    return sweeper_on(runtime.db, runtime.committer, clock or runtime.clock, runtime.wiring)
