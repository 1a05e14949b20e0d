"""`guanjia parked`: what an operator does with events and timers that were set aside."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Annotated, Any, Literal, TypeVar

import typer

from tools.exits import Exit, Stop

if TYPE_CHECKING:
    from pymongo.asynchronous.database import AsyncDatabase

    from shared.settings import Settings

T = TypeVar("T")
ServiceName = Literal["intake", "dispatch", "billing", "notify"]
Service = Annotated[ServiceName, typer.Argument(help="The service that set it aside.")]
ParkedId = Annotated[str, typer.Argument(help="Its id, as `guanjia parked list` shows it.", metavar="ID")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
COLUMNS = ("service", "id", "property", "stream", "lane", "type", "parked at", "reason")

parked = typer.Typer(
    no_args_is_help=True, help="Events and timers that were set aside: list, show, retry, drop."
)


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.add_typer(parked, name="parked")


@parked.command("list")
def parked_list(json: AsJson = False) -> None:
    """Everything that is parked, oldest first. Exit code 1 when there is something."""
    from shared.events.envelope import PRODUCERS
    from shared.kernel.parked import listed
    from tools.output import print_json, print_table

    rows = [row for service in PRODUCERS for row in _with_service(service, _on(service, listed))]
    if json:
        print_json(rows)
    elif not rows:
        typer.echo("nothing is parked")
    else:
        shown = ("service", "_id", "property_id", "stream", "lane", "type", "parked_at", "reason")
        print_table("Parked", COLUMNS, [[str(row.get(name, "")) for name in shown] for row in rows])
    if rows:
        raise typer.Exit(int(Exit.PROBLEMS))


@parked.command("show")
def parked_show(service: Service, parked_id: ParkedId) -> None:
    """One parked row as JSON, without the sealed contents of the event."""
    from shared.kernel.parked import listed
    from tools.output import print_json

    row = next((row for row in _on(service, listed) if row["_id"] == parked_id), None)
    if row is None:
        raise Stop(Exit.PROBLEMS, f"nothing is parked under {parked_id} in {service}")
    print_json(row)


@parked.command("retry")
def parked_retry(service: Service, parked_id: ParkedId) -> None:
    """Have it tried again; what waits behind it goes on when it succeeds."""
    from shared.kernel.parked import ask_retry

    _on(service, lambda db: ask_retry(db, parked_id))
    typer.echo(f"{service} will try {parked_id} again within seconds")


@parked.command("drop")
def parked_drop(
    service: Service,
    parked_id: ParkedId,
    reason: Annotated[str, typer.Option(help="Why; kept with the row for ever.")],
) -> None:
    """Give it up for good, with a reason; its stream goes on without it."""
    from shared.kernel.parked import ask_drop

    _on(service, lambda db: ask_drop(db, parked_id, reason))
    typer.echo(f"{service} will drop {parked_id} within seconds")


def _with_service(service: str, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{"service": service, **row} for row in rows]


def _on(service: str, work: Callable[[AsyncDatabase[dict[str, Any]]], Awaitable[T]]) -> T:
    """Run something on the database of a service."""
    from tools.session import running_machine

    return asyncio.run(_with_database(running_machine().settings, service, work))


async def _with_database(
    settings: Settings, service: str, work: Callable[[AsyncDatabase[dict[str, Any]]], Awaitable[T]]
) -> T:
    from pymongo.errors import PyMongoError

    from shared.errors import Rejected
    from shared.mongo.client import connect

    client = connect(settings.mongodb_url, "guanjia-command")
    try:
        return await work(client[settings.database(service)])
    except Rejected as error:
        accepted = f" (accepted: {error.accepted})" if error.accepted else ""
        raise Stop(Exit.PROBLEMS, f"{error.detail}{accepted}") from None
    except PyMongoError as error:
        raise Stop(Exit.NOT_RUNNING, f"MongoDB does not answer: {type(error).__name__}") from None
    finally:
        await client.close()
