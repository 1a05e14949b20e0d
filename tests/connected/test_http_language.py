"""Refusals in the language of the caller, English or Chinese, over real HTTP."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import httpx
import pytest

from shared.http.app import make_app
from tests.connected.http_kit import Server, open_server, router
from tests.stack import SessionStack

pytestmark = pytest.mark.connected


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


@pytest.fixture
async def server(stack: SessionStack) -> AsyncIterator[Server]:
    """The application on a free port."""
    async with open_server(stack) as made:
        yield made


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
