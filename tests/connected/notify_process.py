"""A notify process that only sends, to be killed: `python -m tests.connected.notify_process front|bulk`."""

from __future__ import annotations

import asyncio
import sys

from services.notify.loops import Senders
from shared.settings import settings
from tests.connected.notify_kit import notify


async def main(role: str) -> None:
    """Send until killed."""
    async with notify(settings(), "front" if role == "front" else "bulk") as process:
        await Senders(process.runtime).run()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
