"""Commands to intake that come again, or cross another: one effect, one answer, and a clear conflict."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

import pytest

from shared.ids import new_id
from tests.connected.intake_kit import Estate
from tests.connected.problems import problem

pytestmark = [pytest.mark.connected, pytest.mark.asyncio(loop_scope="module")]
NOW = datetime.now(UTC)


async def test_a_repeated_key_gets_the_first_answer_and_another_body_is_a_conflict(estate: Estate) -> None:
    headers = {"Idempotency-Key": new_id()}
    async with estate.client() as client:
        first = await client.post("/requests", json=estate.repair(), headers=headers)
        counted = await estate.counts()
        again = await client.post("/requests", json=estate.repair(), headers=headers)
        other = await client.post("/requests", json=estate.repair(description="else"), headers=headers)
    assert (first.status_code, again.status_code) == (201, 201)
    assert again.content == first.content
    problem(other, 409, "key-reused", "Idempotency-Key")
    assert await estate.counts() == counted


async def test_the_same_id_and_body_is_the_same_request_and_another_body_a_conflict(estate: Estate) -> None:
    body = estate.repair(request_id=new_id())
    async with estate.client() as client:
        first = await client.post("/requests", json=body)
        again = await client.post("/requests", json=body)
        assert again.content == first.content
        problem(await client.post("/requests", json={**body, "description": "else"}), 409)
        named = await client.post("/requests", json=body, headers={"Idempotency-Key": new_id()})
        problem(named, 409, "request-exists", "request_id")


async def test_twenty_callers_of_one_key_make_one_request(estate: Estate) -> None:
    headers = {"Idempotency-Key": new_id()}
    async with estate.client() as client:
        calls = [client.post("/requests", json=estate.repair(), headers=headers) for _ in range(20)]
        answers = await asyncio.gather(*calls)
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.content for answer in answers}) == 1
    assert (await estate.counts())["requests"] == 1


async def test_a_repeated_action_is_done_once(estate: Estate) -> None:
    taken = await estate.accept()
    headers = {"Idempotency-Key": new_id()}
    async with estate.client() as client:
        path = f"/requests/{taken['id']}/raise-urgency"
        body = {"urgency": "urgent", "reason": "worse"}
        first = await client.post(path, json=body, headers=headers)
        again = await client.post(path, json=body, headers=headers)
        assert (first.status_code, first.content) == (200, again.content)
        changed = await client.post(path, json={**body, "reason": "else"}, headers=headers)
        problem(changed, 409, "key-reused")
    assert (await estate.read(taken["id"]))["version"] == 2


@pytest.mark.parametrize("version", ['"0"', '"7"', 'W/"7"'])
async def test_a_stale_if_match_changes_nothing(estate: Estate, version: str) -> None:
    taken = await estate.accept()
    before = await estate.counts()
    body = {"urgency": "urgent", "reason": "worse"}
    async with estate.client() as client:
        path = f"/requests/{taken['id']}/raise-urgency"
        stale = await client.post(path, json=body, headers={"If-Match": version})
        problem(stale, 412, "stale-version", "If-Match")
        assert await estate.counts() == before
        assert (await client.post(path, json=body, headers={"If-Match": '"1"'})).status_code == 200


@pytest.mark.parametrize(
    ("header", "value"), [("If-Match", "seven"), ("If-Match", '"-1"'), ("Idempotency-Key", "k" * 129)]
)
async def test_a_header_that_means_nothing_is_refused(estate: Estate, header: str, value: str) -> None:
    async with estate.client() as client:
        answer = await client.post("/requests", json=estate.repair(), headers={header: value})
    problem(answer, 422, "invalid-header", header)
