"""The database is killed under the committer."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator

import pytest

from shared.kernel.unit import Applied, Duplicate
from tests.connected.kernel_kit import Count, Kit, open_kit
from tests.connected.private_stores import EmbeddedMongod

pytestmark = pytest.mark.connected


@pytest.fixture(scope="module")
def mongod() -> Iterator[EmbeddedMongod]:
    """A private mongod, since some tests kill it."""
    server = EmbeddedMongod()
    server.start()
    yield server
    server.remove()


@pytest.fixture
async def kit(mongod: EmbeddedMongod) -> AsyncIterator[Kit]:
    """A committer over an empty database."""
    async with open_kit(mongod.url) as made:
        yield made


async def test_killing_the_database_loses_nothing_and_doubles_nothing(
    kit: Kit, mongod: EmbeddedMongod
) -> None:
    keys = [f"k{n}" for n in range(300)]

    async def one(key: str) -> None:
        [outcome] = await kit.committer.submit([kit.command(Count(to=key, number=True), key, key=key)])
        assert isinstance(outcome, Applied | Duplicate)
        assert outcome.answer

    tasks = [asyncio.create_task(one(key)) for key in keys[:150]]
    await asyncio.sleep(0.05)
    mongod.kill()
    tasks += [asyncio.create_task(one(key)) for key in keys[150:]]
    await asyncio.to_thread(mongod.start)
    await asyncio.gather(*tasks)
    assert await kit.count("tallies", {"count": 1}) == 300
    assert await kit.count("outbox") == 300
    numbers = sorted([row["number"] async for row in kit.db["tallies"].find()])
    assert numbers == list(range(1, 301))
