"""`guanjia import` and `guanjia replay-calls`: real call-centre exports come in."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from tools.exits import Exit, Stop

if TYPE_CHECKING:
    from tools.client import Client
    from tools.importing.account import Account
    from tools.importing.engine import Job
    from tools.importing.mapping import Mapping
    from tools.importing.progress import Progress

Mode = Literal["history", "live", "replay"]
Language = Literal["zh", "en"]
UNKNOWN_SHOWN = 12
SKIPS_SHOWN = 20
NO_FAILURE = ("unknown category", "closed already", "not played")

File = Annotated[Path, typer.Argument(help="The export, a CSV file.", metavar="CALLS.CSV")]
MappingFile = Annotated[
    str, typer.Option("--mapping", "-m", help="A mapping file, or `nyc311`.", metavar="FILE")
]
Into = Annotated[str, typer.Option("--property", "-p", help="The property the calls belong to.")]
InLanguage = Annotated[Language, typer.Option(help="In which it is said what is wrong with a row.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print the account as one JSON document.")]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command("import")(import_calls)
    app.command("replay-calls")(replay_calls)


def import_calls(
    file: File,
    mapping: MappingFile,
    into: Into,
    mode: Annotated[
        Mode, typer.Option(help="history: facts only; live: as if it came now; replay: for training.")
    ],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Read and convert, send nothing.")] = False,
    again: Annotated[bool, typer.Option("--again", help="Forget how far an earlier run came.")] = False,
    within_hours: Annotated[
        float, typer.Option(help="replay: squeeze the file into so many hours.", min=0.01)
    ] = 24.0,
    language: InLanguage = "en",
    json: AsJson = False,
) -> None:
    """Turn a call-centre export into contacts and requests.

    An interrupted import goes on where it was when the same command is given again; importing twice makes
    nothing twice. Exit code 1 when rows were refused or unreadable; rows of an unknown category are
    reported, not counted as failures.
    """
    from datetime import timedelta

    from shared.clock import SystemClock
    from tools.importing.engine import Job

    loaded = _mapping(mapping)
    within = timedelta(hours=within_hours)
    job = Job(file, loaded, into, mode, SystemClock().now(), within, language=language)
    account = asyncio.run(_import(job, dry_run=dry_run, again=again, quiet=json))
    _report(account, json, language)
    failed = account.skipped.total() - sum(account.skipped[reason] for reason in NO_FAILURE)
    if failed:
        raise typer.Exit(int(Exit.PROBLEMS))


def replay_calls(
    file: File,
    mapping: MappingFile,
    into: Into = "training",
    speed: Annotated[
        float, typer.Option(help="How many times faster than the file's own time.", min=0.001)
    ] = 60.0,
    at_once: Annotated[int, typer.Option(help="Calls in the air at a time.", min=1, max=64)] = 8,
    limit: Annotated[int, typer.Option(help="Stop after so many calls; 0: play them all.", min=0)] = 0,
    take: Annotated[str, typer.Option(help="A name: another take plays the same calls as new ones.")] = "",
    language: InLanguage = "en",
    json: AsJson = False,
) -> None:
    """Play an export in its own time order through the HTTP API into a training property.

    The property `training` is opened when it is not there. A call that was played before is not played twice.
    """
    from tools.importing.replaying import Player
    from tools.session import machine

    player = Player(_mapping(mapping), into, speed, at_once, limit, take, language)
    account = asyncio.run(_errors(player.play(machine(), file, quiet=json)))
    _report(account, json, language)
    if account.skipped["refused"]:
        raise typer.Exit(int(Exit.PROBLEMS))


async def _import(job: Job, *, dry_run: bool, again: bool, quiet: bool) -> Account:
    from tools.importing.engine import DryRun, run_import
    from tools.importing.progress import Progress, open_progress
    from tools.importing.reading import FileError, file_hash, read_records
    from tools.output import bar
    from tools.session import machine

    try:
        total = sum(1 for _ in read_records(job.path, job.mapping))
        parts = (file_hash(job.path), job.mapping.hash(), job.property_id, job.mode)
    except FileError as error:
        raise Stop(Exit.USAGE, str(error)) from None
    here = machine()
    progress = open_progress(here.layout.data / "import", *parts)
    if dry_run or again:
        progress = Progress(None if dry_run else progress.path)
    if progress.finished and not quiet:
        typer.echo("imported to its end before; nothing is sent again (--again does). It came to:")
    with bar(f"{job.path.name} → {job.property_id}", total, quiet=quiet) as advance:
        if dry_run:
            return await run_import(job, DryRun(), progress, advance)
        async with here.of_property(job.property_id, "administrator") as client:
            return await _errors(_send(job, client, progress, advance))


async def _send(job: Job, client: Client, progress: Progress, advance: Callable[[int], None]) -> Account:
    from tools.importing.engine import run_import
    from tools.importing.replaying import training_property
    from tools.importing.sending import IntakeSender
    from tools.session import require_property

    if job.mode == "replay":
        await training_property(client, job.property_id)
    else:
        await require_property(client, job.property_id)
    sender = IntakeSender(client.in_language(job.language), job.property_id, job.mode, job.mapping.source)
    return await run_import(job, sender, progress, advance)


async def _errors(work: Awaitable[Account]) -> Account:
    """What can go wrong outside this command, as one line and an exit code."""
    from tools.client import ApiError, UnreachableError
    from tools.importing.reading import FileError

    try:
        return await work
    except UnreachableError as error:
        raise Stop(Exit.NOT_RUNNING, f"{error}; start it with `guanjia up`") from None
    except ApiError as error:
        raise Stop(Exit.USAGE if error.status in (403, 404, 409) else Exit.PROBLEMS, error.said) from None
    except FileError as error:
        raise Stop(Exit.USAGE, str(error)) from None


def _mapping(name: str) -> Mapping:
    from tools.importing.mapping import MappingError, load_mapping

    try:
        return load_mapping(name)
    except MappingError as error:
        raise Stop(Exit.USAGE, str(error)) from None


def _report(account: Account, json: bool, language: Language) -> None:
    from shared.texts.say import word
    from shared.texts.voices import voice
    from tools.output import print_json, print_table

    if json:
        print_json(account.document())
        return
    tell = voice(language).tell
    print_table(
        "What became of the records",
        ("outcome", "records"),
        list(account.lines(lambda reason: tell(word(reason)))),
    )
    if account.not_supplied:
        print_table("Not supplied by the file", ("what", "calls"), account.not_supplied.most_common())
    if account.notes:
        print_table("Noted", ("what", "calls"), account.notes.most_common(SKIPS_SHOWN))
    if account.unknown_categories:
        shown: list[tuple[str, int]] = account.unknown_categories.most_common(UNKNOWN_SHOWN)
        rest = account.unknown_categories.total() - sum(count for _, count in shown)
        kinds = len(account.unknown_categories) - len(shown)
        if rest:
            shown.append((f"({kinds} more; all of them with --json)", rest))
        print_table(
            "Unknown categories: add a rule to the mapping to import them", ("category", "records"), shown
        )
    if account.skips:
        rows = [
            (skip.line, skip.key, tell(word(skip.reason)), skip.detail)
            for skip in sorted(account.skips, key=lambda skip: skip.line)[:SKIPS_SHOWN]
        ]
        left = len(account.skips) - len(rows)
        print_table(
            "Skipped, by line" + (f" (first {len(rows)}, {left} more with --json)" if left else ""),
            ("line", "key", "reason", "detail"),
            rows,
        )
