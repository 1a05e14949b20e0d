"""What every service's HTTP has.

Tokens, tenancy, policy, idempotency, limits, problems. Over real HTTP on a real database.
"""

from __future__ import annotations

import asyncio
import base64
import socket
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta
from typing import Annotated

import httpx
import jwt
import pytest
import uvicorn
from fastapi import APIRouter, Response
from pydantic import BaseModel, ConfigDict, Field, SecretStr
from pymongo.errors import PyMongoError

from shared.catalogue.load import Catalogue
from shared.clock import SystemClock
from shared.http.app import make_app
from shared.http.call import CallDep
from shared.http.page import PageDep
from shared.ids import new_id
from shared.kernel import stores
from shared.kernel.denials import Denials
from shared.kernel.runtime import Runtime, build
from shared.mongo.client import connect
from shared.policy import Policy
from shared.settings import Settings
from tests.connected.kernel_kit import WIRING, Count
from tests.connected.private_mongod import EmbeddedMongod
from tools.stack.ports import free_port

pytestmark = pytest.mark.connected
SECRET = "s" * 40
POLICY = """
[roles]
cashier = "takes money"
technician = "repairs"
[billing]
count = ["cashier"]
read = ["cashier", "technician"]
"""
router = APIRouter(prefix="/v1/properties/{property_id}")


class CountBody(BaseModel):
    """A body like those of the services."""

    model_config = ConfigDict(extra="forbid")
    to: Annotated[str, Field(max_length=50)]
    fail: str = ""


@router.post("/counts", status_code=201)
async def count(call: CallDep, body: CountBody) -> Response:
    """Count."""
    return await call.run(Count(to=body.to, fail=body.fail), stream=call.derived_id("count"), status=201)


@router.get("/counts")
async def counts(call: CallDep, page: PageDep) -> Response:
    """A page of numbers."""
    call.authorise("billing.read")
    start = int(page.after or 0)
    return page.answer(list(range(start, start + page.limit)), str(start + page.limit))


class Server:
    """A running application."""

    def __init__(self, runtime: Runtime, url: str) -> None:
        self.runtime = runtime
        self.url = url

    def token(self, **changes: object) -> str:
        """A token of a cashier of `garden`, with claims changed."""
        until = int((datetime.now(UTC) + timedelta(hours=1)).timestamp())
        claims: dict[str, object] = {
            "sub": "li",
            "iss": "guanjia",
            "aud": "guanjia",
            "exp": until,
            "grants": [{"scope": "property:garden", "role": "cashier", "until": until}],
        }
        secret = str(changes.pop("secret", SECRET))
        return jwt.encode(claims | changes, secret, algorithm="HS256")

    def client(self, token: str | None = None) -> httpx.AsyncClient:
        """A client that carries a token."""
        headers = {"Authorization": f"Bearer {token or self.token()}"}
        return httpx.AsyncClient(base_url=self.url + "/v1/properties/garden", headers=headers)


@pytest.fixture(scope="module")
def mongod() -> Iterator[EmbeddedMongod]:
    """A private mongod."""
    server = EmbeddedMongod()
    server.start()
    yield server
    server.remove()


@pytest.fixture
async def server(mongod: EmbeddedMongod) -> AsyncIterator[Server]:
    """The application of a small service on a free port."""
    settings = Settings(
        mongodb_url=mongod.url,
        database_prefix="h" + new_id()[-12:],
        jwt_secret=SecretStr(SECRET),
        vault_master_key=SecretStr(base64.urlsafe_b64encode(b"k" * 32).decode()),
        body_bytes_max=10_000,
    )
    runtime = build(WIRING, "front", settings, SystemClock(), Catalogue.shipped())
    runtime.policy = Policy.read(POLICY)
    await stores.prepare(runtime.client, runtime.db, WIRING, settings, runtime.catalogue)
    runtime.committer.start()
    listener = socket.create_server(("127.0.0.1", 0))
    app = make_app(runtime, [router])
    http = uvicorn.Server(uvicorn.Config(app, lifespan="off", log_config=None, http="httptools"))
    serving = asyncio.create_task(http._serve([listener]))
    yield Server(runtime, f"http://127.0.0.1:{listener.getsockname()[1]}")
    http.should_exit = True
    await serving
    await runtime.committer.stop(5)
    await runtime.client.drop_database(runtime.db.name)
    await runtime.client.close()


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
    async with httpx.AsyncClient(base_url=server.url) as client:
        assert (await client.get("/health/live")).status_code == 200
        assert (await client.get("/health/ready")).status_code == 200
        server.runtime.expect("relay")
        answer = await client.get("/health/ready")
        assert (answer.status_code, answer.json()["silent"]) == (503, ["relay"])
        server.runtime.beat("relay")
        assert (await client.get("/health/ready")).status_code == 200


