"""However many events wait on a stream, what releases the first releases all, and none is tried in vain."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace

import pytest
from prometheus_client import REGISTRY

from shared.ids import new_id
from shared.kernel.plan import parked_id
from shared.kernel.unit import Applied, Cause, Duplicate, Parked, Waiting
from shared.mongo.client import connect
from shared.settings import Settings
from tests.connected.kernel_kit import PROPERTY, Kit, broken, event

pytestmark = pytest.mark.connected
MANY = 50


@pytest.fixture
async def kit(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Kit]:
    """A committer that loads at most eight waiting events."""
    monkeypatch.setattr("shared.kernel.early.LOADED_MAX", 8)
    client = connect(settings.mongodb_url, "tests")
    made = Kit(client[settings.database_prefix + new_id()])
    await made.prepare()
    yield made
    await made.committer.stop(5)
    await client.close()


async def held(kit: Kit, stream: str) -> Cause:
    """A stream whose first event is parked, with many behind it."""
    broken.add("bad")
    bad = event("intake", stream, 1, reason="bad")
    try:
        outcomes = await kit.committer.submit(
            [bad, *(event("intake", stream, n) for n in range(2, MANY + 1))]
        )
    finally:
        broken.discard("bad")
    assert isinstance(outcomes[0], Parked)
    assert set(map(type, outcomes[1:])) == {Waiting}
    return replace(bad, retry_of=parked_id(bad))


async def waiting(kit: Kit) -> tuple[int, int]:
    """Events that wait: rows, and as the streams count them."""
    counted = sum([row["waiting"] async for row in kit.db["progress"].find()])
    return await kit.db["waiting"].count_documents({}), counted


async def test_what_is_parked_when_it_is_released_is_told_too(
    kit: Kit, caplog: pytest.LogCaptureFixture
) -> None:
    before = parks()
    broken.add("bad")
    try:
        early, first = event("intake", "s", 2, reason="bad"), event("intake", "s", 1)
        assert [type(o) for o in await kit.committer.submit([early])] == [Waiting]
        assert [type(o) for o in await kit.committer.submit([first])] == [Applied]
    finally:
        broken.discard("bad")
    assert parks() == before + 1
    assert "parked on the routine lane: Bug: ZeroDivisionError" in caplog.text


async def test_a_released_event_that_can_never_be_written_is_parked_itself(kit: Kit) -> None:
    early = [event("intake", "s", 2), event("intake", "s", 3, reason="bulky"), event("intake", "s", 4)]
    assert [type(o) for o in await kit.committer.submit(early)] == [Waiting] * 3
    released = [event("intake", "s", 1), event("intake", "other", 1)]
    assert [type(o) for o in await kit.committer.submit(released)] == [Applied] * 2
    assert (await kit.tally("s"))["seen"] == ["intake:1", "intake:2"]
    [parked] = await kit.db["parked"].find().to_list()
    assert (parked["_id"], parked["reason"]) == (parked_id(early[1]), "TooLarge: event-too-large")
    progress = await kit.db["progress"].find_one({"_id": f"{PROPERTY}:s"})
    assert progress is not None
    assert (progress["parked"], progress["waiting"]) == (parked["_id"], 1)
    dropped = replace(early[1], retry_of=parked["_id"], dropped="nobody needs it")
    assert [type(o) for o in await kit.committer.submit([dropped])] == [Applied]
    assert (await kit.tally("s"))["seen"] == ["intake:1", "intake:2", "intake:4"]


def parks() -> float:
    """Parked events, as the metric counts them."""
    return REGISTRY.get_sample_value("guanjia_parks_total", {"kind": "event"}) or 0.0


async def test_all_that_waited_behind_a_parked_event_follows_it(kit: Kit) -> None:
    retried = await held(kit, "p")
    assert await waiting(kit) == (MANY - 1, MANY - 1)
    await kit.committer.submit([retried])
    assert (await kit.tally("p"))["seen"] == [f"intake:{n}" for n in range(1, MANY + 1)]
    assert await waiting(kit) == (0, 0)


async def test_one_that_waits_and_is_delivered_again_goes_on_waiting(kit: Kit) -> None:
    retried = await held(kit, "p")
    again = [event("intake", "p", n) for n in (MANY, 2, MANY // 2)]
    assert set(map(type, await kit.committer.submit(again))) == {Waiting}
    assert await waiting(kit) == (MANY - 1, MANY - 1)
    assert await kit.db["parked"].count_documents({}) == 1
    await kit.committer.submit([retried])
    assert await waiting(kit) == (0, 0)


async def test_two_producers_that_wait_for_each_other_are_released_in_order(kit: Kit) -> None:
    """Each of dispatch's events came after one more of intake's."""
    late = [event("dispatch", "s", n, {"intake": n}) for n in range(1, MANY + 1)]
    early = [event("intake", "s", n) for n in range(2, MANY + 1)]
    assert set(map(type, await kit.committer.submit(late + early))) == {Waiting}
    await kit.committer.submit([event("intake", "s", 1)])
    seen = (await kit.tally("s"))["seen"]
    assert len(seen) == 2 * MANY
    assert await waiting(kit) == (0, 0)
    place = {label: n for n, label in enumerate(seen)}
    assert all(place[f"intake:{n}"] < place[f"dispatch:{n}"] for n in range(1, MANY + 1))


async def test_streams_that_do_not_fit_together_come_one_after_another(kit: Kit) -> None:
    streams = [f"s{n}" for n in range(6)]
    for stream in streams:
        await kit.committer.submit([event("intake", stream, n) for n in range(2, 7)])
    outcomes = await kit.committer.submit([event("intake", stream, 1) for stream in streams])
    assert set(map(type, outcomes)) == {Applied}
    for stream in streams:
        assert (await kit.tally(stream))["count"] == 6
    assert await waiting(kit) == (0, 0)


async def test_a_crash_between_two_rounds_leaves_nothing_behind(kit: Kit) -> None:
    """What had not been released follows when any event of the stream is delivered again."""
    retried = await held(kit, "p")
    write = kit.committer._runner.write
    rounds = 0

    async def once(batch):  # type: ignore[no-untyped-def]
        nonlocal rounds
        rounds += 1
        if rounds >= 2:
            raise SystemError("as if the process had died here")
        return await write(batch)

    kit.committer._runner.write = once  # type: ignore[method-assign]
    await kit.committer.submit([retried])
    kit.committer._runner.write = write  # type: ignore[method-assign]
    rows, counted = await waiting(kit)
    assert 0 < rows == counted < MANY
    assert await kit.committer.submit([event("intake", "p", 1)]) == [Duplicate()]
    assert await waiting(kit) == (0, 0)
    assert (await kit.tally("p"))["count"] == MANY
