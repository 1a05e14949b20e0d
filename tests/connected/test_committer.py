"""The unit of work on a real MongoDB.

One commit, order per stream, answers, parking, numbers, backpressure.
"""

from __future__ import annotations

import asyncio
import random
from dataclasses import replace
from typing import Any

import pytest

from shared.errors import Conflict
from shared.events.billing import RequestSettled
from shared.kernel.numbers import Numbers
from shared.kernel.parked import ask_drop
from shared.kernel.plan import parked_id
from shared.kernel.unit import Applied, Duplicate, Failed, Parked, Refused, Waiting
from tests.connected.kernel_kit import PROPERTY, START, WIRING, Count, Kit, Tally, broken, event
from tests.waiting import PATIENCE_SECONDS

pytestmark = pytest.mark.connected


async def test_state_event_progress_and_answer_are_one_commit(kit: Kit) -> None:
    [outcome] = await kit.committer.submit([kit.command(Count(to="r1"), "r1", key="k1")])
    assert outcome == Applied(b'{"version":1,"count":1,"number":0}')
    assert (await kit.tally("r1"))["count"] == 1
    row = await kit.db["outbox"].find_one({"stream": "r1"})
    assert row is not None
    assert (row["sequence"], row["after"], row["causation_id"]) == (1, {}, "k1")
    progress = await kit.db["progress"].find_one({"_id": f"{PROPERTY}:r1"})
    assert progress is not None
    assert (progress["own"], progress["version"]) == (1, 1)


async def test_a_repeated_command_gets_the_stored_answer_and_another_body_is_refused(kit: Kit) -> None:
    first = kit.command(Count(to="r1"), "r1", key="k1")
    [applied] = await kit.committer.submit([first])
    [again] = await kit.committer.submit([first])
    assert isinstance(applied, Applied)
    assert again == Duplicate(applied.answer)
    [other] = await kit.committer.submit([kit.command(Count(to="r2"), "r1", key="k1")])
    assert isinstance(other, Refused)
    assert other.error.kind == "key-reused"
    assert await kit.count("outbox") == 1


async def test_the_same_command_twice_in_one_batch_takes_effect_once(kit: Kit) -> None:
    command = kit.command(Count(to="r1"), "r1", key="k1")
    outcomes = await kit.committer.submit([command, command])
    assert [type(o) for o in outcomes] == [Applied, Duplicate]
    assert (await kit.tally("r1"))["count"] == 1


async def test_a_refused_and_a_failed_command_leave_no_trace(kit: Kit) -> None:
    good = [kit.command(Count(to=f"g{n}"), f"g{n}") for n in range(5)]
    refused = kit.command(Count(to="x", fail="refuse"), "x", key="kx")
    failed = kit.command(Count(to="y", fail="bug"), "y")
    outcomes = await kit.committer.submit([*good, refused, failed])
    assert [type(o) for o in outcomes] == [Applied] * 5 + [Refused, Failed]
    assert await kit.count("tallies") == 5
    assert await kit.count("progress") == 5
    [later] = await kit.committer.submit([kit.command(Count(to="x"), "x", key="kx")])
    assert isinstance(later, Applied), "a refusal is not stored: the same key may succeed later"


async def test_units_of_one_stream_run_in_turn_on_what_their_predecessor_left(kit: Kit) -> None:
    outcomes = await kit.committer.submit([kit.command(Count(to="r"), "r") for _ in range(50)])
    assert all(isinstance(o, Applied) for o in outcomes)
    assert (await kit.tally("r"))["count"] == 50
    rows = await kit.db["outbox"].find({"stream": "r"}).sort("sequence", 1).to_list()
    assert [row["sequence"] for row in rows] == list(range(1, 51))


async def test_streams_that_meet_on_one_aggregate_see_each_other(kit: Kit) -> None:
    outcomes = await kit.committer.submit([kit.command(Count(to="shared"), f"s{n}") for n in range(20)])
    assert all(isinstance(o, Applied) for o in outcomes)
    assert (await kit.tally("shared"))["count"] == 20


async def test_two_processes_on_one_aggregate_lose_nothing(kit: Kit) -> None:
    other = kit.make()
    other.start()
    mine = [kit.command(Count(to=f"t{n % 4}"), f"a{n}") for n in range(40)]
    theirs = [kit.command(Count(to=f"t{n % 4}"), f"b{n}") for n in range(40)]
    both = await asyncio.gather(kit.committer.submit(mine), other.submit(theirs))
    await other.stop(5)
    assert all(isinstance(o, Applied) for outcomes in both for o in outcomes)
    assert sum([(await kit.tally(f"t{n}"))["count"] for n in range(4)]) == 80


