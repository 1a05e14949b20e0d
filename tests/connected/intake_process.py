"""An intake process to be killed at a failpoint: `python -m tests.connected.intake_process [minutes ahead]`.

Prints its address, then keeps attachments until killed. Settings come by environment, as to every process.
"""

from __future__ import annotations

import sys
from datetime import UTC, datetime, timedelta

import uvloop

from services.intake.keeper import AttachmentKeeper
from shared.clock import Clock
from shared.failpoints import arm
from shared.settings import settings
from tests.connected.intake_kit import running


class Ahead(Clock):
    """The machine's clock, moved on at will."""

    def __init__(self, by: timedelta = timedelta(0)) -> None:
        self.by = by

    def now(self) -> datetime:
        """Aware UTC, to the millisecond."""
        moment = datetime.now(UTC) + self.by
        return moment.replace(microsecond=moment.microsecond // 1000 * 1000)


async def main(ahead: timedelta) -> None:
    """Serve until killed."""
    arm(settings().failpoint)
    async with running(settings(), Ahead(ahead)) as (runtime, url):
        print(url, flush=True)
        await AttachmentKeeper(runtime).run()


if __name__ == "__main__":
    uvloop.run(main(timedelta(minutes=int(sys.argv[1]) if len(sys.argv) > 1 else 0)))
