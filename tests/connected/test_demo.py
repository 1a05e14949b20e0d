"""The demonstration on the whole platform.

The cases from ring to receipt, the stream, the view, a replay for training.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import random
import subprocess
import sys
from collections import Counter
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest
import pytest_asyncio

from shared.clock import SystemClock
from shared.events.envelope import PRODUCERS
from tests.connected.demo_kit import all_read, databases, directory_of, reader, report_lift, slips_of
from tests.connected.platform_kit import Platform, own_platform
from tests.connected.profiling import unserved, watch_queries
from tests.stack import SessionStack
from tests.unit.tools.test_nyc311 import FILE, here
from tests.waiting import PATIENCE_SECONDS
from tools.client import until
from tools.demo import stream as stream_module
from tools.demo.cases import CASES, Told, tell
from tools.demo.group import demonstration_group, training_estate
from tools.demo.load import load_group
from tools.demo.stream import WEIGHTS, Stream
from tools.exits import Stop
from tools.importing.convert import Call
from tools.importing.engine import Job, run_import
from tools.importing.mapping import load_mapping
from tools.importing.progress import open_progress
from tools.importing.replaying import Player
from tools.importing.sending import IntakeSender
from tools.life import whole_life
from tools.view.collect import Collector
from tools.view.figures import line
from tools.view.render import screen

pytestmark = [
    pytest.mark.connected,
    pytest.mark.asyncio(loop_scope="module"),
]
GROUP = demonstration_group()
TOWER = GROUP[0]
BEGAN = datetime.now(UTC)
"""The view counts what is of this day: that midnight passes meanwhile takes nothing from it."""


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def platform(stack: SessionStack, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Platform]:
    """All services as processes, and the group loaded."""
    async with own_platform(stack, tmp_path_factory.mktemp("platform")) as running:
        async with databases(running) as dbs:
            for db in dbs:
                await watch_queries(db)
        await load_group(running.machine, GROUP, lambda _: None)
        yield running


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def told(platform: Platform) -> list[Told]:
    """The six cases, told once."""
    return await tell(platform.machine, TOWER.id, quiet=True)


async def test_the_six_cases_end_as_they_should(told: list[Told]) -> None:
    assert [(case.number, case.reason) for case in told] == [(n, "") for n in range(1, len(CASES) + 1)]
    assert all(case.good for case in told)
    for case in told:
        assert {line.service for line in case.lines} == {"intake", "dispatch", "billing", "notify"}
        assert all(line.zh and line.en for line in case.lines)


async def test_the_whole_life_of_a_case_is_there(platform: Platform, told: list[Told]) -> None:
    life = await whole_life(platform.machine, TOWER.id, told[1].request_id)
    assert life is not None
    assert life.request["status"] == "SATISFIED"
    assert [order["status"] for order in life.work_orders] == ["CLOSED"]
    assert life.account is not None
    assert life.account["settled"]
    assert {item["source"] for item in life.timeline} == {"intake", "dispatch", "billing", "notify"}
    by_reference = await whole_life(platform.machine, TOWER.id, life.request["reference"])
    assert by_reference is not None
    assert by_reference.request["id"] == told[1].request_id
    assert await whole_life(platform.machine, "villa", told[1].request_id) is None
    with pytest.raises(Stop, match="no property nowhere"):
        await whole_life(platform.machine, "nowhere", told[1].request_id)


async def test_loading_the_group_again_changes_nothing_but_shifts(platform: Platform) -> None:
    async with reader(platform) as client:
        before = await directory_of(client)
        await load_group(platform.machine, (TOWER,), lambda _: None)
        assert await directory_of(client) == before
    assert [len(before[name]) for name in ("units", "people", "staff", "guide")] == [48, 48, 14, 9]


async def test_the_stream_makes_work_money_and_messages(
    platform: Platform, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    monkeypatch.setattr(stream_module, "PAUSE_SECONDS", (0.0, 0.05))
    print(f"seed {seed}")
    stream = Stream(platform.machine, GROUP, rate_per_minute=120, seed=str(seed))
    collector = Collector(platform.machine, GROUP, stream.ended)
    async with collector.client:
        playing = asyncio.create_task(stream.run())

        async def enough() -> bool:
            figures = await collector.figures(BEGAN)
            return (
                stream.ended.total() >= 12 and figures.received.total() > 0 and figures.messages["sent"] > 10
            )

        try:
            await until(enough, seconds=2 * PATIENCE_SECONDS, what="work, money and messages")
        finally:
            playing.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await playing
    assert stream.ended["failed"] == 0, stream.ended
    assert set(stream.ended) <= set(WEIGHTS)


async def test_the_view_shows_what_the_services_say(platform: Platform, told: list[Told]) -> None:
    collector = Collector(platform.machine, GROUP, Counter())
    async with collector.client:
        figures = await collector.figures(BEGAN)
    assert figures.unanswered == set()
    assert len(figures.processes) == 9
    assert figures.contacts >= len(told)
    assert figures.slips >= len(told)
    assert figures.received.total() > 0
    assert "calls=" in line(figures)
    assert screen(figures, BEGAN, TOWER.zone)


@here
async def test_a_replay_trains_without_a_message_leaving_the_machine(platform: Platform) -> None:
    await until(lambda: all_read(platform), seconds=PATIENCE_SECONDS, what="the slips of the tests before")
    before = {estate.id: await slips_of(platform, estate) for estate in GROUP}
    player = Player(load_mapping("nyc311"), training_estate().id, speed=1e9, limit=40)
    account = await player.play(platform.machine, FILE, quiet=True)
    assert account.imported == 40, account.skips
    training = training_estate()

    async def slips() -> bool:
        return await slips_of(platform, training) >= 40

    await until(slips, seconds=PATIENCE_SECONDS, what="a slip for every replayed call")
    async with reader(platform, training) as client:
        base = f"/v1/properties/{training.id}/messages"
        messages = [one async for one in client.all("notify", base)]
    assert messages
    assert {one["channel"] for one in messages} == {"training"}
    addresses = {address for one in training.staff for address in (one.phone, one.email)}
    assert not addresses & {row["to"] for row in platform.gateway.mailbox.newest(1_000)}
    assert {estate.id: await slips_of(platform, estate) for estate in GROUP} == before


@here
async def test_history_makes_no_work_and_no_message(platform: Platform, tmp_path: Path) -> None:
    garden = GROUP[2]
    slips, mapping = await slips_of(platform, garden), load_mapping("nyc311")
    job = Job(FILE, mapping, garden.id, "history", SystemClock().now())
    async with reader(platform, garden) as client:
        sender = IntakeSender(client, garden.id, "history", mapping.source)
        account = await run_import(job, sender, open_progress(tmp_path, "a"), lambda _: None)
        assert account.imported > 200
        # A request that comes after the history on the same lane has its slip: the history was read by then.
        marker = await report_lift(client, garden)

        async def slip() -> bool:
            path = f"/v1/properties/{garden.id}/work-orders"
            return bool((await client.get("dispatch", path, request_id=marker))["items"])

        await until(slip, seconds=PATIENCE_SECONDS, what="the slip of a call after the history")
        assert await slips_of(platform, garden) == slips + 1
        one = next(call for call in job.converted() if isinstance(call, Call))
        path = f"/v1/properties/{garden.id}/messages"
        assert (await client.get("notify", path, request_id=one.request_id))["items"] == []


async def test_an_operator_verifies_replays_and_looks_at_what_is_parked(
    platform: Platform, told: list[Told]
) -> None:
    async def guanjia(*arguments: str) -> tuple[int, str]:
        environment = os.environ | {"GUANJIA_DATA": str(platform.data)}
        command = [sys.executable, "-c", "from tools.cli import app; app()", *arguments]
        process = await asyncio.create_subprocess_exec(
            *command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
        )
        output, _ = await process.communicate()
        return process.returncode or 0, output.decode()

    code, said = await guanjia("parked", "list")
    assert (code, said) == (0, "nothing is parked\n")
    slips = await slips_of(platform, TOWER)
    before = await whole_life(platform.machine, TOWER.id, told[1].request_id)
    code, said = await guanjia("replay", "intake", "--since", "2020-01-01", "--json")
    assert code == 0, said
    assert sum(json.loads(said)["sent"].values()) > len(told)
    code, said = await guanjia("verify", "--json")
    assert code == 0, said
    assert json.loads(said)["sound"]
    assert await slips_of(platform, TOWER) == slips
    assert await whole_life(platform.machine, TOWER.id, told[1].request_id) == before
    code, said = await guanjia("show", told[1].request_id, "-p", TOWER.id)
    assert (code, "派工单" in said, "times in Asia/Shanghai" in said) == (0, True, True), said
    code, said = await guanjia("parked", "retry", "intake", "no-such-row")
    assert (code, said) == (1, "guanjia: nothing is parked under no-such-row\n")


async def test_one_trace_goes_from_the_call_to_the_message(platform: Platform, told: list[Told]) -> None:
    """Guarantee 12: the caller's trace context is on every event and on what the owner gets, at night too."""
    assert told
    machine = platform.machine
    trace = f"00-{random.getrandbits(128):032x}-{random.getrandbits(64):016x}-01"
    token = machine.token("trace", [(f"property:{TOWER.id}", "cs_supervisor")])
    body = {
        "procedure": "repair-report",
        "urgency": "emergency",
        "category": "lift",
        "area": "public",
        "place": "客梯2号",
        "description": "电梯停了",
        "fields": {"part": "电梯"},
        "requester": {"name": "王", "phone": "13900139099"},
        "contact": {"channel": "hotline"},
    }
    async with httpx.AsyncClient(
        base_url=machine.addresses.of("intake"), trust_env=False, timeout=PATIENCE_SECONDS
    ) as http:
        headers = {"Authorization": f"Bearer {token}", "traceparent": trace}
        answer = await http.post(f"/v1/properties/{TOWER.id}/requests", json=body, headers=headers)
    assert answer.status_code == 201, answer.text

    async def received() -> bool:
        shown = platform.gateway.mailbox.newest(1_000, to="+8613900139099")
        return any(message["traceparent"] == trace for message in shown)

    await until(received, seconds=PATIENCE_SECONDS, what="a message with the trace of its call")
    emitted = 0
    async with databases(platform) as dbs:
        for db in dbs[: len(PRODUCERS)]:
            mine = {"property_id": TOWER.id, "stream": answer.json()["id"]}
            traces = {row["traceparent"] async for row in db["outbox"].find(mine, {"traceparent": 1})}
            assert traces <= {trace}, db.name
            emitted += bool(traces)
    assert emitted >= 2, "intake and dispatch at least; billing has nothing to say yet"


