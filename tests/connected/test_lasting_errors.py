"""What the store refuses for ever is parked as a bug; what passes by itself is waited out (guarantees 2, 8).

A mongod of our own fails the reads of handlers with the codes it is told to.
"""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from datetime import timedelta

import pymongo
import pytest
from pymongo.errors import AutoReconnect

from shared.clock import ManualClock
from shared.kernel import committer
from shared.kernel.kinds import document_id
from shared.kernel.parked import listed
from shared.kernel.timers import Sweeper
from shared.kernel.unit import Applied, Failed, Parked, Waiting
from shared.mongo import lasting
from shared.mongo.client import connect
from tests.connected.kernel_kit import PROPERTY, WIRING, Count, Kit, Ring, event
from tests.connected.private_stores import EmbeddedMongod
from tests.connected.sweeping import sweeper_on
from tests.waiting import PATIENCE_SECONDS

pytestmark = pytest.mark.connected
BAD_VALUE, MAX_TIME_EXPIRED, INTERRUPTED_AT_SHUTDOWN, UNHEARD_OF = 2, 50, 11600, 777_777
_names = itertools.count(1)
Fails = Callable[[int], AbstractContextManager[None]]


@pytest.fixture(scope="module")
def mongod() -> Iterator[EmbeddedMongod]:
    """A mongod that can be told to fail."""
    made = EmbeddedMongod()
    made.args.append("--setParameter=enableTestCommands=1")
    made.start()
    yield made
    made.remove()


@pytest.fixture
def operator(mongod: EmbeddedMongod) -> Iterator[pymongo.MongoClient[dict[str, object]]]:
    """Who tells it; his connection does not go by what the server says of itself."""
    address = f"mongodb://127.0.0.1:{mongod.port}/?directConnection=true"
    with pymongo.MongoClient[dict[str, object]](address) as client:
        yield client


@pytest.fixture
async def kit(mongod: EmbeddedMongod) -> AsyncIterator[Kit]:
    """A committer over a database of its own."""
    client = connect(mongod.url, "test")
    made = Kit(client[f"lasting{next(_names)}"])
    await made.prepare()
    yield made
    await made.committer.stop(5)
    await client.close()


@pytest.fixture
def failing(kit: Kit, operator: pymongo.MongoClient[dict[str, object]]) -> Fails:
    """Every read of a tally fails with that code, within the block."""

    @contextmanager
    def fail(code: int) -> Iterator[None]:
        data = {"failCommands": ["find"], "errorCode": code, "namespace": f"{kit.db.name}.tallies"}
        operator.admin.command({"configureFailPoint": "failCommand", "mode": "alwaysOn", "data": data})
        try:
            yield
        finally:
            operator.admin.command({"configureFailPoint": "failCommand", "mode": "off"})

    return fail


async def test_a_read_that_is_refused_for_ever_parks_its_unit_and_holds_its_stream(
    kit: Kit, failing: Fails
) -> None:
    with failing(BAD_VALUE):
        causes = [event("intake", "s", 1), event("intake", "s", 2), event("intake", "t", 1)]
        outcomes = await kit.committer.submit([*causes, kit.command(Count(to="u"), "u")])
    assert [type(o) for o in outcomes] == [Parked, Waiting, Parked, Failed]
    rows = await listed(kit.db)
    assert {(row["stream"], row["sequence"], row["kind"]) for row in rows} == {
        ("s", 1, "event"),
        ("t", 1, "event"),
    }
    assert all(row["reason"].startswith("Bug: OperationFailure") for row in rows)
    [held] = [row for row in rows if row["stream"] == "s"]
    [again] = await kit.committer.submit([replace(causes[0], retry_of=held["_id"])])
    assert isinstance(again, Applied)
    assert (await kit.tally("s"))["seen"] == ["intake:1", "intake:2"], "what waited behind it goes on"


async def test_only_the_unit_that_is_refused_is_parked(kit: Kit) -> None:
    causes = [event("intake", f"r{n}", 1, reason="malformed" if n == 3 else "r") for n in range(8)]
    async with asyncio.timeout(PATIENCE_SECONDS):
        outcomes = await kit.committer.submit(causes)
    assert [type(o) for o in outcomes] == [Parked if n == 3 else Applied for n in range(8)]


@pytest.fixture
async def sweeper(kit: Kit) -> Sweeper:
    """Its one timer is due."""
    await kit.committer.submit([kit.command(Count(to="r", timer_after_seconds=1), "r")])
    clock = kit.clock
    assert isinstance(clock, ManualClock)
    clock.advance(timedelta(seconds=2))
    return sweeper_on(kit.db, kit.committer, clock, WIRING)


async def test_a_timer_whose_read_is_refused_is_parked_alone(
    kit: Kit, sweeper: Sweeper, failing: Fails
) -> None:
    with failing(BAD_VALUE):
        assert await sweeper.sweep() == 1
    [row] = await listed(kit.db)
    assert (row["kind"], row["type"]) == ("timer", Ring.NAME)
    assert await sweeper.sweep() == 0
    progress = await kit.db["progress"].find_one({"_id": document_id(PROPERTY, "r")})
    assert progress is not None
    assert progress["parked"] == ""


async def test_what_cannot_be_parked_either_since_the_store_has_gone_comes_again(
    kit: Kit, sweeper: Sweeper, failing: Fails, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever sent it does not wait for ever, and the committer goes on."""

    async def gone(*_: object) -> None:
        raise AutoReconnect

    with failing(BAD_VALUE), monkeypatch.context() as away:
        away.setattr(committer, "park_unit", gone)
        async with asyncio.timeout(PATIENCE_SECONDS):
            assert await sweeper.sweep() == 1
    assert await listed(kit.db) == []
    assert await sweeper.sweep() == 1
    assert (await kit.tally("r"))["seen"][1:] == ["step0"]


async def test_a_committer_outlives_what_should_not_happen(kit: Kit, monkeypatch: pytest.MonkeyPatch) -> None:
    async def broken(*_: object) -> None:
        raise ZeroDivisionError

    with monkeypatch.context() as broken_once:
        broken_once.setattr(kit.committer, "_commit_taken", broken)
        for _ in range(3):  # more than it has workers
            async with asyncio.timeout(PATIENCE_SECONDS):
                assert [type(o) for o in await kit.committer.submit([event("intake", "s", 1)])] == [Failed]
    assert [type(o) for o in await kit.committer.submit([event("intake", "s", 1)])] == [Applied]


@pytest.mark.parametrize("code", [MAX_TIME_EXPIRED, INTERRUPTED_AT_SHUTDOWN])
async def test_what_passes_by_itself_is_waited_out_and_parks_nothing(
    kit: Kit, failing: Fails, code: int
) -> None:
    with failing(code):
        task = asyncio.create_task(kit.committer.submit([event("intake", "s", 1)]))
        _, waits = await asyncio.wait({task}, timeout=3)
        assert waits
    async with asyncio.timeout(PATIENCE_SECONDS):
        assert [type(o) for o in await task] == [Applied]
    assert await listed(kit.db) == []


async def test_an_error_nobody_has_heard_of_is_tried_a_bounded_number_of_times(
    kit: Kit, failing: Fails, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lasting, "TRIES_MAX", 3)
    with failing(UNHEARD_OF):
        outcomes = await kit.committer.submit([event("intake", "s", 1)])
    assert [type(o) for o in outcomes] == [Parked]
