"""Data keys: made once whatever races, kept wrapped, and gone for good when erased."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest

from shared.clock import ManualClock
from shared.errors import Bug
from shared.events.intake import RequestAmended, Requester
from shared.kernel.reading import cause_of, personal_keys
from shared.kernel.unit import Cause, Record
from shared.kernel.vault import CACHE_SECONDS, COLLECTION, Vault
from shared.kernel.wire import row_of, to_kafka
from shared.mongo.client import Database, connect
from shared.settings import Settings

pytestmark = pytest.mark.connected
MASTER = secrets.token_bytes(32)
NOW = datetime(2026, 3, 1, tzinfo=UTC)


@pytest.fixture
async def db(settings: Settings) -> AsyncIterator[Database]:
    """The vault's own database."""
    client = connect(settings.mongodb_url, "test")
    yield client[settings.database("vault")]
    await client.close()


def vault(db: Database, clock: ManualClock | None = None, **options: int) -> Vault:
    return Vault(db, MASTER, clock or ManualClock(NOW), **options)


async def test_a_key_is_made_once_and_found_again(db: Database) -> None:
    made = await vault(db).ensure("p1", ["person:1", "request:2"])
    again = await vault(db).ensure("p1", ["person:1", "request:3"])
    assert made["person:1"] == again["person:1"]
    assert made["person:1"].id == "p1:person:1#1"
    assert len({k.key for k in (*made.values(), *again.values())}) == 3
    fetched = await vault(db).fetch([k.id for k in made.values()] + ["p1:person:nobody#1"])
    assert fetched == {k.id: k.key for k in made.values()}


async def test_racing_processes_get_the_same_keys(db: Database) -> None:
    names = [f"person:{n}" for n in range(30)]
    got = await asyncio.gather(*(vault(db).ensure("p1", names) for _ in range(8)))
    assert all(g == got[0] for g in got)
    assert await db[COLLECTION].count_documents({}) == 30


async def test_the_same_name_in_two_properties_is_two_people(db: Database) -> None:
    one = vault(db)
    first, second = await one.ensure("p1", ["person:1"]), await one.ensure("p2", ["person:1"])
    assert first["person:1"].key != second["person:1"].key


async def test_no_key_lies_open_in_the_database(db: Database) -> None:
    key = (await vault(db).ensure("p1", ["person:1"]))["person:1"].key
    row = await db[COLLECTION].find_one({})
    assert row is not None
    assert key not in row["wrapped"]
    with pytest.raises(Bug, match="master key"):
        await Vault(db, secrets.token_bytes(32), ManualClock(NOW)).fetch(["p1:person:1#1"])


async def test_an_erased_key_never_comes_back_and_the_name_gets_a_new_one(db: Database) -> None:
    one = vault(db)
    old = (await one.ensure("p1", ["person:1"]))["person:1"]
    assert await one.erase("p1", "person:1")
    assert not await one.erase("p1", "person:1")
    assert await one.fetch([old.id]) == {}
    new = (await vault(db).ensure("p1", ["person:1"]))["person:1"]
    assert new.id == "p1:person:1#2"
    assert new.key != old.key
    assert await vault(db).fetch([old.id, new.id]) == {new.id: new.key}
    row = await db[COLLECTION].find_one({})
    assert row is not None
    assert row["erased_at"] == NOW


async def test_an_erasure_holds_everywhere_within_the_cache_time(db: Database) -> None:
    clock = ManualClock(NOW)
    here, there = vault(db, clock), vault(db, clock)
    key = (await there.ensure("p1", ["person:1"]))["person:1"]
    await here.erase("p1", "person:1")
    assert await there.fetch([key.id]) == {key.id: key.key}, "remembered for a minute"
    clock.advance(timedelta(seconds=CACHE_SECONDS))
    assert await there.fetch([key.id]) == {}


async def test_the_cache_is_bounded(db: Database) -> None:
    one = vault(db, cache_keys_max=10)
    made = await one.ensure("p1", [f"person:{n}" for n in range(50)])
    assert len(one._cache) == 10
    assert len(await one.fetch([k.id for k in made.values()])) == 50


async def test_without_its_key_an_event_has_no_personal_part_and_its_row_is_unchanged(db: Database) -> None:
    one = vault(db)
    key = (await one.ensure("p1", ["person:1"]))["person:1"]
    event = RequestAmended(
        request_id="r-1",
        reason="wrong number",
        amended_at=NOW,
        personal_key="person:1",
        personal=Requester(phone="+8613800000000"),
    )
    row = row_of(
        event,
        id="e-1",
        cause=Cause("c", "command", "p1", "r-1", "routine", None),
        stream="r-1",
        lane="routine",
        sequence=1,
        after={},
        now=NOW,
        service="intake",
        data_key=key,
    )
    raw_key, value, headers = to_kafka(row, 1)
    record = Record("intake.routine.v1", 0, 0, raw_key, value, tuple(headers))
    assert cause_of(record, await one.fetch(personal_keys([record]))).payload == event
    await one.erase("p1", "person:1")
    closed = cause_of(record, await one.fetch(personal_keys([record])))
    assert closed.payload == event.model_copy(update={"personal": None})
    assert closed.poison == ""


def test_a_master_key_of_another_length_is_refused() -> None:
    with pytest.raises(ValueError, match="32 bytes"):
        Vault(None, b"short", ManualClock(NOW))  # type: ignore[arg-type]
