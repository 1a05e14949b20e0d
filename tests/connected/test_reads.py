"""Shared reads: one query for all units of a batch, and each gets what it would have got alone."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from shared.kernel.reads import Collector, Document, Reads
from shared.kernel.unit import Index
from shared.mongo.client import Database, connect
from shared.mongo.indexes import ensure_indexes
from shared.settings import Settings
from tests.connected.profiling import unserved, watch_queries

pytestmark = pytest.mark.connected
BY_ROLE = Index("staff", (("property_id", 1), ("role", 1)), serves="who has a role")


@pytest.fixture
async def db(settings: Settings) -> AsyncIterator[Database]:
    """A property with many technicians and one head, and another property."""
    client = connect(settings.mongodb_url, "test")
    made = client[settings.database("notify")]
    await ensure_indexes(made, (BY_ROLE,))
    rows = [{"_id": f"p:{n}", "property_id": "p", "role": "a technician"} for n in range(300)]
    rows += [{"_id": "p:head", "property_id": "p", "role": "head"}]
    rows += [{"_id": "q:head", "property_id": "q", "role": "head", "knows": ["x", "y"]}]
    await made["staff"].insert_many(rows)
    yield made
    await client.close()


async def test_a_value_with_many_documents_takes_nothing_from_the_others(db: Database) -> None:
    reads = Reads(db)
    await watch_queries(db)
    asked = [("p", "a technician"), ("p", "head"), ("q", "head"), ("q", "nobody")]
    many, head, other, none = await asyncio.gather(
        *(reads.by_field("staff", property_id, "role", role, 5) for property_id, role in asked)
    )
    assert len(many.documents) == 5
    assert head.documents == [{"_id": "p:head", "property_id": "p", "role": "head"}]
    assert [row["_id"] for row in other.documents] == ["q:head"]
    assert not none.documents
    assert await unserved(db) == (1, [])


async def test_a_field_that_is_a_list_is_found_by_what_it_holds(db: Database) -> None:
    reads = Reads(db)
    found = await asyncio.gather(*(reads.by_field("staff", "q", "knows", what, 5) for what in "xyz"))
    assert [[row["_id"] for row in one.documents] for one in found] == [["q:head"], ["q:head"], []]


async def test_as_many_values_as_a_large_batch_asks_for(db: Database) -> None:
    reads = Reads(db)
    roles = [f"role-{n}" for n in range(450)] + ["head"]
    found = await asyncio.gather(*(reads.by_field("staff", "p", "role", role, 5) for role in roles))
    assert [len(one.documents) for one in found] == [0] * 450 + [1]


async def test_units_that_ask_for_the_same_share_what_was_made_of_it(db: Database) -> None:
    reads, made = Reads(db), []

    def make(kind: type, document: Document) -> object:
        made.append(document["_id"])
        return kind()

    found = await asyncio.gather(*(reads.by_field("staff", "p", "role", "head", 5) for _ in range(20)))
    assert len({id(one.of(object, make)[0]) for one in found}) == 1
    assert made == ["p:head"]


async def test_what_is_asked_for_in_one_turn_is_one_fetch_and_an_error_reaches_all() -> None:
    fetched: list[list[int]] = []

    async def fetch(keys: object) -> dict[int, int]:
        fetched.append(list(keys))  # type: ignore[call-overload]
        await asyncio.sleep(0)
        if 13 in fetched[-1]:
            raise ZeroDivisionError
        return {key: key * 2 for key in fetched[-1] if key}

    collector: Collector[int, int] = Collector(fetch)
    assert await asyncio.gather(*(collector.get(n) for n in (1, 2, 2, 0))) == [2, 4, 4, None]
    assert fetched == [[1, 2, 0]]
    failed = await asyncio.gather(*(collector.get(n) for n in (12, 13)), return_exceptions=True)
    assert [type(error) for error in failed] == [ZeroDivisionError] * 2
