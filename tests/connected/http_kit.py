"""A small service over real HTTP on a real database: it counts, for those who may."""

from __future__ import annotations

import base64
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Annotated

import httpx
import jwt
from fastapi import APIRouter, Response
from pydantic import BaseModel, ConfigDict, Field, SecretStr

from shared.catalogue.load import Catalogue
from shared.clock import SystemClock
from shared.http.app import make_app
from shared.http.call import CallDep
from shared.http.page import PageDep
from shared.ids import new_id
from shared.kernel import stores
from shared.kernel.runtime import Runtime, build
from shared.policy import Policy
from shared.settings import Settings
from tests.connected.kernel_kit import WIRING, Count
from tests.serving import serving
from tests.stack import SessionStack
from tests.waiting import PATIENCE_SECONDS

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
        return httpx.AsyncClient(
            base_url=self.url + "/v1/properties/garden", headers=headers, timeout=PATIENCE_SECONDS
        )


@asynccontextmanager
async def open_server(stack: SessionStack) -> AsyncIterator[Server]:
    """The application of a small service on a free port."""
    settings = Settings(
        mongodb_url=stack.mongodb_url,
        database_prefix="h" + new_id()[-12:],
        jwt_secret=SecretStr(SECRET),
        vault_master_key=SecretStr(base64.urlsafe_b64encode(b"k" * 32).decode()),
        body_bytes_max=10_000,
    )
    runtime = build(WIRING, "front", settings, SystemClock(), Catalogue.shipped())
    runtime.policy = Policy.read(POLICY)
    await stores.prepare(runtime.client, runtime.db, WIRING, settings, runtime.catalogue)
    runtime.committer.start()
    async with serving(make_app(runtime, [router])) as url:
        yield Server(runtime, url)
    await runtime.committer.stop(5)
    await runtime.client.drop_database(runtime.db.name)
    await runtime.client.close()
