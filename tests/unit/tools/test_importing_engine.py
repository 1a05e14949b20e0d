"""An import as a whole: accounted for to the last record, resumed where it stopped, shifted for a replay."""

from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.unit.tools.exports import GOOD, write_export, write_mapping
from tools.importing.convert import Call, Mode
from tools.importing.engine import BLOCK_RECORDS, Job, Sent, run_import
from tools.importing.mapping import load_mapping
from tools.importing.progress import open_progress
from tools.importing.shift import Shift

NOW = datetime(2026, 3, 1, tzinfo=UTC)


class Desk:
    """Takes calls like intake.

    Knows an id it has seen, refuses the keys it was told to, breaks after so many blocks.
    """

    def __init__(self, refuse: frozenset[str] = frozenset(), breaks_after: int = 1_000) -> None:
        self.taken: dict[str, Call] = {}
        self.shifts: list[Shift | None] = []
        self.refuse = refuse
        self.blocks_left = breaks_after

    async def send(self, calls: Sequence[Call], shift: Shift | None) -> Sequence[Sent]:
        if not self.blocks_left:
            raise ConnectionError
        self.blocks_left -= 1
        self.shifts.append(shift)
        return [self._take(call) for call in calls]

    def _take(self, call: Call) -> Sent:
        if call.key in self.refuse:
            return Sent("refused", "no such category")
        if call.request_id in self.taken:
            return Sent("repeated")
        self.taken[call.request_id] = call
        return Sent("accepted")


def job(folder: Path, rows: Sequence[str], mode: Mode = "history") -> Job:
    mapping = load_mapping(str(write_mapping(folder)))
    return Job(write_export(folder, *rows), mapping, "garden", mode, NOW)


def rows(count: int, seed: int = 7) -> list[str]:
    """Good and bad records, mixed."""
    print(f"seed {seed}")
    choose = random.Random(seed)
    variants = (
        GOOD,
        GOOD,
        GOOD.replace("水,漏水", "电,停电"),
        GOOD.replace("2025-03-01 08:30", "gestern"),
        GOOD + ",",
    )
    return [choose.choice(variants).replace("1,", f"{number},", 1) for number in range(count)]


async def test_every_record_is_accounted_for(tmp_path: Path) -> None:
    account = await run_import(
        job(tmp_path, rows(950)), desk := Desk(), open_progress(tmp_path / "p", "a"), lambda _: None
    )
    assert account.records == 950
    assert account.imported == len(desk.taken)
    assert account.imported + account.skipped.total() == 950
    assert sum(count for name, count in account.lines() if name != "records in the file") == 950


async def test_a_refused_call_is_skipped_with_the_reason(tmp_path: Path) -> None:
    desk = Desk(refuse=frozenset({"1"}))
    account = await run_import(
        job(tmp_path, [GOOD, GOOD.replace("1,", "2,", 1)]),
        desk,
        open_progress(tmp_path / "p", "a"),
        lambda _: None,
    )
    assert account.imported == 1
    assert [(skip.line, skip.reason, skip.detail) for skip in account.skips] == [
        (2, "refused", "no such category")
    ]


async def test_an_interrupted_import_goes_on_and_ends_with_the_whole_account(tmp_path: Path) -> None:
    work, desk = job(tmp_path, rows(BLOCK_RECORDS * 4)), Desk(breaks_after=2)
    with pytest.raises(ConnectionError):
        await run_import(work, desk, open_progress(tmp_path / "p", "a"), lambda _: None)
    desk.blocks_left = 1_000
    resumed = open_progress(tmp_path / "p", "a")
    assert resumed.records_done == BLOCK_RECORDS * 2
    account = await run_import(work, desk, resumed, lambda _: None)
    whole = await run_import(work, Desk(), open_progress(tmp_path / "q", "a"), lambda _: None)
    assert account.document() == whole.document()
    assert len(desk.shifts) == 4


async def test_importing_again_makes_nothing_twice(tmp_path: Path) -> None:
    work, desk = job(tmp_path, rows(300)), Desk()
    first = await run_import(work, desk, open_progress(tmp_path / "p", "a"), lambda _: None)
    second = await run_import(work, desk, open_progress(tmp_path / "q", "a"), lambda _: None)
    assert (second.imported, second.there_before) == (0, first.imported)


async def test_a_finished_import_sends_nothing_more(tmp_path: Path) -> None:
    work, desk = job(tmp_path, rows(300)), Desk()
    first = await run_import(work, desk, open_progress(tmp_path / "p", "a"), lambda _: None)
    sent = len(desk.shifts)
    again = await run_import(work, desk, open_progress(tmp_path / "p", "a"), lambda _: None)
    assert len(desk.shifts) == sent
    assert again.document() == first.document()


async def test_a_replay_ends_now_and_keeps_its_clock_when_resumed(tmp_path: Path) -> None:
    early, late = GOOD, GOOD.replace("1,2025-03-01", "2,2025-05-30", 1)
    work, desk = job(tmp_path, [early, late], "replay"), Desk()
    await run_import(work, desk, progress := open_progress(tmp_path / "p", "a"), lambda _: None)
    (shift,) = desk.shifts
    assert shift is not None
    moved = sorted(shift.moved(call.reported_at) for call in desk.taken.values())
    assert moved[1] == NOW
    assert moved[0] == NOW - timedelta(hours=24)
    assert Shift.restore(progress.shift) == shift


def test_a_short_file_is_moved_but_never_stretched() -> None:
    first, last = NOW - timedelta(days=100, hours=2), NOW - timedelta(days=100)
    shift = Shift.fit(first, last, NOW, timedelta(hours=24))
    assert shift.moved(first) == NOW - timedelta(hours=2)


def test_a_spoilt_progress_file_starts_again(tmp_path: Path) -> None:
    progress = open_progress(tmp_path, "a")
    progress.save()
    assert progress.path is not None
    progress.path.write_text("{", encoding="utf-8")
    assert open_progress(tmp_path, "a").records_done == 0
