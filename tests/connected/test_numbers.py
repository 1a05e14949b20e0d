"""A number that is used is never void; what was planned too long ago is planned anew (guarantees 2, 6)."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pymongo
import pytest

from shared.clock import ManualClock, steady_seconds
from shared.errors import Busy, Transient
from shared.events.envelope import Lane
from shared.kernel.numbers import SETTLE_AFTER, Numbers
from shared.kernel.unit import Applied, Refused
from shared.settings import Settings
from tests.connected.kernel_kit import PROPERTY, START, Count, Kit

pytestmark = pytest.mark.connected


async def test_a_number_is_never_void_and_used(kit: Kit, monkeypatch: pytest.MonkeyPatch) -> None:
    """A process that was held up between taking a number and its commit finds it void, and takes another."""
    cause = kit.command(Count(to="r", number=True), "r")
    runner = kit.committer._runner
    batch = await runner.plan({(PROPERTY, "r"): [cause]})
    assert await Numbers(kit.db).settle(START.replace(year=2027)) == (0, 1)
    much_later = batch.planned_at + SETTLE_AFTER.total_seconds()
    monkeypatch.setattr("shared.kernel.commit.steady_seconds", lambda: much_later)
    with pytest.raises(Transient, match="too long ago"):
        await runner.write(batch)
    monkeypatch.undo()
    [outcome] = await kit.committer.submit([cause])
    assert outcome == Applied(b'{"version":2,"count":1,"number":2}')
    assert await kit.count("outbox") == 1


async def test_what_was_planned_too_long_ago_is_planned_anew_by_the_committer(
    kit: Kit, monkeypatch: pytest.MonkeyPatch
) -> None:
    late = iter([SETTLE_AFTER.total_seconds()])
    monkeypatch.setattr("shared.kernel.commit.steady_seconds", lambda: steady_seconds() + next(late, 0.0))
    [outcome] = await kit.committer.submit([kit.command(Count(to="r"), "r")])
    assert isinstance(outcome, Applied)
    assert (await kit.tally("r"))["count"] == 1
    assert next(late, None) is None


async def test_numbers_held_by_parked_streams_hide_no_others(kit: Kit) -> None:
    def row(n: int, stream: str) -> dict[str, Any]:
        taken = {"property_id": PROPERTY, "series": "slip", "year": 2026, "number": n, "of": f"o{n}"}
        known = {"stream": stream, "proofs": [f"p{n}"], "state": "taken", "reason": ""}
        return {"_id": f"n{n}", **taken, **known, "taken_at": START + timedelta(seconds=n)}

    held = {"property_id": PROPERTY, "stream": "held", "version": 1, "parked": "x"}
    await kit.db["progress"].insert_one({"_id": f"{PROPERTY}:held", **held})
    await kit.db["numbers"].insert_many([*(row(n, "held") for n in range(600)), row(600, "free")])
    assert await Numbers(kit.db).settle(START.replace(year=2027)) == (0, 1)
    assert await kit.db["numbers"].count_documents({"state": "taken"}) == 600


async def test_urgent_causes_have_a_reserve_in_bytes_too(kit: Kit) -> None:
    full = kit.make(queue_bytes_max=1_000)  # not started: nothing leaves the queue

    def put(lane: Lane, *, emergency: bool = False) -> asyncio.Task[Any]:
        cause = kit.command(Count(to="r"), "r", lane=lane, emergency=emergency)
        return asyncio.create_task(full.submit([replace(cause, size=1_000)], wait=False))

    taken = [put("routine")]
    await asyncio.sleep(0)
    with pytest.raises(Busy):
        await put("routine")
    taken.append(put("urgent"))
    await asyncio.sleep(0)
    with pytest.raises(Busy):
        await put("urgent")
    taken.append(put("routine", emergency=True))
    await asyncio.sleep(0)
    assert full.queued == 3
    await full.stop(1)
    await asyncio.gather(*taken)


async def test_a_number_that_another_unit_uses_for_the_same_thing_is_not_made_void(kit: Kit) -> None:
    """A payment that failed is sent again under another key: it has the number that was taken for it."""
    numbers = Numbers(kit.db)
    first = kit.command(Count(to="r", number=True, number_of="payment-1", fail="refuse"), "r", key="a")
    assert [type(o) for o in await kit.committer.submit([first])] == [Refused]
    again = kit.command(Count(to="r", number=True, number_of="payment-1"), "r", key="b")
    [outcome] = await kit.committer.submit([again])
    assert outcome == Applied(b'{"version":2,"count":1,"number":1}')
    assert await numbers.settle(START.replace(year=2027)) == (1, 0)


async def test_a_number_that_is_about_to_be_used_is_not_made_void_meanwhile(
    kit: Kit, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The sweep has read the row when somebody comes back to it after an hour."""
    assert isinstance(kit.clock, ManualClock)
    refused = kit.command(Count(to="r", number=True, fail="refuse"), "r", key="a")
    await kit.committer.submit([refused])
    kit.clock.advance(timedelta(hours=1))
    numbers, runner = Numbers(kit.db), kit.committer._runner
    late = kit.command(Count(to="r", number=True), "r", key="a")
    settle = numbers._settle

    async def settle_late(rows: Any) -> tuple[int, int]:
        batch = await runner.plan({(PROPERTY, "r"): [late]})
        found = await settle(rows)
        await runner.write(batch)
        return found

    monkeypatch.setattr(numbers, "_settle", settle_late)
    assert await numbers.settle(START + timedelta(minutes=30)) == (0, 0)
    [row] = await kit.db["numbers"].find().to_list()
    assert (row["state"], row["number"]) == ("taken", 1)
    assert (await kit.tally("r"))["number"] == 1


async def test_a_number_of_a_parked_unit_that_is_tried_again_meanwhile_is_not_made_void(
    kit: Kit, settings: Settings
) -> None:
    """The unit is committed between the two questions of the sweep: who is parked, what is in the journal."""
    row = {"_id": "n1", "property_id": PROPERTY, "series": "slip", "year": 2026, "number": 1, "of": "o"}
    row |= {"stream": "s", "proofs": ["p1"], "state": "taken", "reason": "", "taken_at": START}
    await kit.db["numbers"].insert_one(row)
    held = {"_id": f"{PROPERTY}:s", "property_id": PROPERTY, "stream": "s", "version": 1, "parked": "x"}
    await kit.db["progress"].insert_one(held)
    asked: list[str] = []
    numbers = Numbers(kit.db)
    with pymongo.MongoClient[dict[str, Any]](settings.mongodb_url) as beside:

        class Between:
            def __getitem__(self, name: str) -> Any:
                if name in ("outbox", "progress"):
                    asked.append(name)
                    if len(asked) == 2:
                        beside[kit.db.name]["outbox"].insert_one({"_id": "p1"})
                        beside[kit.db.name]["progress"].update_one({}, {"$set": {"parked": ""}})
                return kit.db[name]

        numbers._db = Between()  # type: ignore[assignment]
        assert await numbers.settle(START.replace(year=2027)) == (1, 0)