async def test_every_query_of_all_this_was_served_by_an_index(platform: Platform, told: list[Told]) -> None:
    """What the services, their loops and the operator's commands asked for in the tests above."""
    assert told
    asked, unserved_of = 0, {}
    async with databases(platform) as dbs:
        for db in dbs:
            count, unserved_of[db.name] = await unserved(db)
            asked += count
    assert {name: found for name, found in unserved_of.items() if found} == {}
    assert asked > 500


@pytest.mark.parametrize(
    ("service", "path", "body", "zh", "en"),
    [
        ("intake", "/requests/none-1", None, "本物业没有这项工单。", "There is no such request"),
        ("dispatch", "/work-orders/none-1", None, "本物业没有这张派工单。", "There is no such work order"),
        ("billing", "/quotes/none-1", None, "本物业没有这项报价", "there is no such quote here"),
        ("notify", "/messages/none-1", None, "没有这条消息", "there is no such message here"),
        ("intake", "/requests", {"contact": 7}, "procedure：此项必填", "procedure: Field required"),
    ],
)
async def test_language_of_a_refusal_of_each_service(
    platform: Platform, service: str, path: str, body: object, zh: str, en: str
) -> None:
    machine = platform.machine
    token = machine.token("night", [(f"property:{TOWER.id}", role) for role in ("director", "cs_officer")])
    async with httpx.AsyncClient(
        base_url=machine.addresses.of(service), trust_env=False, timeout=PATIENCE_SECONDS
    ) as http:
        for asked, language, detail in (("zh-CN,zh;q=0.9", "zh", zh), ("en-GB", "en", en), ("", "en", en)):
            headers = {"Authorization": f"Bearer {token}", "Accept-Language": asked}
            verb, url = "POST" if body else "GET", f"/v1/properties/{TOWER.id}{path}"
            answer = await http.request(verb, url, json=body, headers=headers)
            assert answer.status_code == (422 if body else 404), answer.text
            assert answer.json()["detail"].startswith(detail)
            assert answer.headers["content-language"] == language
