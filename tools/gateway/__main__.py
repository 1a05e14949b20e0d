"""`python -m tools.gateway --smtp-port 2525 --http-port 8090 --data DIR`; the secret is GATEWAY_SECRET."""

from __future__ import annotations

import argparse
import asyncio
import signal
import sys
from pathlib import Path

from shared.settings import settings
from tools.exits import Exit
from tools.gateway.server import gateway


async def _run(options: argparse.Namespace, secret: str) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    async with gateway(
        secret,
        options.data,
        smtp_port=options.smtp_port,
        http_port=options.http_port,
        host=options.host,
        faults_allowed=options.faults,
    ) as running:
        print(f"mail on {options.host}:{running.smtp_port}, text messages on {running.url}", flush=True)
        await stop.wait()


def main() -> None:
    """Serve until told to stop."""
    parser = argparse.ArgumentParser(prog="python -m tools.gateway", description=__doc__)
    parser.add_argument("--smtp-port", type=int, default=settings().smtp_port)
    parser.add_argument("--http-port", type=int, default=8090)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--data", type=Path, required=True, help="where receipts and mailbox are kept")
    parser.add_argument("--faults", action="store_true", help="allow tests to plan faults (POST /faults)")
    options = parser.parse_args()
    secret = settings().gateway_secret.get_secret_value()
    if not secret:
        sys.stderr.write("GATEWAY_SECRET is not set: it must be the one the notify service signs with\n")
        raise SystemExit(Exit.USAGE)
    try:
        asyncio.run(_run(options, secret))
    except OSError as error:
        sys.stderr.write(f"cannot listen or write: {error}\n")
        raise SystemExit(Exit.PORT_IN_USE) from error


if __name__ == "__main__":
    main()