async def test_who_comes_back_after_a_large_commit_is_committed_with_his_company(kit: Kit) -> None:
    """The callers a commit answered come back one after another; the first is not committed alone."""
    commits: list[object] = []
    committer = kit.make(gather_seconds=3)  # long, so that this holds on a slow machine too
    committer.on_commit = commits.append
    committer.start()
    await committer.submit([kit.command(Count(to=f"a{n}"), f"a{n}") for n in range(40)])
    commits.clear()

    async def back(n: int) -> None:
        for _ in range(n):  # each a turn of the loop later than the one before
            await asyncio.sleep(0)
        await committer.submit([kit.command(Count(to=f"b{n}"), f"b{n}")])

    await asyncio.gather(*(back(n) for n in range(30)))
    await committer.stop(5)
    assert len(commits) == 1


async def test_after_small_commits_nobody_waits(kit: Kit) -> None:
    committer = kit.make(gather_seconds=3_600)
    committer.start()
    async with asyncio.timeout(PATIENCE_SECONDS):
        for n in range(8):
            await committer.submit([kit.command(Count(to=f"a{n}"), f"a{n}")])
    await committer.stop(5)


async def test_batching_off_is_the_same_path(kit: Kit) -> None:
    single = kit.make(batch_records_max=1)
    single.start()
    outcomes = await single.submit([kit.command(Count(to=f"r{n % 3}"), f"r{n % 3}") for n in range(12)])
    await single.stop(5)
    assert all(isinstance(o, Applied) for o in outcomes)
    assert sum([(await kit.tally(f"r{n}"))["count"] for n in range(3)]) == 12


async def test_events_are_applied_once_and_in_the_order_of_their_causes(kit: Kit, seed: int) -> None:
    """Three requests, two producers that name each other in `after`, shuffled and delivered twice (kernel
    T4).
    """
    chance = random.Random(seed)
    causes = []
    for stream in ("r1", "r2", "r3"):
        for n in range(1, 16):
            causes.append(event("intake", stream, n, {"dispatch": n - 1} if n % 3 == 0 else {}))
            causes.append(event("dispatch", stream, n, {"intake": n}))
    deliveries = causes * 2
    chance.shuffle(deliveries)
    for start in range(0, len(deliveries), 7):
        await kit.committer.submit(deliveries[start : start + 7])
    for stream in ("r1", "r2", "r3"):
        seen = (await kit.tally(stream))["seen"]
        assert sorted(seen) == sorted(f"{p}:{n}" for p in ("intake", "dispatch") for n in range(1, 16))
        place = {label: at for at, label in enumerate(seen)}
        for n in range(1, 16):
            assert place[f"intake:{n}"] < place[f"dispatch:{n}"]
            if n > 1:
                assert place[f"intake:{n - 1}"] < place[f"intake:{n}"]
            if n % 3 == 0:
                assert place[f"dispatch:{n - 1}"] < place[f"intake:{n}"]
    assert await kit.count("waiting") == 0
    assert await kit.count("progress", {"waiting": {"$ne": 0}}) == 0
    assert await kit.count("outbox") == 90


async def test_an_early_event_waits_and_a_producer_we_do_not_read_is_not_waited_for(kit: Kit) -> None:
    [early] = await kit.committer.submit([event("intake", "r", 2)])
    assert early == Waiting()
    [not_ours] = await kit.committer.submit([event("dispatch", "r", 1, {"notify": 9})])
    assert isinstance(not_ours, Applied)
    await kit.committer.submit([event("intake", "r", 1)])
    assert (await kit.tally("r"))["seen"] == ["dispatch:1", "intake:1", "intake:2"]


async def test_poison_is_parked_with_its_stream_and_nobody_else(kit: Kit) -> None:
    broken.add("bad")
    try:
        bad = event("intake", "p", 1, reason="bad")
        outcomes = await kit.committer.submit([bad, event("intake", "p", 2), event("intake", "q", 1)])
    finally:
        broken.discard("bad")
    assert [type(o) for o in outcomes] == [Parked, Waiting, Applied]
    parked = await kit.db["parked"].find_one({"_id": parked_id(bad)})
    assert parked is not None
    assert parked["reason"].startswith("Bug: ZeroDivisionError")
    assert await kit.count("tallies", {"id": "p"}) == 0
    [again] = await kit.committer.submit([bad])
    assert again == Duplicate(), "the parked event delivered again is not applied behind a person's back"
    [retried] = await kit.committer.submit([replace(bad, retry_of=parked_id(bad))])
    assert isinstance(retried, Applied)
    assert (await kit.tally("p"))["seen"] == ["intake:1", "intake:2"]
    assert await kit.count("parked", {"state": "resolved"}) == 1


async def test_dropping_a_parked_event_advances_its_stream(kit: Kit) -> None:
    broken.add("bad")
    bad = event("intake", "p", 1, reason="bad")
    await kit.committer.submit([bad, event("intake", "p", 2)])
    broken.discard("bad")
    await ask_drop(kit.db, parked_id(bad), "sent twice by mistake")
    await kit.committer.submit([replace(bad, retry_of=parked_id(bad), dropped="sent twice by mistake")])
    assert (await kit.tally("p"))["seen"] == ["intake:2"]
    row = await kit.db["parked"].find_one({"_id": parked_id(bad)})
    assert row is not None
    assert row["resolved_as"] == "sent twice by mistake"


