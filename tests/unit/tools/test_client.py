"""The HTTP client: the same key while a call is tried again, patience with a busy service, one line for what
went wrong.
"""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from tests.waiting import PATIENCE_SECONDS
from tools.client import Addresses, ApiError, Client, NotYetError, UnreachableError, until

Answer = tuple[int, dict[str, str], object]


class Service:
    """A small HTTP server that answers from a list, and remembers what it was asked."""

    def __init__(self, answers: list[Answer]) -> None:
        self.asked: list[tuple[str, dict[str, str], object]] = []
        asked = self.asked

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                body = self.rfile.read(int(self.headers.get("content-length", "0")))
                headers = {name.lower(): value for name, value in self.headers.items()}
                asked.append((f"{self.command} {self.path}", headers, json.loads(body or b"null")))
                status, extra, document = answers.pop(0)
                content = json.dumps(document).encode()
                self.send_response(status)
                for name, value in (extra | {"content-length": str(len(content))}).items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(content)

            do_POST = do_GET  # noqa: N815

            def log_message(self, format: str, *args: object) -> None:
                """Say nothing."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)


@asynccontextmanager
async def serving(
    *answers: Answer, patience: float = PATIENCE_SECONDS
) -> AsyncIterator[tuple[Service, Client]]:
    """A service and a client of it."""
    service = Service(list(answers))
    thread = threading.Thread(target=service.server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        addresses = Addresses(base_port=service.server.server_port)
        async with Client(addresses, "secret", patience_seconds=patience) as client:
            yield service, client
    finally:
        service.server.shutdown()
        service.server.server_close()
        thread.join()


async def test_a_busy_service_is_asked_again_under_the_same_key() -> None:
    busy: Answer = (503, {"retry-after": "0"}, {"type": "https://x/problems/busy"})
    async with serving(busy, busy, (201, {}, {"id": "r1"})) as (service, client):
        assert await client.post("intake", "/v1/things", {"名": 1}) == {"id": "r1"}
    keys = {headers["idempotency-key"] for _, headers, _ in service.asked}
    assert len(service.asked) == 3
    assert len(keys) == 1
    assert service.asked[0][1]["authorization"] == "Bearer secret"
    assert service.asked[0][2] == {"名": 1}


async def test_two_posts_have_two_keys_and_a_version_is_sent() -> None:
    async with serving((200, {}, {}), (200, {}, {}), (200, {}, {})) as (service, client):
        await client.post("intake", "/a", {}, version=4)
        await client.post("intake", "/a", {})
        await client.post("intake", "/a", {}, key="mine")
    assert service.asked[0][1]["if-match"] == '"4"'
    keys = [headers["idempotency-key"] for _, headers, _ in service.asked]
    assert len(set(keys)) == 3
    assert keys[2] == "mine"


async def test_a_refusal_carries_its_problem() -> None:
    refusal = {
        "type": "https://guanjia.example/problems/invalid-phone",
        "detail": "no number",
        "field": "phone",
    }
    async with serving((422, {}, refusal)) as (_, client):
        with pytest.raises(ApiError, match="422 invalid-phone no number") as caught:
            await client.post("intake", "/v1/things", {})
    assert (caught.value.status, caught.value.kind, caught.value.field) == (422, "invalid-phone", "phone")


async def test_nothing_found_is_none_and_other_refusals_are_errors() -> None:
    async with serving((404, {}, {}), (403, {}, {})) as (_, client):
        assert await client.find("intake", "/v1/things/x") is None
        with pytest.raises(ApiError):
            await client.find("intake", "/v1/things/x")


async def test_a_list_is_read_to_its_end() -> None:
    first = {"items": [{"n": 1}, {"n": 2}], "next": "abc"}
    async with serving((200, {}, first), (200, {}, {"items": [{"n": 3}], "next": None})) as (service, client):
        assert [item["n"] async for item in client.all("intake", "/v1/things", state="open")] == [1, 2, 3]
    assert [line for line, _, _ in service.asked] == [
        "GET /v1/things?state=open",
        "GET /v1/things?state=open&cursor=abc",
    ]


async def test_nobody_there_is_said_in_one_line() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
        async with Client(Addresses(base_port=port), "secret", patience_seconds=0) as client:
            with pytest.raises(UnreachableError, match=f"intake does not answer at http://127.0.0.1:{port}"):
                await client.get("intake", "/v1/things")


async def test_a_condition_is_waited_for_and_named_when_it_does_not_come() -> None:
    answers = iter(["", "", "there"])

    async def look() -> str:
        return next(answers, "")

    assert await until(look, seconds=PATIENCE_SECONDS, what="it", every_seconds=0.001) == "there"
    never: Callable[[], Awaitable[str]] = look
    with pytest.raises(NotYetError, match="the slip: not within"):
        await until(never, seconds=0.02, what="the slip", every_seconds=0.001)
