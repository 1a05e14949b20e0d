"""A replay: in the file's time order, at its pace, with a bounded number of calls in the air."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.unit.tools.exports import GOOD, write_export, write_mapping
from tests.waiting import until
from tools.importing.account import Account
from tools.importing.convert import Call
from tools.importing.engine import Job, Sent
from tools.importing.mapping import load_mapping
from tools.importing.replaying import Player
from tools.importing.shift import Shift

NOW = datetime(2026, 3, 1, tzinfo=UTC)
LINES = (
    GOOD.replace("1,2025-03-01 08:30,2025-03-01 12:00", "late,2025-03-01 11:30,2025-03-01 12:00", 1),
    GOOD.replace("1,2025-03-01 08:30", "early,2025-03-01 08:30", 1),
    GOOD.replace("1,2025-03-01 08:30", "second,2025-03-01 08:31", 1),
    GOOD.replace("水,漏水", "电,停电"),
)


class Line:
    """A telephone line that remembers who was on it, and lets nobody go before so many were at once."""

    def __init__(self, company: int = 1, breaks: bool = False) -> None:
        self.keys: list[str] = []
        self.at: list[float] = []
        self.busy = self.busy_max = 0
        self.company = company
        self.breaks = breaks

    async def send(self, calls: Sequence[Call], shift: Shift | None) -> Sequence[Sent]:
        if self.breaks:
            raise ConnectionError("the line is dead")
        self.busy += 1
        self.busy_max = max(self.busy_max, self.busy)
        self.keys += [call.key for call in calls]
        self.at.append(asyncio.get_running_loop().time())
        await until(lambda: self.busy_max >= self.company)
        await asyncio.sleep(0.02)  # one too many would come now
        self.busy -= 1
        return [Sent("accepted") for _ in calls]


def player(folder: Path, *, speed: float = 1e9, at_once: int = 8, limit: int = 0) -> tuple[Player, Job]:
    mapping = load_mapping(str(write_mapping(folder)))
    job = Job(write_export(folder, *LINES), mapping, "garden", "replay", NOW)
    return Player(mapping, "garden", speed=speed, at_once=at_once, limit=limit), job


async def test_calls_are_played_in_the_order_of_their_times(tmp_path: Path) -> None:
    playing, job = player(tmp_path)
    line, account = Line(), Account()
    await playing.send(playing.in_time_order(job, account), line, account, lambda _: None)
    assert line.keys == ["early", "second", "late"]
    assert (account.imported, account.skipped) == (3, {"unknown category": 1})


async def test_the_pace_is_that_of_the_file(tmp_path: Path) -> None:
    playing, job = player(tmp_path, speed=600)
    line, account = Line(), Account()
    calls = playing.in_time_order(job, account)[:2]
    begun = asyncio.get_running_loop().time()
    await playing.send(calls, line, account, lambda _: None)
    assert line.at[1] - begun >= 0.099


async def test_only_so_many_are_in_the_air(tmp_path: Path) -> None:
    playing, job = player(tmp_path, at_once=2)
    line, account = Line(company=2), Account()
    await playing.send(playing.in_time_order(job, account), line, account, lambda _: None)
    assert line.busy_max == 2


def test_what_is_not_played_is_accounted_for(tmp_path: Path) -> None:
    playing, job = player(tmp_path, limit=1)
    account = Account()
    assert [call.key for call in playing.in_time_order(job, account)] == ["early"]
    assert account.skipped == {"unknown category": 1, "not played": 2}


async def test_a_broken_line_ends_the_replay_with_its_own_error(tmp_path: Path) -> None:
    playing, job = player(tmp_path)
    account = Account()
    with pytest.raises(ConnectionError, match="the line is dead"):
        await playing.send(playing.in_time_order(job, account), Line(breaks=True), account, lambda _: None)


def test_another_take_makes_other_calls(tmp_path: Path) -> None:
    _, job = player(tmp_path)
    again = Job(job.path, job.mapping, job.property_id, job.mode, job.now, take="tuesday")
    first, other = (
        {item.request_id for item in one.converted() if isinstance(item, Call)} for one in (job, again)
    )
    assert len(first) == 3
    assert not first & other