async def test_a_unit_on_a_moved_basis_runs_again_and_the_others_are_not_disturbed(kit: Kit) -> None:
    await kit.committer.submit([kit.command(Count(to=f"r{n}"), f"r{n}") for n in range(30)])
    plan = kit.committer._runner.plan
    moved = False

    async def plan_and_move(causes: Any) -> Any:
        nonlocal moved
        batch = await plan(causes)
        if not moved:
            moved = True
            for n in (3, 17):
                query = {"_id": f"{PROPERTY}:r{n}"}
                await kit.db["tallies"].update_one(query, {"$inc": {"version": 1, "count": 100}})
        return batch

    kit.committer._runner.plan = plan_and_move  # type: ignore[method-assign]
    outcomes = await kit.committer.submit([kit.command(Count(to=f"r{n}"), f"r{n}") for n in range(30)])
    assert all(isinstance(o, Applied) for o in outcomes)
    counts = [(await kit.tally(f"r{n}"))["count"] for n in range(30)]
    assert counts == [102 if n in (3, 17) else 2 for n in range(30)]


async def test_numbers_have_no_gap_and_no_twin_and_unused_ones_become_void(kit: Kit) -> None:
    other = kit.make()
    other.start()
    mine = [kit.command(Count(to=f"a{n}", number=True), f"a{n}") for n in range(60)]
    theirs = [kit.command(Count(to=f"b{n}", number=True), f"b{n}") for n in range(60)]
    bad = [kit.command(Count(to=f"c{n}", number=True, fail="refuse"), f"c{n}") for n in range(5)]
    await asyncio.gather(kit.committer.submit([*mine, *bad]), other.submit(theirs))
    await other.stop(5)
    rows = await kit.db["numbers"].find().sort("number", 1).to_list()
    assert [row["number"] for row in rows] == list(range(1, 126))
    used, voided = await Numbers(kit.db).settle(START.replace(year=2027))
    assert (used, voided) == (120, 5)
    void = await kit.db["numbers"].find({"state": "void"}).to_list()
    assert all(row["reason"] for row in void)
    numbers = [row["number"] async for row in kit.db["tallies"].find({"number": {"$gt": 0}})]
    assert len(set(numbers)) == 120


async def test_a_retried_unit_finds_its_number_again(kit: Kit) -> None:
    bad = kit.command(Count(to="r", number=True, fail="refuse"), "r", key="same")
    await kit.committer.submit([bad])
    [outcome] = await kit.committer.submit([kit.command(Count(to="r", number=True), "r", key="same")])
    assert outcome == Applied(b'{"version":2,"count":1,"number":1}')
    assert await kit.count("numbers") == 1


async def test_opened_streams_have_their_own_gapless_sequence(kit: Kit) -> None:
    causes = [kit.command(Count(to=f"r{n}", open="escalation:w"), f"r{n}") for n in range(10)]
    await kit.committer.submit(causes)
    rows = await kit.db["outbox"].find({"stream": "escalation:w"}).sort("sequence", 1).to_list()
    assert [row["sequence"] for row in rows] == list(range(1, 11))
    assert {row["lane"] for row in rows} == {"urgent"}


async def test_a_unit_whose_event_is_too_large_fails_alone(kit: Kit) -> None:
    """What is found only when the batch is written down still breaks nobody else's unit."""
    large = Count(to="x" * 200_000)
    causes = [
        *(kit.command(Count(to=f"r{n}"), f"r{n}") for n in range(10)),
        kit.command(Count(to="before"), "same"),
        kit.command(large, "same"),
        kit.command(Count(to="after"), "same"),
        event("intake", "e", 1),
    ]
    outcomes = await kit.committer.submit(causes)
    refused = outcomes[11]
    assert isinstance(refused, Refused)
    assert refused.error.kind == "event-too-large"
    assert {type(o) for n, o in enumerate(outcomes) if n != 11} == {Applied}
    assert await kit.count("tallies") == 13
    assert await kit.count("outbox") == 13
    assert await kit.count("parked") == 0


async def test_who_rests_on_an_absence_that_nobody_checks_is_noticed(
    kit: Kit, absences: list[tuple[str, str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The walks over all steps fail if they find one: this shows that they would."""

    async def begins_a_life(unit: Any) -> None:
        assert await unit.load(Tally, unit.cause.payload.to) is None
        unit.emit(RequestSettled(request_id="r", work_order_id="w", settled_at=unit.now))

    monkeypatch.setitem(WIRING.commands, Count, begins_a_life)
    outcomes = await kit.committer.submit([kit.command(Count(to=to), "mine") for to in ("mine", "other")])
    assert [type(o) for o in outcomes] == [Applied] * 2
    assert absences == [("Count", "tallies")], "its own stream is checked, and another's is not"
    absences.clear()


async def test_a_conflict_is_a_rejection_with_its_kind(kit: Kit) -> None:
    [outcome] = await kit.committer.submit([kit.command(Count(to="x", fail="refuse"), "x")])
    assert isinstance(outcome, Refused)
    assert isinstance(outcome.error, Conflict)
