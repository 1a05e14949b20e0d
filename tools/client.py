"""A small async HTTP client of the four services, for the command, the demonstration, the benches and the
tests.

One `Client` speaks for one principal. Every POST carries an Idempotency-Key: the caller's, or a new one
that is kept while the same call is tried again, so that a broken connection never does a thing twice. 503
and a lost connection are tried again until `patience_seconds` have passed; every other answer is returned
or raised as `ApiError`.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import suppress
from copy import copy
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self, TypeVar

import httpx

from shared.events.envelope import PRODUCERS
from shared.ids import new_id

Json = dict[str, Any]
T = TypeVar("T")

TRY_AGAIN_SECONDS = 0.2
TRY_AGAIN_SECONDS_MAX = 2.0
CONNECTIONS_MAX = 64


class ApiError(Exception):
    """A service answered no: the status and what its problem+json says."""

    def __init__(self, method: str, path: str, status: int, problem: Json) -> None:
        self.status = status
        self.problem = problem
        self.kind = str(problem.get("type", "")).rstrip("/").rsplit("/", 1)[-1]
        self.field = problem.get("field")
        detail = problem.get("detail") or problem.get("title") or ""
        super().__init__(f"{method} {path}: {status} {self.kind} {detail}".rstrip())
        accepted = problem.get("accepted") or ""
        hint = f" (accepted: {accepted})" if accepted not in detail else ""
        self.said = f"{detail or self}{hint}"
        """For a person: what is wrong, and what would be accepted."""


class UnreachableError(Exception):
    """Nobody answers at the address of a service."""

    def __init__(self, service: str, address: str) -> None:
        self.service = service
        super().__init__(f"{service} does not answer at {address}")


class NotYetError(Exception):
    """A condition did not come true in time."""


async def until(
    condition: Callable[[], Awaitable[T | None]], *, seconds: float, what: str, every_seconds: float = 0.1
) -> T:
    """Ask again and again until the condition gives something true.

    NotYetError, naming `what`, when time is up.
    """
    loop = asyncio.get_running_loop()
    ends_at = loop.time() + seconds
    with suppress(TimeoutError):
        async with asyncio.timeout_at(ends_at):
            while (
                loop.time() < ends_at
            ):  # what the condition awaits may lose the cancellation (shared/tasks.py)
                found = await condition()
                if found:
                    return found
                await asyncio.sleep(every_seconds)
    raise NotYetError(f"{what}: not within {seconds:g} s")


@dataclass(frozen=True, slots=True)
class Addresses:
    """Where the services listen."""

    host: str = "127.0.0.1"
    base_port: int = 8001

    def of(self, service: str) -> str:
        """Base URL of a service, in the order of `PRODUCERS` from the base port."""
        return f"http://{self.host}:{self.base_port + PRODUCERS.index(service)}"


class Client:
    """Speaks to the four services with one token."""

    def __init__(
        self,
        addresses: Addresses,
        token: str,
        *,
        patience_seconds: float = 10.0,
        timeout_seconds: float = 30.0,
    ) -> None:
        self.addresses = addresses
        self._token = token
        self._language = ""
        self._patience = patience_seconds
        self._http = httpx.AsyncClient(
            timeout=timeout_seconds,
            limits=httpx.Limits(max_connections=CONNECTIONS_MAX),
            trust_env=False,
            verify=False,  # noqa: S501 - plain HTTP on this machine: loading certificates only takes time
        )

    def speaking_for(self, token: str) -> Client:
        """The same connections for another principal; close the first one only."""
        other = copy(self)
        other._token = token
        return other

    def in_language(self, language: str) -> Client:
        """The same connections, answered in another language; close the first one only."""
        other = copy(self)
        other._language = language
        return other

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._http.aclose()

    async def get(self, service: str, path: str, **query: str | int | None) -> Json:
        """GET; the JSON object that came back."""
        asked = {name: value for name, value in query.items() if value is not None}
        return await self._call(service, "GET", path, query=asked)

    async def find(self, service: str, path: str, **query: str | int | None) -> Json | None:
        """GET, with None where the service answers 404."""
        try:
            return await self.get(service, path, **query)
        except ApiError as error:
            if error.status == 404:
                return None
            raise

    async def download(self, service: str, path: str, **query: str | int | None) -> bytes:
        """GET; the file that came back."""
        asked = {name: value for name, value in query.items() if value is not None}
        answer = await self._answer(service, "GET", path, query=asked)
        if not answer.is_success:
            _document("GET", path, answer)
        return answer.content

    async def post(
        self, service: str, path: str, body: Json, *, key: str = "", version: int | None = None
    ) -> Json:
        """POST under an Idempotency-Key; `version` is sent as If-Match."""
        return await self._call(service, "POST", path, body=body, key=key or new_id(), version=version)

    async def put(self, service: str, path: str, body: Json, *, version: int | None = None) -> Json:
        """PUT; `version` is sent as If-Match."""
        return await self._call(service, "PUT", path, body=body, version=version)

    async def send(
        self,
        service: str,
        method: str,
        path: str,
        headers: Mapping[str, str] = {},
        content: bytes = b"",
    ) -> httpx.Response:
        """One attempt at a call that is not JSON: whatever came back.

        UnreachableError where nothing came back; the caller decides what to do then.
        """
        sent = {**headers, "Authorization": f"Bearer {self._token}"}
        try:
            url = self.addresses.of(service) + path
            return await self._http.request(method, url, content=content, headers=sent)
        except httpx.TransportError:
            raise UnreachableError(service, self.addresses.of(service)) from None

    async def all(self, service: str, path: str, **query: str | int | None) -> AsyncIterator[Json]:
        """Every item of a list, page by page."""
        cursor: str | None = None
        while True:
            page = await self.get(service, path, **query, cursor=cursor)
            for item in page["items"]:
                yield item
            cursor = page.get("next")
            if not cursor:
                return

    async def ready(self, service: str, *, role_offset: int = 0) -> bool:
        """Whether the process of the service says that its loops progress."""
        port = self.addresses.base_port + PRODUCERS.index(service) + role_offset
        address = f"http://{self.addresses.host}:{port}"
        try:
            return (await self._http.get(f"{address}/health/ready")).status_code == 200
        except httpx.HTTPError:
            return False

    async def _call(
        self,
        service: str,
        method: str,
        path: str,
        *,
        query: Mapping[str, str | int] | None = None,
        body: Json | None = None,
        key: str = "",
        version: int | None = None,
    ) -> Json:
        answer = await self._answer(service, method, path, query=query, body=body, key=key, version=version)
        return _document(method, path, answer)

    async def _answer(
        self,
        service: str,
        method: str,
        path: str,
        *,
        query: Mapping[str, str | int] | None = None,
        body: Json | None = None,
        key: str = "",
        version: int | None = None,
    ) -> httpx.Response:
        headers = {"Authorization": f"Bearer {self._token}"}
        if self._language:
            headers["Accept-Language"] = self._language
        if key:
            headers["Idempotency-Key"] = key
        if version is not None:
            headers["If-Match"] = f'"{version}"'
        url = self.addresses.of(service) + path
        loop = asyncio.get_running_loop()
        give_up_at = loop.time() + self._patience
        pause = TRY_AGAIN_SECONDS
        while True:
            try:
                answer = await self._http.request(method, url, params=query, json=body, headers=headers)
                if answer.status_code != 503 or loop.time() >= give_up_at:
                    return answer
                pause = max(pause, _retry_after(answer))
            except httpx.TransportError:
                if loop.time() >= give_up_at:
                    raise UnreachableError(service, self.addresses.of(service)) from None
            await asyncio.sleep(min(pause, TRY_AGAIN_SECONDS_MAX))
            pause *= 1.5


def _retry_after(answer: httpx.Response) -> float:
    text = answer.headers.get("Retry-After", "")
    return float(text) if text.isdecimal() else TRY_AGAIN_SECONDS


def _document(method: str, path: str, answer: httpx.Response) -> Json:
    try:
        document = answer.json() if answer.content else {}
    except ValueError:
        document = {"detail": answer.text[:200]}
    if not isinstance(document, dict):
        document = {"value": document}
    if answer.is_success:
        return document
    raise ApiError(method, path, answer.status_code, document)
