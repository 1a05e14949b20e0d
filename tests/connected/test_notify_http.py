"""The HTTP of notify: lists, masks, the list a person sees to, and bad input."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import jwt
import pytest

from services.notify.api import router
from shared.events.intake import Requester
from shared.http.app import make_app
from shared.settings import Settings
from tests.connected.notify_kit import MAIL_ONLY, WANG, Notify, accepted, issued, notify
from tests.serving import serving
from tests.waiting import PATIENCE_SECONDS, until
from tools.gateway.server import Running

pytestmark = pytest.mark.connected
HERE = "/v1/properties/garden/messages"


@pytest.fixture
async def front(settings: Settings, servers: Running) -> AsyncIterator[Notify]:
    """The process that serves HTTP."""
    addresses = {"gateway_url": servers.url, "smtp_port": servers.smtp_port, "message_poll_ms": 50}
    async with notify(settings.model_copy(update=addresses)) as process:
        await process.configure()
        yield process


@pytest.fixture
async def base(front: Notify) -> AsyncIterator[str]:
    """Its address."""
    async with serving(make_app(front.runtime, [router])) as url:
        yield url


def client(front: Notify, base: str, *roles: str, scope: str = "property:garden") -> httpx.AsyncClient:
    """A client of somebody with these roles."""
    until_at = int((datetime.now(UTC) + timedelta(hours=1)).timestamp())
    settings = front.runtime.settings
    claims = {
        "sub": "mei",
        "iss": settings.jwt_issuer,
        "aud": settings.jwt_audience,
        "exp": until_at,
        "grants": [{"scope": scope, "role": role, "until": until_at} for role in roles],
    }
    token = jwt.encode(claims, settings.jwt_secret.get_secret_value(), algorithm="HS256")
    return httpx.AsyncClient(
        base_url=base, headers={"Authorization": f"Bearer {token}"}, timeout=PATIENCE_SECONDS
    )


async def test_lists_are_filtered_paged_newest_first_and_masked(front: Notify, base: str) -> None:
    for n in range(7):
        await front.feed(accepted(f"r{n}"), f"r{n}")
    async with client(front, base, "cs_officer") as http:
        seen: list[dict[str, Any]] = []
        cursor = ""
        while True:
            page = (await http.get(HERE, params={"limit": 3, "cursor": cursor})).json()
            seen += page["items"]
            cursor = page["next"]
            if cursor is None:
                break
        assert [m["request_id"] for m in seen] == [f"r{n}" for n in reversed(range(7))]
        assert {m["address"] for m in seen} == {"**********8000"}
        one = (await http.get(HERE, params={"request_id": "r3", "state": "queued"})).json()["items"]
        assert [m["request_id"] for m in one] == ["r3"]
        assert (await http.get(HERE, params={"state": "sent"})).json() == {"items": [], "next": None}
        detail = await http.get(f"{HERE}/{one[0]['message_id']}")
        assert detail.json() == one[0]
        assert detail.headers["etag"] == f'"{one[0]["version"]}"'
        assert WANG.phone not in detail.text


async def test_a_person_sees_to_what_is_on_the_list(front: Notify, base: str, servers: Running) -> None:
    await front.feed(accepted("r1", personal=Requester(name="王小明")), "r1")
    await front.feed(accepted("r2", personal=MAIL_ONLY), "r2")
    await front.db["messages"].update_many({"request_id": "r2"}, {"$set": {"state": "unknown"}})
    async with client(front, base, "cs_officer") as http, client(front, base, "director") as reader:
        [listed] = (await http.get(HERE, params={"state": "failed"})).json()["items"]
        [action] = listed["allowed_actions"]
        assert (action["action"], action["body"]) == ("notify.resolve_unknown", "ResolveBody")
        assert (await reader.get(f"{HERE}/{listed['message_id']}")).json()["allowed_actions"] == []
        assert (await reader.post(action["path"], json={"resolution": "arrived"})).status_code == 403
        again = await http.post(action["path"], json={"resolution": "send_again"})
        assert (again.status_code, again.json()["field"]) == (409, "resolution")
        key = {"Idempotency-Key": "k1", "If-Match": '"1"'}
        body = {"resolution": "arrived", "note": "told him on the stairs"}
        done = await http.post(action["path"], json=body, headers=key)
        assert (done.status_code, done.json()["state"], done.json()["channel"]) == (200, "sent", "person")
        assert done.json()["resolved_by"] == "mei"
        repeated = await http.post(action["path"], json=body, headers=key)
        assert repeated.content == done.content
        assert (await http.post(action["path"], json=body)).status_code == 409
        [row] = await front.events("notify.message.sent.v1")
        assert row["actor"] == "mei"

        [unknown] = (await http.get(HERE, params={"state": "unknown"})).json()["items"]
        path = unknown["allowed_actions"][0]["path"]
        assert (await http.post(path, json={"resolution": "send_again"})).json()["state"] == "queued"
        async with front.sending():

            async def sent() -> bool:
                return await front.states() == {"sent": 2}

            await until(sent)
        assert servers.mailbox.newest(1)[0]["subject"].startswith("【重复】")


@pytest.mark.parametrize(
    ("method", "path", "more", "status"),
    [
        ("GET", HERE, {"params": {"cursor": "nonsense"}}, 422),
        ("GET", HERE, {"params": {"cursor": "eHx5"}}, 422),
        ("GET", HERE, {"params": {"state": "lost"}}, 422),
        ("GET", HERE, {"params": {"limit": "0"}}, 422),
        ("GET", HERE, {"params": {"request_id": "../x"}}, 422),
        ("GET", f"{HERE}/nothing", {}, 404),
        ("GET", f"{HERE}/%00", {}, 422),
        ("POST", f"{HERE}/nothing/resolve", {"json": {"resolution": "arrived"}}, 404),
        ("POST", f"{HERE}/nothing/resolve", {"json": {"resolution": "maybe"}}, 422),
        ("POST", f"{HERE}/nothing/resolve", {"json": {"resolution": "arrived", "x": 1}}, 422),
        ("POST", f"{HERE}/nothing/resolve", {"json": {"resolution": "arrived", "note": "x" * 201}}, 422),
        ("POST", f"{HERE}/nothing/resolve", {"content": b"\xff"}, 422),
        ("GET", "/v1/properties/tower/messages", {}, 404),
    ],
)
async def test_bad_input_is_a_clear_problem(
    front: Notify, base: str, method: str, path: str, more: dict[str, Any], status: int
) -> None:
    async with client(front, base, "cs_officer") as http:
        answer = await http.request(method, path, **more)
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert "Traceback" not in answer.text


async def test_a_property_sees_only_its_own(front: Notify, base: str) -> None:
    await front.feed(accepted("r1"), "r1", "tower")
    [message] = await front.messages()
    async with client(front, base, "cs_officer") as http:
        assert (await http.get(f"{HERE}/{message.id}")).status_code == 404
        assert (await http.get(HERE)).json()["items"] == []


async def test_guards_read_no_messages(front: Notify, base: str) -> None:
    await front.feed(issued("r1"), "r1")
    async with client(front, base, "gate_guard") as http:
        assert (await http.get(HERE)).status_code == 403
