"""What a person does about parked rows (guarantee 8): tries again or drops, in the process of their lane."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from typing import Any

import pytest
from pymongo.errors import AutoReconnect

from shared.clock import ManualClock
from shared.errors import Busy, Invalid, NotFound
from shared.events.billing import RequestSettled
from shared.kernel import fuse
from shared.kernel.parked import ParkedLoop, ask_drop, ask_retry, listed
from shared.kernel.reading import cause_of
from shared.kernel.runtime import Runtime
from shared.kernel.unit import Cause, Failed, Outcome, Parked, Record, Waiting
from shared.kernel.wire import row_of, to_kafka
from shared.settings import Settings
from tests.connected.kernel_kit import START, broken, event, process_of, seen

pytestmark = pytest.mark.connected
ROW = dict[str, Any]


@pytest.fixture
async def bulk(settings: Settings) -> AsyncIterator[Runtime]:
    """The process of the routine lane."""
    async with process_of(settings, "bulk", ManualClock(START)) as made:
        yield made


@pytest.fixture
async def front(settings: Settings) -> AsyncIterator[Runtime]:
    """The process of the urgent lane and of what has none."""
    async with process_of(settings, "front", ManualClock(START)) as made:
        yield made


@pytest.fixture
async def held(bulk: Runtime) -> AsyncIterator[str]:
    """The id of a parked event, with two more behind it; its handler is still broken."""
    broken.add("bad")
    outcomes = await bulk.committer.submit(
        [event("intake", "s", 1, reason="bad"), event("intake", "s", 2), event("dispatch", "s", 1)]
    )
    assert [type(o) for o in outcomes] == [Parked, Waiting, Waiting]
    [row] = await listed(bulk.db)
    yield row["_id"]
    broken.clear()


async def parked(runtime: Runtime, id: str) -> ROW:
    """The parked row."""
    row = await runtime.db["parked"].find_one({"_id": id})
    assert row is not None
    return row


async def test_the_list_says_why_and_where_and_shows_no_contents(bulk: Runtime, held: str) -> None:
    [row] = await listed(bulk.db)
    assert (row["stream"], row["source"], row["sequence"], row["lane"]) == ("s", "intake", 1, "routine")
    assert row["reason"].startswith("Bug: ZeroDivisionError")
    assert not {"record", "command"} & row.keys()


async def test_tried_again_after_it_was_mended_it_and_all_behind_it_are_applied(
    bulk: Runtime, front: Runtime, held: str
) -> None:
    await bulk.db["fuses"].insert_one({"_id": "routine", "parked": 20})
    await ask_retry(bulk.db, held)
    assert await ParkedLoop(front).sweep() == 0, "the process of the other lane leaves it alone"
    broken.clear()
    assert await ParkedLoop(bulk).sweep() == 1
    assert await seen(bulk, "s") == ["intake:1", "dispatch:1", "intake:2"]
    row = await parked(bulk, held)
    assert (row["state"], row["resolved_as"]) == ("resolved", "applied")
    assert not await fuse.reset(bulk.db, "routine"), "a success mends the fuse"
    assert await ParkedLoop(bulk).sweep() == 0


async def test_tried_again_in_vain_it_stays_and_goes_on_holding_its_stream(bulk: Runtime, held: str) -> None:
    await bulk.db["fuses"].insert_one({"_id": "routine", "parked": 20})
    for _ in range(2):
        await ask_retry(bulk.db, held)
        assert await ParkedLoop(bulk).sweep() == 1
        row = await parked(bulk, held)
        assert row["state"] == "parked"
        assert "wish" not in row
    assert await seen(bulk, "s") == []
    assert await fuse.reset(bulk.db, "routine"), "nothing has succeeded: the fuse stays blown"


async def test_a_wish_stands_until_it_was_carried_out(
    bulk: Runtime, held: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken.clear()
    await ask_retry(bulk.db, held)

    async def away(causes: Sequence[Cause]) -> list[Outcome]:
        raise AutoReconnect

    async def stopping(causes: Sequence[Cause]) -> list[Outcome]:
        return [Failed(Busy())]

    with monkeypatch.context() as trouble:
        trouble.setattr(bulk.committer, "submit", away)
        with pytest.raises(AutoReconnect):
            await ParkedLoop(bulk).sweep()
        trouble.setattr(bulk.committer, "submit", stopping)
        await ParkedLoop(bulk).sweep()
    assert (await parked(bulk, held))["state"] == "parked"
    assert await ParkedLoop(bulk).sweep() == 1, "nobody has to ask again"
    assert await seen(bulk, "s") == ["intake:1", "dispatch:1", "intake:2"]


async def test_dropped_with_a_reason_the_stream_goes_on_without_it(bulk: Runtime, held: str) -> None:
    for reason in ("", "  x ", "x" * 501):
        with pytest.raises(Invalid):
            await ask_drop(bulk.db, held, reason)
    await ask_drop(bulk.db, held, "entered twice, told by Li")
    assert await ParkedLoop(bulk).sweep() == 1
    assert await seen(bulk, "s") == ["dispatch:1", "intake:2"]
    assert (await parked(bulk, held))["resolved_as"] == "entered twice, told by Li"
    with pytest.raises(NotFound):
        await ask_retry(bulk.db, held)


async def test_a_record_without_a_stream_is_dropped_or_tried_by_the_process_of_its_lane(
    bulk: Runtime, front: Runtime
) -> None:
    good = event("intake", "t", 1).record
    assert good is not None
    strange = Record("x.intake.routine.v1", 0, 1, b"", b"\x00", ())
    for record in (strange, good, replace(strange, topic="elsewhere", value=b"\x01")):
        await bulk.committer.park_raw(record, "content-type")
    rows = await listed(bulk.db)
    assert [row["lane"] for row in rows] == ["routine", "routine", ""]
    for row in rows:
        await ask_retry(bulk.db, row["_id"])
    assert await ParkedLoop(front).sweep() == 1, "what has no lane is the front process's"
    assert await ParkedLoop(bulk).sweep() == 2
    assert await seen(bulk, "t") == ["intake:1"], "what can be read now is applied"
    left = await listed(bulk.db)
    assert [bytes((await parked(bulk, row["_id"]))["record"]["value"]) for row in left] == [b"\x00", b"\x01"]
    for row in left:
        await ask_drop(bulk.db, row["_id"], "nobody knows whose it was")
    assert await ParkedLoop(front).sweep() + await ParkedLoop(bulk).sweep() == 2
    assert await listed(front.db) == []


async def test_a_fuse_blown_by_records_nobody_can_read_is_mended_when_they_are_dropped(
    bulk: Runtime, front: Runtime
) -> None:
    for n in range(3):
        await bulk.committer.park_raw(Record("intake.routine.v1", 0, n, b"", bytes([n]), ()), "content-type")
    await bulk.db["fuses"].insert_one({"_id": "routine", "parked": 3})
    for row in await listed(bulk.db):
        assert await bulk.db["fuses"].count_documents({}) == 1
        await ask_drop(bulk.db, row["_id"], "a stranger's records")
        for process in (front, bulk):
            await ParkedLoop(process).sweep()
    assert await bulk.db["fuses"].count_documents({}) == 0


async def test_nothing_is_resolved_that_was_not_done(front: Runtime) -> None:
    """A process that is stopping answers for no event; the row is there for the next one."""
    good = event("intake", "t", 1).record
    assert good is not None
    await front.committer.park_raw(replace(good, topic="intake.urgent.v1"), "content-type")
    [row] = await listed(front.db)
    await ask_retry(front.db, row["_id"])
    await front.committer.stop(0)
    await ParkedLoop(front).sweep()
    assert [r["_id"] for r in await listed(front.db)] == [row["_id"]]
    assert await seen(front, "t") == []


def unpublished(runtime: Runtime, stream: str, sequence: int) -> ROW:
    """A row of the journal that the relay could not publish, as it keeps it."""
    cause = event("dispatch", stream, 1)
    row = row_of(
        RequestSettled(request_id=stream, work_order_id="w", settled_at=START),
        id=f"settled-{stream}-{sequence}",
        cause=cause,
        stream=stream,
        lane="routine",
        sequence=sequence,
        after={},
        now=START,
        service="billing",
    )
    return {"_id": row["_id"], "reason": "too large", "row": row, "state": "parked", "parked_at": START}


async def test_a_row_that_could_not_be_published_is_listed_and_published_again(bulk: Runtime) -> None:
    parked_row = unpublished(bulk, "s", 1)
    await bulk.db["outbox_parked"].insert_one(parked_row)
    [shown] = await listed(bulk.db)
    assert (shown["kind"], shown["stream"], shown["sequence"], shown["reason"]) == (
        "outbox",
        "s",
        1,
        "too large",
    )
    assert "data" not in shown
    await ask_retry(bulk.db, shown["_id"])
    assert await ParkedLoop(bulk).sweep() == 1
    assert await ParkedLoop(bulk).sweep() == 0
    assert await listed(bulk.db) == []
    [row] = await bulk.db["outbox"].find().to_list()
    assert (row["stream"], row["sequence"], row["lane"]) == ("s", 1, "routine")
    _, value, headers = to_kafka(row, 7)
    assert dict(headers)["ce_id"].decode() == parked_row["_id"], "it is the event it was"
    assert value == parked_row["row"]["data"]


async def test_a_row_that_still_cannot_be_published_stays_parked(bulk: Runtime) -> None:
    parked_row = unpublished(bulk, "s", 1)
    del parked_row["row"]["subject"]
    await bulk.db["outbox_parked"].insert_one(parked_row)
    await ask_retry(bulk.db, parked_row["_id"])
    await ParkedLoop(bulk).sweep()
    [shown] = await listed(bulk.db)
    assert "subject" in shown["reason"]
    assert await bulk.db["outbox"].count_documents({}) == 0


async def test_a_dropped_row_is_replaced_so_that_no_reader_waits_for_it(bulk: Runtime) -> None:
    """Here the reader is the same service: what dispatch would have told is what it waits for."""
    [waits] = await bulk.committer.submit([event("dispatch", "s", 2)])
    assert isinstance(waits, Waiting)
    lost = unpublished(bulk, "s", 1)
    await bulk.db["outbox_parked"].insert_one(lost)
    await ask_drop(bulk.db, lost["_id"], "cannot be mended")
    assert await ParkedLoop(bulk).sweep() == 1
    [row] = await bulk.db["outbox"].find().to_list()
    assert (row["type"], row["sequence"], row["stream"]) == ("billing.event.voided.v1", 1, "s")
    key, value, headers = to_kafka(row | {"type": "dispatch.event.voided.v1"}, 1)
    cause = cause_of(Record("dispatch.routine.v1", 0, 1, key, value, tuple(headers)), {})
    assert cause.payload is None
    await bulk.committer.submit([cause])
    assert await seen(bulk, "s") == ["dispatch:2"]