async def test_the_documents_are_served(server: Server) -> None:
    async with httpx.AsyncClient(base_url=server.url) as client:
        assert (await client.get("/docs")).status_code == 200
        openapi = (await client.get("/openapi.json")).json()
        assert "Problem" in openapi["components"]["schemas"]
        asyncapi = (await client.get("/asyncapi.json")).json()
        assert asyncapi["asyncapi"] == "3.0.0"
        assert "billing.request.settled.v1" in asyncapi["components"]["messages"]
        assert b"guanjia_units" in (await client.get("/metrics")).content


REFUSED = [
    ("GET", "/counts?limit=many", None, 422, "limit：应为整数", "limit: Input should be a valid integer"),
    ("POST", "/counts", {}, 422, "to：此项必填", "to: Field required"),
    ("POST", "/counts", {"to": "x" * 51}, 422, "to：最多 50 个字", "to: String should have at most 50"),
    ("POST", "/counts", {"to": "r", "z": 1}, 422, "z：没有这一项，请删去", "z: Extra inputs"),
    ("POST", "/counts", {"to": "x" * 20_000}, 413, "提交的内容过大", "the body is too large"),
    ("GET", "/counts?cursor=§", None, 422, "翻页标记无效", "the cursor is not one of ours"),
    ("GET", "/nothing", None, 404, "该地址下没有任何内容。", "There is nothing at this address."),
    ("PUT", "/counts", {}, 405, "该地址不支持这种请求方法。", "This address does not take"),
    ("POST", "/counts", {"to": "r", "fail": "bug"}, 500, "系统出错，已记录", "this is our mistake"),
]


@pytest.mark.parametrize(("method", "path", "body", "status", "zh", "en"), REFUSED)
async def test_a_refusal_comes_in_the_language_asked_for(
    server: Server, method: str, path: str, body: object, status: int, zh: str, en: str
) -> None:
    asked = {"zh": "zh-CN,zh;q=0.9,en;q=0.1", "en": "en-GB, zh;q=0.5"}
    said = {}
    async with server.client() as client:
        for language, header in asked.items():
            answer = await client.request(method, path, json=body, headers={"Accept-Language": header})
            assert answer.status_code == status
            assert answer.headers["content-language"] == language
            assert "accept-language" in answer.headers["vary"].lower()
            assert int(answer.headers["content-length"]) == len(answer.content)
            said[language] = answer.json()
    assert said["zh"]["detail"].startswith(zh)
    assert said["en"]["detail"].startswith(en)
    assert said["zh"]["type"] == said["en"]["type"]
    assert said["zh"].get("field") == said["en"].get("field")
    assert said["zh"]["title"] != said["en"]["title"]


async def test_without_a_language_asked_for_the_setting_decides(server: Server) -> None:
    app = make_app(server.runtime, [router])
    for language, detail in (("zh", "没有这个物业"), ("en", "there is no such property")):
        app.state.language = language
        transport = httpx.ASGITransport(app)
        for headers in ({}, {"Accept-Language": "fr"}):
            bearer = {"Authorization": f"Bearer {server.token()}"} | headers
            async with httpx.AsyncClient(
                transport=transport, base_url="http://here", headers=bearer
            ) as client:
                answer = await client.get("/v1/properties/tower/counts")
            assert (answer.headers["content-language"], answer.json()["detail"]) == (language, detail)


async def test_language_of_who_is_not_known_and_of_roles_and_versions(server: Server) -> None:
    zh = {"Accept-Language": "zh"}
    until = int((datetime.now(UTC) + timedelta(hours=1)).timestamp())
    guest = server.token(grants=[{"scope": "property:garden", "role": "nobody", "until": until}])
    async with server.client(server.token(exp=1_000_000_000)) as client:
        late = await client.get("/counts", headers=zh)
    async with server.client(guest) as client:
        wrong = await client.get("/counts", headers=zh)
    async with server.client() as client:
        stale = await client.post("/counts", json={"to": "r"}, headers=zh | {"If-Match": '"x"'})
        key = zh | {"Idempotency-Key": "k"}
        await client.post("/counts", json={"to": "r"}, headers=key)
        reused = await client.post("/counts", json={"to": "x"}, headers=key)
    said = [(a.status_code, a.json()["title"], a.json()["detail"]) for a in (late, wrong, stale, reused)]
    assert said == [
        (401, "请先登录", "登录已过期，请重新登录"),
        (403, "没有权限", "您的岗位在本物业无权进行此操作（billing.read）"),
        (422, "填写有误", "请求头 If-Match 无法识别"),
        (409, "目前不能这样处理", "这个键或编号已用于其他内容；新内容请使用新的键或编号"),
    ]
