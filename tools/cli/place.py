"""`guanjia up` and `guanjia run`: the platform on this machine."""

from __future__ import annotations

import asyncio
from typing import Annotated, Literal

import typer

Broker = Annotated[
    Literal["embedded", "apache"],
    typer.Option(
        help="embedded: comes with the project and forgets; apache: Kafka on Java 17, fetched with mvn."
    ),
]
RATE_MAX = 200.0


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command()(up)
    app.command()(run)


def up(broker: Broker = "embedded") -> None:
    """Start database, broker and services, keep them running, stop them cleanly on Ctrl-C.

    Data stays in `var/` (or GUANJIA_DATA). MONGODB_URL or KAFKA_BOOTSTRAP_SERVERS are used instead of
    starting one, if set.
    """
    from tools.run import keep_up

    asyncio.run(keep_up(broker))


def run(
    broker: Broker = "embedded",
    rate: Annotated[
        float,
        typer.Option(help="Calls and visits a minute, over all properties; 0: none.", min=0, max=RATE_MAX),
    ] = 12.0,
    seconds: Annotated[float, typer.Option(help="Stop after so long; 0: until Ctrl-C.", min=0)] = 0.0,
) -> None:
    """Start everything with the demonstration group, a stream of calls, and a live view. This is `make run`.

    Without a terminal one summary line is printed every few seconds. A second start continues where the
    first stopped.
    """
    from tools.run import run_demonstration

    asyncio.run(run_demonstration(broker, rate_per_minute=rate, seconds=seconds))
