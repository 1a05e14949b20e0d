"""Imports against a real intake.

Row by row, nothing twice, history as history, and the city's thousand calls.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from shared.ids import new_id
from shared.kernel.runtime import Runtime
from tests.connected.intake_kit import Estate, new_property, token
from tests.unit.tools.exports import GOOD, write_export, write_mapping
from tests.unit.tools.test_nyc311 import FILE, here
from tests.waiting import PATIENCE_SECONDS
from tools.client import Addresses, Client
from tools.importing.account import Account
from tools.importing.engine import Job, run_import
from tools.importing.mapping import load_mapping
from tools.importing.progress import open_progress
from tools.importing.replaying import Player
from tools.importing.sending import IntakeSender

pytestmark = [
    pytest.mark.connected,
    pytest.mark.asyncio(loop_scope="module"),
]


@pytest_asyncio.fixture(loop_scope="module")
async def estate(intake: tuple[Runtime, str]) -> Estate:
    """An open training property nobody else uses."""
    estate = Estate(*intake, new_property())
    await estate.open(training=True)
    return estate


@pytest_asyncio.fixture(loop_scope="module")
async def client(estate: Estate) -> AsyncIterator[Client]:
    """The administrator who imports."""
    port = int(estate.url.rsplit(":", 1)[1])
    bearer = token(estate.property_id, "administrator")
    async with Client(Addresses(base_port=port), bearer, timeout_seconds=PATIENCE_SECONDS) as speaking:
        yield speaking


def row(**changed: Any) -> dict[str, Any]:
    return {
        "request_id": new_id(),
        "origin": "history",
        "import_source": "old-desk",
        "procedure": "repair-report",
        "category": "plumbing",
        "reported_at": "2018-06-26T10:58:54-04:00",
        **changed,
    }


async def send(client: Client, estate: Estate, *rows: dict[str, Any]) -> list[dict[str, Any]]:
    path = f"/v1/properties/{estate.property_id}/requests/import"
    answer = await client.post("intake", path, {"requests": list(rows)})
    return list(answer["rows"])


async def test_each_row_is_answered_by_itself(client: Client, estate: Estate) -> None:
    good, bare = row(), row(place="", description="")
    rows = [
        good,
        row(procedure="no-such"),
        row(reported_at="2018-06-26"),
        row(phone="1"),
        row(request_id=""),
        row(import_source=""),
        row(origin="live", import_source="old-desk", reported_at="2018-06-26T10:58:54-04:00"),
        bare,
    ]
    answers = await send(client, estate, *rows)
    assert [one["outcome"] for one in answers] == ["accepted", *["refused"] * 6, "accepted"]
    fields = [one["field"] for one in answers[1:7]]
    assert fields == ["procedure", "reported_at", "phone", "request_id", "import_source", "reported_at"]
    assert [one["request_id"] for one in answers] == [one["request_id"] for one in rows]
    assert (await estate.counts())["requests"] == 2


async def test_a_row_sent_again_changes_nothing(client: Client, estate: Estate) -> None:
    first = row()
    assert [one["outcome"] for one in await send(client, estate, first)] == ["accepted"]
    before = await estate.counts()
    again = await send(client, estate, first, {**first, "category": "lift"}, first)
    assert [one["outcome"] for one in again] == ["repeated", "repeated", "repeated"]
    assert await estate.counts() == before
    assert (await estate.read(first["request_id"]))["category"] == "plumbing"


async def test_the_limits_of_a_bulk_are_kept(estate: Estate) -> None:
    async with estate.client("administrator") as http:
        empty = await http.post("/requests/import", json={"requests": []})
        many = await http.post("/requests/import", json={"requests": [{}] * 501})
        strange = await http.post("/requests/import", json={"requests": ["x"]})
    assert [answer.status_code for answer in (empty, many, strange)] == [422, 422, 422]
    async with estate.client("cs_officer") as http:
        assert (await http.post("/requests/import", json={"requests": [row()]})).status_code == 403


async def test_history_keeps_its_times_and_starts_nothing(
    client: Client, estate: Estate, tmp_path: Path
) -> None:
    mapping = load_mapping(str(write_mapping(tmp_path)))
    job = Job(write_export(tmp_path, GOOD), mapping, estate.property_id, "history", datetime.now(UTC))
    sender = IntakeSender(client, estate.property_id, "history", mapping.source)
    account = await run_import(job, sender, open_progress(tmp_path, "a"), lambda _: None)
    assert (account.imported, account.skips) == (1, [])
    call = next(iter(job.converted()))
    read = await estate.read(call.request_id)  # type: ignore[union-attr]
    assert read["reported_at"] == "2025-03-01T00:30:00Z"
    assert read["closed_at"] == "2025-03-01T04:00:00Z"
    assert (read["status"], read["origin"], read["first_contact_id"]) == ("ANSWERED", "history", "imported")
    assert read["caller"]["phone"] == "+8613800138000"
    counted = await estate.counts()
    assert (counted["requests"], counted["contacts"], counted["timers"]) == (1, 1, 0)


async def test_live_comes_as_if_it_came_now(client: Client, estate: Estate, tmp_path: Path) -> None:
    mapping = load_mapping(str(write_mapping(tmp_path)))
    began = estate.runtime.clock.now()
    export = write_export(tmp_path, GOOD.replace("已完成", "处理中"))
    job = Job(export, mapping, estate.property_id, "live", began)
    sender = IntakeSender(client, estate.property_id, "live", mapping.source)
    account = await run_import(job, sender, open_progress(tmp_path, "a"), lambda _: None)
    assert (account.imported, account.skips) == (1, [])
    call = next(iter(job.converted()))
    read = await estate.read(call.request_id)  # type: ignore[union-attr]
    assert read["status"] == "OPEN"
    assert datetime.fromisoformat(read["reported_at"]) >= began


@here
@pytest.mark.parametrize("mode", ["history", "live", "replay"])
async def test_all_thousand_calls_of_the_city_are_accounted_for(
    client: Client, estate: Estate, tmp_path: Path, mode: Any
) -> None:
    mapping = load_mapping("nyc311")
    job = Job(FILE, mapping, estate.property_id, mode, datetime.now(UTC))
    sender = IntakeSender(client, estate.property_id, mode, mapping.source)
    account = await run_import(job, sender, open_progress(tmp_path, mode), lambda _: None)
    assert account.skipped["refused"] == 0, account.skips
    assert account.imported + account.skipped.total() == 1_000
    counted = await estate.counts()
    assert counted["requests"] == account.imported
    assert counted["contacts"] == account.imported - account.not_supplied["channel"]
    again = await run_import(job, sender, open_progress(tmp_path, "again"), lambda _: None)
    assert (again.imported, again.there_before) == (0, account.imported)
    assert await estate.counts() == counted


@here
async def test_a_replay_plays_calls_once_in_order(client: Client, estate: Estate) -> None:
    mapping = load_mapping("nyc311")
    player = Player(mapping, estate.property_id, speed=1e9, at_once=4, limit=60)
    for imported, before in ((60, 0), (0, 60)):
        job = Job(FILE, mapping, estate.property_id, "replay", datetime.now(UTC))
        account = Account()
        calls = player.in_time_order(job, account)
        sender = IntakeSender(client, estate.property_id, "replay", mapping.source)
        await player.send(calls, sender, account, lambda _: None)
        assert (account.imported, account.there_before) == (imported, before)
    assert (await estate.counts())["requests"] == 60
