"""The consumer hands every record on, in order, once in effect, whatever the record or the broker does."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from shared.errors import Busy
from shared.kernel.replay import replay
from shared.kernel.unit import Applied, Cause, Failed, Outcome
from shared.kernel.wire import to_kafka
from tests.connected.consumer_kit import Committer, came, consuming, publish, reopened
from tests.connected.journal_world import (
    CLOCK,
    LANE,
    World,
    forgetful_world,
    own_broker,
    world,
)
from tests.waiting import PATIENCE_SECONDS, until

__all__ = ["forgetful_world", "own_broker", "world"]
pytestmark = pytest.mark.connected


async def test_from_the_journal_to_the_committer_in_order(world: World) -> None:
    committer = Committer()
    rows = [reopened(f"r-{i % 6}", i // 6 + 1) for i in range(120)]
    async with world.running_relay(), consuming(world, committer):
        await world.insert(*rows)
        await came(committer, rows)
    assert all(committer.sequences(f"r-{n}") == list(range(1, 21)) for n in range(6))
    assert all(c.source == "intake" and c.payload is not None for c in committer.causes)


async def test_a_restart_goes_on_where_it_was(world: World) -> None:
    first, second = Committer(), Committer()
    rows = [reopened("r-1", n) for n in range(1, 41)]
    async with world.running_relay():
        async with consuming(world, first):
            await world.insert(*rows[:20])
            await came(first, rows[:20])
        await world.insert(*rows[20:])
        async with consuming(world, second):
            await came(second, rows[20:])
    assert second.ids[0] == rows[20]["_id"], "an orderly end tells the broker all that is durable"


async def test_what_cannot_be_read_is_parked_and_the_rest_goes_on(world: World) -> None:
    committer = Committer()
    key, value, headers = to_kafka(reopened("r-1", 1), 1)
    good = to_kafka(reopened("r-2", 1), 2, 1)
    forged = [(n, b"/dispatch" if n == "ce_source" else v) for n, v in headers]
    forged = [(n, b"dispatch.work_order.issued.v1" if n == "ce_type" else v) for n, v in forged]
    async with consuming(world, committer):
        await publish(
            world,
            (key, value, [(n, b"\xff\xfe" if n == "ce_id" else v) for n, v in headers]),
            (key, value, []),
            (key, None, headers),
            (key, b"{", headers),
            (key, value, forged),
            (key, value, [(n, b"routine" if n == "ce_lane" else v) for n, v in headers]),
            (key, value, [*headers, ("reply_to", b"intake.urgent.v1"), ("x", b"\xff")]),
            (b"", b"\x00" * 10, [("content-type", b"application/json")]),
            good,
        )
        await came(committer, [reopened("r-2", 1)])
    reasons = [reason for _, reason in committer.raw]
    assert "ce_id is not UTF-8" in reasons[0]
    assert "content-type" in reasons[1]
    assert "producer of this topic" in reasons[2]
    assert "lane of this topic" in reasons[3]
    assert len(reasons) == 5
    held = [c for c in committer.causes if c.poison]
    assert [c.stream for c in held] == ["r-1", "r-1"]
    assert [c.id for c in committer.causes if not c.poison] == [
        reopened("r-1", 1)["_id"],
        reopened("r-2", 1)["_id"],
    ]


async def test_replay_on_demand_from_a_position_a_time_and_for_a_service(world: World) -> None:
    committer = Committer()
    rows = [reopened(f"r-{i}", 1) for i in range(30)]
    async with world.running_relay(relay_seal_records_max=10):
        await world.insert(*rows[:20])
        await world.sealed(20)
        moment = CLOCK.now()
        await asyncio.sleep(0.05)
        await world.insert(*rows[20:])
        await world.sealed(30)
    at: dict[str, Any] = {"settings": world.settings, "db": world.db, "service": "intake", "lane": LANE}
    assert await replay(**at, from_position=1) == 30
    assert await replay(**at, since=moment) == 10
    assert await replay(**at, since=CLOCK.now()) == 0
    dispatch = world.client[world.settings.database("dispatch")]
    assert await replay(**at, lacking_in=dispatch) == 30
    async with consuming(world, committer):
        await came(committer, rows)
        await asyncio.sleep(0.3)
    assert await replay(**at, lacking_in=dispatch) == 0
    with pytest.raises(Exception, match="give a position"):
        await replay(**at)


async def test_a_stop_finishes_the_batch_in_flight(world: World) -> None:
    committer = Committer()
    committer.slow = 0.5
    rows = [reopened("r-1", 1)]
    async with world.running_relay():
        async with consuming(world, committer):
            await world.insert(*rows)
            await until(lambda: committer.begun)
        assert committer.ids == [rows[0]["_id"]], "the batch had begun: it was finished"
        fresh = Committer()
        later = [reopened("r-1", 2)]
        async with consuming(world, fresh):
            await world.insert(*later)
            await came(fresh, later)
        assert fresh.ids == [later[0]["_id"]], "and its offset was kept"


async def test_what_is_not_durable_is_not_taken_off_the_log(world: World) -> None:
    """A committer that stops says so for each event; the events come again."""

    class Stopping(Committer):
        async def submit(self, causes: Sequence[Cause], *, wait: bool = True) -> list[Outcome]:
            await super().submit(causes)
            return [Applied(), *([Failed(Busy(1))] * len(causes))][: len(causes)]

    stopping, next_process = Stopping(), Committer()
    rows = [reopened("r-1", n) for n in (1, 2, 3)]
    async with world.running_relay():
        await world.insert(*rows)
        await world.sealed(3)
        async with consuming(world, stopping, shutdown_seconds=PATIENCE_SECONDS):
            await came(stopping, rows)
            began = time.monotonic()
        assert time.monotonic() - began < PATIENCE_SECONDS / 2, "a batch that waits does not hold up the end"
        async with consuming(world, next_process):
            await came(next_process, rows)


async def test_a_mistake_of_ours_is_tried_again_and_again_but_not_without_a_pause(world: World) -> None:
    class Mistaken(Committer):
        tries, wrong = 0, True

        async def submit(self, causes: Sequence[Cause], *, wait: bool = True) -> list[Outcome]:
            self.tries += 1
            if causes and self.wrong:
                raise ZeroDivisionError
            return await super().submit(causes)

    mistaken = Mistaken()
    async with world.running_relay(), consuming(world, mistaken):
        await world.insert(reopened("r-1", 1))
        await until(lambda: mistaken.tries)
        await asyncio.sleep(1.5)
        assert mistaken.tries < 8, "its waits grow"
        mistaken.wrong = False
        await came(mistaken, [reopened("r-1", 1)])


async def test_seals_are_announced_and_kept_as_first_seen(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shared.kernel.relay_session.ANNOUNCE_SECONDS", 0.1)
    committer = Committer()
    witnesses = world.client[world.settings.database("dispatch")]["witnesses"]
    async with world.running_relay(), consuming(world, committer):
        await world.insert(reopened("r-1", 1))

        async def witnessed() -> Any:
            return await witnesses.find_one({"_id": "intake:urgent:1"})

        seen = await until(witnessed)
        assert len(seen["hash"]) == 32
        _, _, headers = to_kafka(reopened("r-1", 1), 0)
        lie = [(n, b"intake.journal.sealed.v1" if n == "ce_type" else v) for n, v in headers]
        await publish(world, (b"seal:urgent", b'{"n": 1, "hash": "00"}', lie))
        await world.insert(reopened("r-1", 2))
        await came(committer, [reopened("r-1", 2)])
        assert await witnessed() == seen
    assert all(c.stream == "r-1" for c in committer.causes)
    assert committer.raw == []


def test_stand_in_has_the_committers_methods() -> None:
    from shared.kernel.committer import Committer as Real

    assert all(hasattr(Real, name) for name in ("submit", "park_raw"))
    assert replace(Applied(), answer=b"") == Applied(b"")
