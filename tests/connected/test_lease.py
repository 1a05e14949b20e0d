"""One of several replicas does a thing, and when it is gone or held up, another does: on a real MongoDB."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest

from shared.kernel.incarnation import Incarnation
from shared.kernel.lease import COLLECTION, Lease
from shared.mongo.client import Database, connect
from shared.settings import Settings
from shared.tasks import end
from tests.connected.journal_world import World, event_row, world
from tests.waiting import until

__all__ = ["world"]
pytestmark = pytest.mark.connected
LONG_SECONDS = 3_600.0  # no lease of a test ends by itself


@pytest.fixture
async def db(settings: Settings) -> AsyncIterator[Database]:
    """An empty database."""
    client = connect(settings.mongodb_url, "test")
    yield client[settings.database("intake")]
    await client.close()


async def lapse(db: Database) -> None:
    """Whoever holds the one lease there is has been silent for too long."""
    await db[COLLECTION].update_one({}, [{"$set": {"until": {"$subtract": ["$$NOW", 1]}}}])


async def test_of_many_that_ask_at_once_one_holds_it(db: Database) -> None:
    leases = [Lease(db, "l", f"replica-{n}", LONG_SECONDS) for n in range(8)]
    assert sum(await asyncio.gather(*(lease.hold() for lease in leases))) == 1
    assert sum([await lease.hold() for lease in leases]) == 1, "and it stays with that one"


async def test_it_lapses_by_the_clock_of_the_database(db: Database) -> None:
    first, second = Lease(db, "l", "a", LONG_SECONDS), Lease(db, "l", "b", LONG_SECONDS)
    assert await first.hold()
    future = datetime.now(UTC) + timedelta(seconds=LONG_SECONDS / 2)
    await db[COLLECTION].update_one({"_id": "l"}, {"$set": {"until": future}})
    assert not await second.hold()
    await lapse(db)
    assert await second.hold()
    assert await first.hold(), "it believes in its lease for a third of its time"
    assert not await first.hold(ask=True)
    assert not await first.hold(), "and does not believe in it once it has asked"
    assert not first.replaced, "by another replica: its turn may come again"


async def test_of_two_with_one_name_the_later_goes_on_and_neither_takes_it_back_and_forth(
    db: Database,
) -> None:
    first, second = Lease(db, "l", "a", LONG_SECONDS), Lease(db, "l", "a", LONG_SECONDS)
    assert await first.hold()
    assert await second.hold(), "a process that starts again after a crash has its lease at once"
    for _ in range(3):
        assert not await first.hold(ask=True)
        assert first.replaced
        assert await second.hold(ask=True)
    await lapse(db)
    assert await first.hold(ask=True), "the later one is gone"
    assert not first.replaced


async def test_a_relay_that_was_held_up_past_its_turn_rests_and_relays_again_when_the_other_is_gone(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    async with world.running_relay(replica="a", lease_seconds=1.0) as first:
        await world.insert(event_row("r-1", 1))
        await world.sealed(1)
        other = Lease(world.db, "relay.urgent", "intake-b", LONG_SECONDS)

        async def taken() -> bool:
            """As if the first had been stopped for longer than its lease."""
            await lapse(world.db)
            return await other.hold()

        await until(taken)
        await world.db["checkpoints"].update_one({}, {"$inc": {"epoch": 1, "position": 100}})
        await world.insert(event_row("r-1", 2))  # what the first seals now is refused: it is fenced off
        await until(lambda: "relay intake.urgent" in caplog.text)  # it has noticed
        await lapse(world.db)
        await world.insert(event_row("r-1", 3))
        await world.sealed(3)
        assert not first.done()
    assert world.alarms == []
    seals = await world.db["seals"].find().sort("n", 1).to_list()
    assert [i for s in seals for i in s["ids"]] == [event_row("r-1", n)["_id"] for n in (1, 2, 3)]


async def test_while_the_other_relays_the_first_does_not(world: World) -> None:
    watch = Incarnation(world.settings, "second")
    await watch.check()
    other = Lease(world.db, "relay.urgent", "intake-b", LONG_SECONDS)
    assert await other.hold()
    relay = asyncio.create_task(world.relay(watch, replica="a", lease_seconds=1.0).run())
    await world.insert(event_row("r-1", 1))
    await asyncio.sleep(1.5)  # several times its waiting time
    assert await world.checkpoint() == {}
    assert await world.db["seals"].count_documents({}) == 0
    await lapse(world.db)
    await world.sealed(1)
    await end([relay])
    await watch.close()
