"""What a caller is told when something of ours fails: a store that is away is busy, a mistake a mistake."""

from __future__ import annotations

import httpx
import pytest
from fastapi import FastAPI
from pymongo.errors import AutoReconnect, ExecutionTimeout, OperationFailure, ServerSelectionTimeoutError

from shared.http.problems import install

AWAY = [AutoReconnect("gone"), ServerSelectionTimeoutError("nobody"), ExecutionTimeout("slow", 50)]


def _app(error: Exception) -> httpx.AsyncClient:
    app = FastAPI()
    install(app)

    @app.get("/thing")
    async def thing() -> None:
        raise error

    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    return httpx.AsyncClient(transport=transport, base_url="http://test")


@pytest.mark.parametrize("error", AWAY, ids=lambda error: type(error).__name__)
async def test_a_store_that_is_away_is_busy_and_says_when_to_come_again(error: Exception) -> None:
    async with _app(error) as client:
        answer = await client.get("/thing")
    assert (answer.status_code, answer.json()["type"].rsplit("/", 1)[-1]) == (503, "busy")
    assert int(answer.headers["Retry-After"]) >= 1


@pytest.mark.parametrize("error", [OperationFailure("bad query", 2), ZeroDivisionError()])
async def test_a_mistake_of_ours_is_500_without_its_words(error: Exception) -> None:
    async with _app(error) as client:
        answer = await client.get("/thing")
    assert answer.status_code == 500
    assert "bad query" not in answer.text
