"""Whatever somebody does to the journal behind our back is reported, and what is sound is called sound."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from shared.kernel import verify as verifying
from shared.kernel.journal import mac_of, seal_hash
from shared.kernel.verify import LaneReport, Report, verify
from shared.kernel.wire import row_hash
from tests.connected.journal_world import CLOCK, LANE, World, event_row, world
from tests.waiting import PATIENCE_SECONDS

__all__ = ["world"]
pytestmark = pytest.mark.connected

ROWS = 40
RETENTION = timedelta(days=3_650)


@pytest.fixture
async def sealed(world: World) -> World:
    """Forty rows in several seals; the first half is ten minutes old."""
    async with world.running_relay(relay_seal_records_max=5):
        for n in range(1, 5):
            rows = [event_row(f"r-{i}", n, age_seconds=600 if n < 3 else 0) for i in range(10)]
            await world.insert(*rows)
            await world.sealed(10 * n)
    return world


async def checked(world: World, retention: timedelta = RETENTION, **neighbours: Any) -> LaneReport:
    key = world.settings.seal_hmac_key.get_secret_value().encode()
    report = await verify({"intake": world.db, **neighbours}, key, CLOCK.now(), retention)
    return lane_of(report)


def lane_of(report: Report) -> LaneReport:
    return next(r for r in report.lanes if (r.service, r.lane) == ("intake", LANE))


async def test_an_untouched_journal_is_sound(sealed: World) -> None:
    steps: list[tuple[str, int, int]] = []
    key = sealed.settings.seal_hmac_key.get_secret_value().encode()
    report = await verify(
        {"intake": sealed.db}, key, CLOCK.now(), RETENTION, lambda *step: steps.append(step)
    )
    lane = lane_of(report)
    assert report.sound
    assert (lane.sealed, lane.missing, lane.altered, lane.added, lane.broken_seals) == (ROWS, 0, 0, 0, 0)
    assert (lane.tail, lane.tail_seconds) == (0, 0.0)
    assert lane.seals >= 8
    assert steps


async def test_the_unsealed_tail_is_counted_and_is_no_fault(sealed: World) -> None:
    await sealed.insert(event_row("late", 1), event_row("late", 2, age_seconds=20))
    lane = await checked(sealed)
    assert lane.sound
    assert lane.tail == 2
    assert 19 < lane.tail_seconds < 20 + PATIENCE_SECONDS


async def test_an_altered_row(sealed: World) -> None:
    row_id = event_row("r-3", 1)["_id"]
    await sealed.db["outbox"].update_one({"_id": row_id}, {"$set": {"actor": "somebody else"}})
    lane = await checked(sealed)
    assert (lane.altered, lane.sealed, lane.missing, lane.added) == (1, ROWS - 1, 0, 0)
    assert [f.where for f in lane.findings] == [row_id]


async def test_an_altered_time_is_an_altered_row_alone(sealed: World) -> None:
    row_id = event_row("r-3", 1)["_id"]
    await sealed.db["outbox"].update_one({"_id": row_id}, {"$set": {"time": CLOCK.now()}})
    lane = await checked(sealed)
    assert (lane.altered, lane.added, lane.tail) == (1, 0, 0)


async def test_a_removed_row(sealed: World) -> None:
    row_id = event_row("r-3", 4)["_id"]
    await sealed.db["outbox"].delete_one({"_id": row_id})
    lane = await checked(sealed)
    assert (lane.missing, lane.sealed, lane.expired) == (1, ROWS - 1, 0)
    assert [f.where for f in lane.findings] == [row_id]


async def test_rows_deleted_by_retention_are_expired_not_missing(sealed: World) -> None:
    await sealed.db["outbox"].delete_many({"stream": "r-3"})
    lane = await checked(sealed, retention=timedelta(seconds=1))
    assert lane.sound
    assert (lane.expired, lane.missing) == (4, 0)


async def test_an_added_row(sealed: World) -> None:
    forged = event_row("forged", 1, age_seconds=3_600)
    await sealed.insert(forged)
    lane = await checked(sealed)
    assert (lane.added, lane.tail, lane.sealed) == (1, 0, ROWS)
    assert [f.where for f in lane.findings] == [forged["_id"]]


async def test_one_removed_and_one_added_are_both_seen(
    sealed: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(verifying, "IDS_IN_MEMORY_MAX", 7)  # several walks
    await sealed.db["outbox"].delete_one({"_id": event_row("r-3", 1)["_id"]})
    await sealed.insert(event_row("forged", 1, age_seconds=3_600))
    lane = await checked(sealed)
    assert (lane.added, lane.missing) == (1, 1)


async def test_an_altered_seal(sealed: World) -> None:
    await sealed.db["seals"].update_one({"_id": f"{LANE}:3"}, {"$set": {"gap": True}})
    lane = await checked(sealed)
    assert lane.broken_seals == 2  # itself, and the next does not follow from it
    assert lane.findings[0].where == f"{LANE}:3"
    assert "seal key" in lane.findings[0].detail


async def test_a_chain_computed_again_without_the_key(sealed: World) -> None:
    """The best an intruder in the database can do: alter a row, every seal after it, and the checkpoint."""
    row = await sealed.db["outbox"].find_one_and_update(
        {"_id": event_row("r-3", 2)["_id"]}, {"$set": {"actor": "x"}}, return_document=True
    )
    assert row is not None
    previous = None
    count = 0
    async for seal in sealed.db["seals"].find().sort("n", 1):
        if previous is None and row["_id"] not in seal["ids"]:
            continue
        if previous is None:
            at = seal["ids"].index(row["_id"])
            seal["hashes"] = seal["hashes"][: 32 * at] + row_hash(row) + seal["hashes"][32 * at + 32 :]
        else:
            seal["prev"] = previous
        seal["mac"] = mac_of(seal, b"a key that the intruder made up")
        await sealed.db["seals"].replace_one({"_id": seal["_id"]}, seal)
        previous = seal_hash(seal)
        count += 1
    await sealed.db["checkpoints"].update_one({"_id": LANE}, {"$set": {"seal_hash": previous}})
    lane = await checked(sealed)
    assert lane.broken_seals == count > 1
    assert lane.altered == 0


async def test_a_removed_seal(sealed: World) -> None:
    await sealed.db["seals"].delete_one({"_id": f"{LANE}:2"})
    lane = await checked(sealed)
    assert [f.detail for f in lane.findings][:2] == [
        "the seal is missing",
        "it does not follow from the seal before it",
    ]
    assert lane.added > 0  # its rows are in no seal now


async def test_a_cut_off_end_disagrees_with_the_neighbours(sealed: World) -> None:
    newest = await sealed.db["seals"].find_one(sort=[("n", -1)])
    assert newest is not None
    neighbour = sealed.client[sealed.settings.database("dispatch")]
    told = {"producer": "intake", "lane": LANE, "n": newest["n"], "hash": seal_hash(newest)}
    await neighbour["witnesses"].insert_one({"_id": f"intake:{LANE}:{newest['n']}", **told})
    assert (await checked(sealed, dispatch=neighbour)).sound
    before = await sealed.db["seals"].find_one({"n": newest["n"] - 1})
    assert before is not None
    await sealed.db["seals"].delete_one({"_id": newest["_id"]})
    await sealed.db["outbox"].delete_many({"_id": {"$in": newest["ids"]}})
    back = {"n": before["n"], "seal_hash": seal_hash(before)}
    await sealed.db["checkpoints"].update_one({"_id": LANE}, {"$set": back})
    assert (await checked(sealed)).sound, "alone it cannot be seen"
    lane = await checked(sealed, dispatch=neighbour)
    assert lane.broken_seals == 1
    assert "neighbours know this seal" in lane.findings[0].detail
    await sealed.client.drop_database(neighbour.name)


async def test_another_seal_than_the_neighbours_were_told(sealed: World) -> None:
    neighbour = sealed.client[sealed.settings.database("dispatch")]
    told = {"producer": "intake", "lane": LANE, "n": 2, "hash": b"x" * 32}
    await neighbour["witnesses"].insert_one({"_id": f"intake:{LANE}:2", **told})
    lane = await checked(sealed, dispatch=neighbour)
    assert lane.broken_seals == 1
    assert "another seal" in lane.findings[0].detail
    await sealed.client.drop_database(neighbour.name)


async def test_a_checkpoint_set_back(sealed: World) -> None:
    await sealed.db["checkpoints"].update_one({"_id": LANE}, {"$set": {"seal_hash": b"y" * 32}})
    lane = await checked(sealed)
    assert lane.broken_seals == 1
    await sealed.db["checkpoints"].update_one({"_id": LANE}, {"$inc": {"n": 2}})
    assert (await checked(sealed)).broken_seals == 2


async def test_gap_fills_and_restarts_verify(world: World) -> None:
    for n in range(1, 4):
        await world.insert(*(event_row(f"r-{i}", n) for i in range(10)))
        async with world.running_relay():
            await world.sealed(10 * n)
        await world.db["checkpoints"].update_one({"_id": LANE}, {"$unset": {"token": ""}})
    lane = await checked(world)
    assert lane.sound
    assert lane.sealed == 30


async def test_an_empty_journal_is_sound(world: World) -> None:
    lane = await checked(world)
    assert lane.sound
    assert (lane.seals, lane.sealed, lane.tail) == (0, 0, 0)
