"""`guanjia report`: a report of a property, on the terminal or into a file."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo

import typer

from tools.exits import Exit, Stop

ROLE = "director"
OF_INTAKE = ("complaints",)  # which service keeps the figures; all others are dispatch's


class Format(StrEnum):
    """How a report is written."""

    table = "table"
    json = "json"
    csv = "csv"
    xlsx = "xlsx"


class Language(StrEnum):
    """In which language."""

    zh = "zh"
    en = "en"


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(report)


def report(
    name: Annotated[
        str,
        typer.Argument(
            help="repair-week, slips, late-slips, urgent-24h, general-3d, callbacks or complaints."
        ),
    ],
    of: Annotated[str, typer.Option("--property", "-p", help="The property.")],
    week: Annotated[str, typer.Option(help="Such as 2026-W10; nothing: this week.")] = "",
    since: Annotated[str, typer.Option(help="First day, such as 2026-03-02.")] = "",
    until: Annotated[str, typer.Option(help="Last day, included.")] = "",
    format: Annotated[Format, typer.Option(help="table and json go to the terminal.")] = Format.table,
    out: Annotated[Path | None, typer.Option(help="Write into this file instead.")] = None,
    language: Annotated[Language, typer.Option(help="Headings in this language.")] = Language.zh,
) -> None:
    """Print or save a report: every rate with numerator and denominator. Needs `guanjia up`.

    Example: `guanjia report repair-week --property tower --week 2026-W10 --format xlsx --out week.xlsx`.
    Exit code 1 when the platform refuses (an unknown report, a week that is none), 2 when there is no such
    property or a file cannot be written, 3 when nothing runs.
    """
    from tools.client import ApiError, UnreachableError

    if format is Format.xlsx and out is None:
        raise Stop(Exit.USAGE, "--format xlsx needs --out FILE")
    query = {"week": week, "since": since, "until": until, "language": language.value}
    as_text = format is Format.table and name in OF_INTAKE  # its JSON has a shape of its own
    wanted = "csv" if as_text else "json" if format is Format.table else format.value
    asked = {key: value for key, value in {**query, "format": wanted}.items() if value}
    try:
        body = asyncio.run(_fetch(of, name, asked))
    except UnreachableError as error:
        raise Stop(Exit.NOT_RUNNING, str(error)) from None
    except ApiError as error:
        raise Stop(Exit.PROBLEMS, error.said) from None
    if out is not None:
        try:
            out.write_bytes(body)
        except OSError as error:
            raise Stop(Exit.USAGE, f"--out {out}: {error.strerror}") from None
        typer.echo(str(out))
    elif format is Format.table and not as_text:
        _print(body, language.value)
    else:
        typer.echo(body.decode("utf-8-sig" if format is Format.csv or as_text else "utf-8"))


async def _fetch(of: str, name: str, query: dict[str, str]) -> bytes:
    from tools.session import require_property, running_machine

    async with running_machine().of_property(of, ROLE) as client:
        await require_property(client, of)
        service = "intake" if name in OF_INTAKE else "dispatch"
        return await client.download(service, f"/v1/properties/{of}/reports/{name}", **query)


def _print(body: bytes, language: Literal["zh", "en"]) -> None:
    import json

    from shared.reports.render import named
    from tools.output import print_table

    found: dict[str, Any] = json.loads(body)
    typer.echo(f"{found['title']}  {found['property_id']}  {_days(found)}")
    rates = [
        (r["title"], r["numerator"], r["denominator"], _share(r["permille"]), r["means"])
        for r in found["rates"]
    ]
    if rates:
        print_table("", ("rate", "numerator", "denominator", "share", "what is counted"), rates)
    for table in found["tables"]:
        rows = [
            ["" if cell is None else cell for cell in row]
            for row in named(table["rows"], table["coded"], language)
        ]
        print_table(table["title"], table["columns"], rows)


def _days(found: dict[str, Any]) -> str:
    """The first and the last day, in the property's zone; `until` is where the last one ends."""
    zone = ZoneInfo(found["zone"])
    first, end = (datetime.fromisoformat(found[name]).astimezone(zone) for name in ("since", "until"))
    return f"{first:%Y-%m-%d} .. {end - timedelta(microseconds=1):%Y-%m-%d}"


def _share(permille: int | None) -> str:
    return "-" if permille is None else f"{permille // 10}.{permille % 10} %"
