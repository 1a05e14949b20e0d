"""The text-message gateway: checks the signature, honours idempotency keys, keeps a receipt, then answers.

`POST /v1/messages` as `services/notify/channels/gateway.py` describes. For people: `/` (a page) and
`/messages`, newest first; for tests: `POST /faults`, if faults are allowed.
"""

from __future__ import annotations

import asyncio
import html
from collections import OrderedDict
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from standardwebhooks.webhooks import Webhook, WebhookVerificationError
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from shared.clock import Clock
from tools.gateway.faults import DELAY_MS_MAX, KINDS, Fault, Faults
from tools.gateway.mailbox import Mailbox
from tools.gateway.receipts import Receipts

BODY_BYTES_MAX = 1024 * 1024
BATCH_MAX = 100
KEYS_MAX = 1_000_000  # idempotency keys that are remembered
LIST_MAX = 200
SHOWN_ON_PAGE = 50


class Item(BaseModel):
    """One text message."""

    model_config = ConfigDict(extra="forbid")

    key: str = Field(min_length=1, max_length=64)
    to: str = Field(pattern=r"^\+[1-9][0-9]{6,14}$")
    language: str = Field(max_length=8)
    text: str = Field(min_length=1, max_length=2_100)
    template: str = Field("", max_length=64)
    params: dict[str, str] = {}
    repeated: bool = False
    traceparent: str = Field("", max_length=100)


class Items(BaseModel):
    """What one request carries."""

    model_config = ConfigDict(extra="forbid")

    messages: list[Item] = Field(min_length=1, max_length=BATCH_MAX)


class Lost(Response):
    """An answer that never arrives whole: the connection is cut instead."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Promise more than is sent; the server closes the connection."""
        headers = [(b"content-length", b"1000")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})


