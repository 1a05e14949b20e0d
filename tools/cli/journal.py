"""`guanjia replay` and `guanjia verify`: the journal sent again, and compared with its seals."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from tools.exits import Exit, Stop

if TYPE_CHECKING:
    from shared.kernel.verify import LaneReport, Report

ServiceName = Literal["intake", "dispatch", "billing", "notify"]
Lane = Literal["urgent", "routine"]
TIMES = ["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d"]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
COUNTS = ("seals", "sealed", "expired", "missing", "altered", "added", "broken_seals", "tail")
FINDINGS_SHOWN = 20


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command()(replay)
    app.command()(verify)


def verify(json: AsJson = False) -> None:
    """Compare every journal with its seals: sealed, expired, missing, altered, added, and the unsealed tail.

    Exit code 1 when anything is missing, altered, added, or a seal is broken.
    """
    from tools.output import print_json, print_table

    report = asyncio.run(_verify(quiet=json))
    if json:
        print_json({"sound": report.sound, "lanes": [_lane(lane) for lane in report.lanes]})
    else:
        rows = [(lane.service, lane.lane, *(getattr(lane, n) for n in COUNTS)) for lane in report.lanes]
        print_table("Journal", ("service", "lane", *(n.replace("_", " ") for n in COUNTS)), rows)
        found = [
            (f.service, f.lane, f.kind, f.where, f.detail) for lane in report.lanes for f in lane.findings
        ]
        if found:
            title = f"Findings (first {FINDINGS_SHOWN} of {len(found)})"
            print_table(title, ("service", "lane", "kind", "where", "what"), found[:FINDINGS_SHOWN])
        typer.echo(
            "every journal is what was written" if report.sound else "a journal is not what was written"
        )
    if not report.sound:
        raise typer.Exit(int(Exit.PROBLEMS))


async def _verify(*, quiet: bool) -> Report:
    from datetime import timedelta

    from pymongo.errors import PyMongoError

    from shared.clock import SystemClock
    from shared.events.envelope import PRODUCERS
    from shared.kernel.verify import verify as check
    from shared.mongo.client import connect
    from tools.output import bar
    from tools.session import running_machine

    settings = running_machine().settings
    client = connect(settings.mongodb_url, "guanjia-verify")
    databases = {name: client[settings.database(name)] for name in PRODUCERS}
    key = settings.seal_hmac_key.get_secret_value().encode()
    retention = timedelta(days=settings.outbox_retention_days)
    try:
        with bar("seals of the lane", 1, quiet=quiet) as advance:
            return await check(
                databases,
                key,
                SystemClock().now(),
                retention,
                lambda _, done, of: advance(done / of if of else 1),
            )
    except PyMongoError as error:
        raise Stop(Exit.NOT_RUNNING, f"MongoDB does not answer: {type(error).__name__}") from None
    finally:
        await client.close()


def _lane(lane: LaneReport) -> dict[str, object]:
    from dataclasses import asdict

    return asdict(lane)


def replay(
    service: Annotated[ServiceName, typer.Argument(help="Whose events are sent again.")],
    lane: Annotated[Lane | None, typer.Option(help="One lane only.")] = None,
    since: Annotated[datetime | None, typer.Option(help="From this time on (UTC).", formats=TIMES)] = None,
    position: Annotated[int | None, typer.Option(help="From this position of the lane on.", min=0)] = None,
    lacking: Annotated[ServiceName | None, typer.Option(help="What this service has not received.")] = None,
    json: AsJson = False,
) -> None:
    """Send events of the journal to the broker again, in seal order.

    Give exactly one of --since, --position (with --lane) and --lacking. Readers recognise what they have:
    nothing happens twice.
    """
    from tools.output import print_json

    chosen = [one for one in (since, position, lacking) if one is not None]
    if len(chosen) != 1 or (position is not None and lane is None):
        raise Stop(Exit.USAGE, "give exactly one of --since, --position (with --lane) and --lacking")
    if lacking == service:
        raise Stop(Exit.USAGE, f"--lacking {lacking}: a service does not read its own events; name a reader")
    start = since.replace(tzinfo=UTC) if since else None
    lanes: tuple[Lane, ...] = (lane,) if lane else ("urgent", "routine")
    sent = asyncio.run(_replay(service, lanes, start, position, lacking))
    if json:
        print_json({"service": service, "sent": sent})
    else:
        for name, count in sent.items():
            typer.echo(f"{service} {name}: {count} events sent again")


async def _replay(
    service: str, lanes: tuple[Lane, ...], since: datetime | None, position: int | None, lacking: str | None
) -> dict[str, int]:
    from aiokafka.errors import KafkaError
    from pymongo.errors import PyMongoError

    from shared.kernel.replay import replay as send_again
    from shared.mongo.client import connect
    from tools.session import running_machine

    settings = running_machine().settings
    client = connect(settings.mongodb_url, "guanjia-replay")
    reader = client[settings.database(lacking)] if lacking else None
    try:
        return {
            lane: await send_again(
                settings,
                client[settings.database(service)],
                service,
                lane,
                from_position=position,
                since=since,
                lacking_in=reader,
            )
            for lane in lanes
        }
    except (KafkaError, PyMongoError) as error:
        raise Stop(Exit.NOT_RUNNING, f"broker or database does not answer: {type(error).__name__}") from None
    finally:
        await client.close()
