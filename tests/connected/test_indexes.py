"""Collections and indexes are made once, whoever starts first, and nothing is dropped."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from shared.catalogue.load import Catalogue
from shared.errors import Bug
from shared.kernel.journal import COLLECTIONS
from shared.kernel.lease import COLLECTION as LEASES
from shared.kernel.stores import PLAIN, kernel_indexes, prepare
from shared.kernel.unit import Index
from shared.mongo.client import Database, connect, transaction_lifetime_seconds
from shared.mongo.indexes import ensure_indexes
from shared.settings import Settings
from tests.connected.kernel_kit import WIRING
from tests.connected.profiling import unserved, watch_queries

pytestmark = pytest.mark.connected

BY_NAME = Index("people", (("property_id", 1), ("name", 1)), serves="a person by name", unique=True)
EXPIRING = Index("answers", (("at", 1),), serves="expiry", expire_after_seconds=60)


@pytest.fixture
async def db(settings: Settings) -> AsyncIterator[Database]:
    """An empty database."""
    client = connect(settings.mongodb_url, "test")
    yield client[settings.database("intake")]
    await client.close()


async def test_collections_and_indexes_are_made_and_making_them_again_changes_nothing(db: Database) -> None:
    for _ in range(2):
        assert await ensure_indexes(db, (BY_NAME, EXPIRING), ["empty"]) == []
    assert set(await db.list_collection_names()) == {"people", "answers", "empty"}
    found = await db["people"].index_information()
    assert found["property_id_1_name_1"]["unique"]
    assert (await db["answers"].index_information())["at_1"]["expireAfterSeconds"] == 60


async def test_processes_that_start_together_do_not_disturb_each_other(
    db: Database, settings: Settings
) -> None:
    indexes = kernel_indexes(settings)
    await asyncio.gather(*(ensure_indexes(db, indexes, PLAIN) for _ in range(6)))
    names = await db.list_collection_names()
    assert set(PLAIN) <= set(names)


async def test_an_index_nobody_declares_is_reported_and_left_alone(db: Database) -> None:
    await db["people"].create_index([("phone", 1)], name="by_hand")
    assert await ensure_indexes(db, (BY_NAME,)) == [f"{db.name}.people.by_hand"]
    assert "by_hand" in await db["people"].index_information()


async def test_a_time_to_live_may_change_and_other_options_may_not(db: Database) -> None:
    await ensure_indexes(db, (EXPIRING, BY_NAME))
    longer = Index("answers", (("at", 1),), serves="expiry", expire_after_seconds=120)
    await ensure_indexes(db, (longer,))
    assert (await db["answers"].index_information())["at_1"]["expireAfterSeconds"] == 120
    await db["things"].create_index([("a", 1)])
    with pytest.raises(Bug, match="other options"):
        await ensure_indexes(db, (Index("things", (("a", 1),), serves="x", unique=True),))
    open_only = Index("things", (("a", 1),), serves="x", partial={"state": "open"})
    with pytest.raises(Bug, match="other options"):
        await ensure_indexes(db, (open_only,))
    with pytest.raises(Bug, match="time to live"):
        await ensure_indexes(db, (Index("answers", (("at", 1),), serves="x"),))


async def test_a_server_that_keeps_dead_transactions_is_not_fit(db: Database, settings: Settings) -> None:
    allowed = await transaction_lifetime_seconds(db.client)
    strict = settings.model_copy(update={"transaction_lifetime_seconds_max": allowed - 1})
    with pytest.raises(SystemExit, match="transactionLifetimeLimitSeconds"):
        await prepare(db.client, db, WIRING, strict, Catalogue.shipped())


async def test_every_index_says_what_it_serves_and_no_two_are_the_same(settings: Settings) -> None:
    indexes = kernel_indexes(settings)
    assert all(i.serves for i in indexes)
    assert len({(i.collection, i.keys) for i in indexes}) == len(indexes)


async def test_a_query_that_reads_a_whole_collection_is_noticed(db: Database) -> None:
    """What the test of all queries (`test_demo.py`) stands on."""
    await ensure_indexes(db, (BY_NAME,))
    await db["people"].insert_many([{"property_id": "p", "name": str(n), "phone": str(n)} for n in range(9)])
    await watch_queries(db)
    await db["people"].find_one({"property_id": "p", "name": "3"})
    await db["people"].update_one({"property_id": "p", "name": "3"}, {"$set": {"phone": "0"}})
    async with await db["people"].watch([], max_await_time_ms=10) as stream:
        await stream.try_next()
    assert (await unserved(db))[1] == []
    await db.command({"profile": 2})
    await db["people"].find_one({"phone": "3"})
    await db["people"].count_documents({"phone": "3"})
    await db["people"].delete_many({"phone": "3"})
    kinds = {line.partition(" ")[0] for line in (await unserved(db))[1]}
    assert kinds == {"query", "command", "remove"}


async def test_every_collection_of_the_kernel_has_the_indexes_of_its_queries(settings: Settings) -> None:
    """Collections that are only asked for by `_id` need none; a new collection belongs in one list or the
    other.
    """
    by_id = {"checkpoints", "commands", "counters", "fuses", "leases", "progress"}
    indexed = {index.collection for index in kernel_indexes(settings)}
    assert indexed >= {
        "outbox",
        "waiting",
        "parked",
        "outbox_parked",
        "timers",
        "numbers",
        "seals",
        "received",
        "witnesses",
    }
    assert {*PLAIN, *COLLECTIONS, LEASES} <= indexed | by_id