class SmsGateway:
    """The gateway's state and its HTTP application."""

    def __init__(
        self,
        secret: str,
        receipts: Receipts,
        mailbox: Mailbox,
        clock: Clock,
        faults: Faults,
        *,
        faults_allowed: bool,
    ) -> None:
        self._webhook = Webhook(secret)
        self._receipts = receipts
        self._mailbox = mailbox
        self._clock = clock
        self._faults = {"sms": faults}
        self._faults_allowed = faults_allowed
        self._keys: OrderedDict[str, asyncio.Future[None] | None] = OrderedDict()
        for row in receipts.rows():
            if row["outcome"] == "accepted":
                self._remember(row["key"], None)
        routes = [
            Route("/v1/messages", self._receive, methods=["POST"]),
            Route("/messages", self._messages),
            Route("/stats", self._stats),
            Route("/health/live", self._live),
            Route("/faults", self._plan_faults, methods=["POST"]),
            Route("/", self._page),
        ]
        self.app = Starlette(routes=routes)

    def add_faults(self, channel: str, faults: Faults) -> None:
        """Let `/faults` plan those of another server too."""
        self._faults[channel] = faults

    # --- receiving --------------------------------------------------------------------------------------

    async def _receive(self, request: Request) -> Response:
        fault = self._faults["sms"].next()
        if fault is not None and fault.kind == "delay":
            await asyncio.sleep(fault.delay_ms / 1000)
        if fault is not None and fault.kind == "drop":
            return Lost()
        if fault is not None and fault.kind == "error":
            return JSONResponse({"error": "come again"}, fault.status, {"Retry-After": "0"})
        body = await _body(request)
        if body is None:
            return JSONResponse({"error": f"at most {BODY_BYTES_MAX} bytes"}, 413)
        try:
            self._webhook.verify(body, dict(request.headers), json_parse=False)
        except (WebhookVerificationError, ValueError):
            return JSONResponse({"error": "the signature is missing, wrong or too old"}, 401)
        try:
            items = Items.model_validate_json(body).messages
        except ValidationError as error:
            first = error.errors(include_url=False, include_input=False)[0]
            where = ".".join(map(str, first["loc"]))
            return JSONResponse({"error": f"{where}: {first['msg']}"}, 422)
        refused = fault is not None and fault.kind == "reject"
        results = await self._refuse(items) if refused else await self._take(items)
        if fault is not None and fault.kind == "answer_lost":
            return Lost()
        return JSONResponse({"results": results})

    async def _refuse(self, items: list[Item]) -> list[dict[str, str]]:
        return [{"key": i.key, "status": "rejected", "reason": "template_not_approved"} for i in items]

    async def _take(self, items: list[Item]) -> list[dict[str, str]]:
        """Each new key is taken once, however many requests bring it at the same time."""
        loop = asyncio.get_running_loop()
        fresh: dict[str, Item] = {}
        done: asyncio.Future[None] = loop.create_future()
        results, others = [], []
        for item in items:
            if item.key in self._keys:
                others.append(self._keys[item.key])
                results.append({"key": item.key, "status": "duplicate"})
            else:
                self._remember(item.key, done)
                fresh[item.key] = item
                results.append({"key": item.key, "status": "accepted"})
        await self._store(fresh, [r["key"] for r in results if r["status"] == "duplicate"], done)
        for other in others:
            if other is not None:
                await other
        return results

    async def _store(self, fresh: dict[str, Item], duplicates: list[str], done: asyncio.Future[None]) -> None:
        at = self._clock.now().isoformat()
        rows = [_row(at, i.key, "accepted", i.template, i.repeated) for i in fresh.values()]
        rows += [_row(at, key, "duplicate", "", False) for key in duplicates]
        try:
            await self._receipts.append(rows)
        except OSError as error:
            for key in fresh:
                del self._keys[key]
            done.set_exception(error)
            done.exception()  # whoever waits for it raises it; nobody has to
            raise
        done.set_result(None)
        for item in fresh.values():
            self._keys[item.key] = None
            self._mailbox.add(
                {
                    "channel": "sms",
                    "at": at,
                    "to": item.to,
                    "subject": "",
                    "text": item.text,
                    "key": item.key,
                    "repeated": item.repeated,
                    "traceparent": item.traceparent,
                }
            )
        self._mailbox.counts["sms"] += len(fresh)
        self._mailbox.counts["sms_duplicates"] += len(duplicates)

    def _remember(self, key: str, future: asyncio.Future[None] | None) -> None:
        self._keys[key] = future
        while len(self._keys) > KEYS_MAX:
            self._keys.popitem(last=False)

    # --- looking ----------------------------------------------------------------------------------------

    async def _messages(self, request: Request) -> Response:
        asked = request.query_params
        text = asked.get("limit", "50")
        limit = int(text) if text.isdigit() and len(text) < 6 else 0
        if not 1 <= limit <= LIST_MAX:
            return JSONResponse({"error": f"limit: 1 to {LIST_MAX}"}, 422)
        return JSONResponse(
            {"messages": self._mailbox.newest(limit, asked.get("channel", ""), asked.get("to", ""))}
        )

    async def _stats(self, request: Request) -> Response:
        return JSONResponse(dict(self._mailbox.counts))

    async def _live(self, request: Request) -> Response:
        return JSONResponse({"live": True})

    async def _page(self, request: Request) -> Response:
        rows = "".join(_html_row(row) for row in self._mailbox.newest(SHOWN_ON_PAGE))
        head = "<meta charset=utf-8><meta http-equiv=refresh content=2><title>Guanjia messages</title>"
        return HTMLResponse(f"<!doctype html>{head}<h1>Messages</h1><table>{rows}</table>")

    async def _plan_faults(self, request: Request) -> Response:
        if not self._faults_allowed:
            return JSONResponse({"error": "faults are not allowed here"}, 403)
        asked = await request.json()
        faults = self._faults.get(asked.get("channel", "sms"))
        kind, count, delay = asked.get("kind"), asked.get("count", 1), asked.get("delay_ms", 0)
        if kind == "clear" and faults is not None:
            faults.clear()
        elif faults is not None and kind in KINDS and isinstance(count, int) and 0 <= delay <= DELAY_MS_MAX:
            faults.plan(Fault(kind, delay, asked.get("status", 503)), count)
        else:
            return JSONResponse({"error": f"channel sms or smtp; kind one of {', '.join(KINDS)}, clear"}, 422)
        return JSONResponse({"left": faults.left})


async def _body(request: Request) -> bytes | None:
    content = b""
    async for chunk in request.stream():
        content += chunk
        if len(content) > BODY_BYTES_MAX:
            return None
    return content


def _row(at: str, key: str, outcome: str, template: str, repeated: bool) -> dict[str, Any]:
    return {
        "at": at,
        "channel": "sms",
        "key": key,
        "outcome": outcome,
        "template": template,
        "repeated": repeated,
    }


def _html_row(row: dict[str, Any]) -> str:
    cells = (row["at"][:19], row["channel"], row["to"], row["subject"], row["text"])
    return "<tr>" + "".join(f"<td>{html.escape(str(cell))}</td>" for cell in cells) + "</tr>"
