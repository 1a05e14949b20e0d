"""Runs an import: reads, converts and sends the records block by block, and keeps account of every one of
them.

Blocks go out one after another, so that `records_done` says exactly what is durable. Sending is behind
`Sender`, because a dry run sends nowhere.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import Literal, Protocol

from shared.texts.voices import Language
from tools.importing.account import Account
from tools.importing.convert import Call, Converter, Mode, Skip
from tools.importing.mapping import Mapping
from tools.importing.progress import Progress
from tools.importing.reading import read_records
from tools.importing.shift import Shift

BLOCK_RECORDS = 200


@dataclass(frozen=True, slots=True)
class Sent:
    """What the service said to one call; `detail` is its reason for refusing."""

    outcome: Literal["accepted", "repeated", "refused"]
    detail: str = ""


class Sender(Protocol):
    """Takes calls and answers for each of them, in the same order, once they are durable."""

    async def send(self, calls: Sequence[Call], shift: Shift | None) -> Sequence[Sent]: ...


class DryRun:
    """Sends nothing: shows what an import would do."""

    async def send(self, calls: Sequence[Call], shift: Shift | None) -> Sequence[Sent]:
        """Every call would be taken."""
        return [Sent("accepted") for _ in calls]


@dataclass(frozen=True, slots=True)
class Job:
    """One file, into one property, in one mode. `within` is how long a replay may last on its own clock.

    `language`: in which it is said what is wrong with a row.
    """

    path: Path
    mapping: Mapping
    property_id: str
    mode: Mode
    now: datetime
    within: timedelta = timedelta(hours=24)
    take: str = ""
    language: Language = "en"

    def converted(self) -> Iterator[Call | Skip]:
        """Every record of the file, converted, in the file's order."""
        converter = Converter(self.mapping, self.property_id, self.mode, self.take, self.language)
        return (converter.convert(record) for record in read_records(self.path, self.mapping))

    def shift(self) -> Shift | None:
        """The clock of a replay; None in the other modes and for a file without a call."""
        if self.mode != "replay":
            return None
        times = [item.reported_at for item in self.converted() if isinstance(item, Call)]
        return Shift.fit(min(times), max(times), self.now, self.within) if times else None


async def run_import(
    job: Job, sender: Sender, progress: Progress, on_block: Callable[[int], None]
) -> Account:
    """Import what is not imported yet.

    Returns the account of all records. `on_block` hears the number of records done.
    """
    shift = Shift.restore(progress.shift) if progress.shift else job.shift()
    progress.shift = shift.document() if shift else {}
    items = job.converted()
    done = sum(1 for _ in islice(items, progress.records_done))
    on_block(done)
    while block := list(islice(items, BLOCK_RECORDS)):
        await _send_block(block, sender, progress.account, shift)
        progress.records_done += len(block)
        progress.save()
        on_block(progress.records_done)
    progress.finished = True
    progress.save()
    return progress.account


async def _send_block(
    block: list[Call | Skip], sender: Sender, account: Account, shift: Shift | None
) -> None:
    calls = [item for item in block if isinstance(item, Call)]
    answers = await sender.send(calls, shift) if calls else []
    for item in block:
        if isinstance(item, Skip):
            account.skip(item)
    for call, sent in zip(calls, answers, strict=True):
        if sent.outcome == "refused":
            account.skip(Skip(call.line, call.key, "refused", sent.detail))
        else:
            account.take(call, new=sent.outcome == "accepted")
