"""What every service's HTTP has.

Tokens, tenancy, policy, idempotency, limits, problems. Over real HTTP on a real database.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import httpx
import jwt
import pytest
from pymongo.errors import PyMongoError

from shared.clock import SystemClock
from shared.kernel.denials import Denials
from shared.mongo.client import connect
from tests.connected.http_kit import Server, open_server
from tests.stack import SessionStack
from tests.waiting import PATIENCE_SECONDS
from tools.stack.ports import free_port

pytestmark = pytest.mark.connected


@pytest.fixture
async def server(stack: SessionStack) -> AsyncIterator[Server]:
    """The application on a free port."""
    async with open_server(stack) as made:
        yield made


async def test_a_command_is_answered_with_its_etag(server: Server) -> None:
    async with server.client() as client:
        answer = await client.post("/counts", json={"to": "r"})
    assert (answer.status_code, answer.headers["etag"]) == (201, '"1"')
    assert answer.json() == {"version": 1, "count": 1, "number": 0}


async def test_a_repeated_key_gets_the_same_answer_and_another_body_409(server: Server) -> None:
    async with server.client() as client:
        key = {"Idempotency-Key": "k1"}
        first = await client.post("/counts", json={"to": "r"}, headers=key)
        again = await client.post("/counts", json={"to": "r"}, headers=key)
        other = await client.post("/counts", json={"to": "x"}, headers=key)
    assert (first.status_code, first.content) == (again.status_code, again.content)
    assert other.status_code == 409
    assert other.json()["field"] == "Idempotency-Key"


@pytest.mark.parametrize(
    ("changes", "kind"),
    [
        ({"secret": "x" * 40}, "invalid-token"),
        ({"exp": 1_000_000_000}, "expired-token"),
        ({"aud": "elsewhere"}, "invalid-token"),
        ({"iss": "nobody"}, "invalid-token"),
        ({"grants": "all of them"}, "invalid-token"),
        ({"grants": [{"scope": "property:garden"}]}, "invalid-token"),
    ],
)
async def test_forged_and_expired_tokens_are_401(
    server: Server, changes: dict[str, object], kind: str
) -> None:
    async with server.client(server.token(**changes)) as client:
        answer = await client.post("/counts", json={"to": "r"})
    assert answer.status_code == 401
    assert answer.json()["type"].endswith(kind)
    assert answer.headers["www-authenticate"] == "Bearer"


async def test_unsigned_tokens_are_401(server: Server) -> None:
    claims = jwt.decode(server.token(), options={"verify_signature": False})
    async with server.client(jwt.encode(claims, "", algorithm="none")) as client:
        assert (await client.post("/counts", json={"to": "r"})).status_code == 401


async def test_tenancy_a_foreign_property_answers_like_nonsense_and_is_recorded(server: Server) -> None:
    async with server.client() as client:
        foreign = await client.post(f"{server.url}/v1/properties/tower/counts", json={"to": "r"})
        nonsense = await client.post(f"{server.url}/v1/properties/%20!/counts", json={"to": "r"})
    assert foreign.status_code == nonsense.status_code == 404
    assert foreign.content == nonsense.content
    await server.runtime.denials.flush()
    rows = await server.runtime.db["denials"].find({"kind": "no-such-property"}).to_list()
    assert (rows[0]["sub"], rows[0]["property_id"]) == ("li", "tower")


async def test_tenancy_what_is_denied_while_the_store_is_away_is_recorded_later(server: Server) -> None:
    away = connect(f"mongodb://127.0.0.1:{free_port()}/", "test", selection_timeout_ms=100)
    denials = Denials(away["x"], SystemClock())
    denials.record("li", "tower", "GET", "/one")
    for _ in range(2):
        with pytest.raises(PyMongoError):
            await denials.flush()
    denials.record("li", "tower", "GET", "/two")
    denials._db = server.runtime.db
    for _ in range(2):
        await denials.flush()
    rows = await server.runtime.db["denials"].find({"kind": "no-such-property"}).sort("path", 1).to_list()
    assert [row["path"] for row in rows] == ["/one", "/two"]
    await away.close()


async def test_tenancy_what_is_being_written_when_the_process_is_told_to_end_is_not_lost(
    server: Server,
) -> None:
    class Slow:
        async def insert_many(self, *_: object, **__: object) -> None:
            await asyncio.Event().wait()

    denials = Denials(cast("Any", {"denials": Slow()}), SystemClock())
    denials.record("li", "tower", "GET", "/late", kind="told-late")
    flushing = asyncio.create_task(denials.flush())
    await asyncio.sleep(0)
    flushing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await flushing
    denials._db = server.runtime.db
    await denials.flush()
    assert await server.runtime.db["denials"].count_documents({"kind": "told-late"}) == 1


async def test_tenancy_an_expired_grant_is_no_grant(server: Server) -> None:
    grants = [{"scope": "property:garden", "role": "cashier", "until": 1_000_000_000}]
    async with server.client(server.token(grants=grants)) as client:
        assert (await client.post("/counts", json={"to": "r"})).status_code == 404


async def test_the_policy_decides_and_denies_by_default(server: Server) -> None:
    until = int((datetime.now(UTC) + timedelta(hours=1)).timestamp())
    for role in ("technician", "nobody"):
        grants = [{"scope": "property:garden", "role": role, "until": until}]
        async with server.client(server.token(grants=grants)) as client:
            answer = await client.post("/counts", json={"to": "r"})
        assert answer.status_code == 403
    assert await server.runtime.db["tallies"].count_documents({}) == 0


@pytest.mark.parametrize(
    ("content", "status", "field"),
    [
        (b'{"to": "r", "more": 1}', 422, "more"),
        (b'{"to": 5}', 422, "to"),
        (b"{}", 422, "to"),
        (b'{"to": "' + b"x" * 51 + b'"}', 422, "to"),
        (b'{"to": "\\ud800"}', 422, "to"),
        (b"[]", 422, "body"),
        (b'{"to"', 400, "1"),
        (b'{"to": "\xff\xfe"}', 400, None),
        (b'{"to": "' + b"x" * 20_000 + b'"}', 413, "body"),
        (b"[" * 9_000, 400, None),
        (b'{"to": ' + b"9" * 5_000 + b"}", 400, None),
        (b'{"to": NaN}', 422, "to"),
        (b'{"to": "r", "to": 7}', 422, "to"),
        (b'{"to": {"$gt": ""}}', 422, "to"),
    ],
)
async def test_bad_bodies_name_the_field_and_change_nothing(
    server: Server, content: bytes, status: int, field: str | None
) -> None:
    async with server.client() as client:
        answer = await client.post("/counts", content=content, headers={"Content-Type": "application/json"})
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    if field and status != 400:
        assert answer.json()["field"] == field
    assert await server.runtime.db["tallies"].count_documents({}) == 0


async def test_a_body_without_length_is_bounded_too(server: Server) -> None:
    async def chunks() -> AsyncIterator[bytes]:
        yield b'{"to": "'
        for _ in range(20):
            yield b"x" * 1_000

    async with server.client() as client:
        answer = await client.post("/counts", content=chunks())
    assert answer.status_code == 413


async def test_a_bug_is_500_without_a_trace(server: Server) -> None:
    async with server.client() as client:
        answer = await client.post("/counts", json={"to": "r", "fail": "bug"})
    assert answer.status_code == 500
    assert "Traceback" not in answer.text
    assert "ZeroDivision" not in answer.text


async def test_lists_have_pages_with_a_cursor(server: Server) -> None:
    async with server.client() as client:
        first = (await client.get("/counts", params={"limit": 3})).json()
        second = (await client.get("/counts", params={"limit": 3, "cursor": first["next"]})).json()
        bad = await client.get("/counts", params={"cursor": "§"})
        large = await client.get("/counts", params={"limit": 100_000})
    assert (first["items"], second["items"]) == ([0, 1, 2], [3, 4, 5])
    assert (bad.status_code, bad.json()["field"]) == (422, "cursor")
    assert (large.status_code, large.json()["field"]) == (422, "limit")


async def test_ready_only_while_the_loops_progress(server: Server) -> None:
    async with httpx.AsyncClient(base_url=server.url, timeout=PATIENCE_SECONDS) as client:
        assert (await client.get("/health/live")).status_code == 200
        assert (await client.get("/health/ready")).status_code == 200
        server.runtime.expect("relay")
        answer = await client.get("/health/ready")
        assert (answer.status_code, answer.json()["silent"]) == (503, ["relay"])
        server.runtime.beat("relay")
        assert (await client.get("/health/ready")).status_code == 200


async def test_the_documents_are_served(server: Server) -> None:
    async with httpx.AsyncClient(base_url=server.url, timeout=PATIENCE_SECONDS) as client:
        assert (await client.get("/docs")).status_code == 200
        openapi = (await client.get("/openapi.json")).json()
        assert "Problem" in openapi["components"]["schemas"]
        asyncapi = (await client.get("/asyncapi.json")).json()
        assert asyncapi["asyncapi"] == "3.0.0"
        assert "billing.request.settled.v1" in asyncapi["components"]["messages"]
        assert b"guanjia_units" in (await client.get("/metrics")).content
