"""The size of a request body is bounded before anything reads it."""

from __future__ import annotations

import re

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from shared.http.problems import problem
from shared.texts.say import say

DRAINED_BYTES_MAX = 8 * 1024 * 1024
_STREAMED = re.compile(r"/v1/properties/[^/]+/uploads/[^/]+")
"""Bodies read piece by piece: whoever reads them counts them."""


class BodyLimit:
    """Answers 413 to bodies over the limit, whether the length was announced or not."""

    def __init__(self, app: ASGIApp, bytes_max: int) -> None:
        self._app = app
        self._bytes_max = bytes_max

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the call on, counting what it sends."""
        if scope["type"] != "http" or _is_streamed(scope):
            await self._app(scope, receive, send)
            return
        announced = next((v for k, v in scope["headers"] if k == b"content-length"), None)
        if announced is not None:
            if not announced.isdigit() or int(announced) > self._bytes_max:
                await self._refuse(scope, receive, send, more=True)
            else:
                await self._app(scope, receive, send)
            return
        await self._count(scope, receive, send)

    async def _count(self, scope: Scope, receive: Receive, send: Send) -> None:
        body, more = b"", True
        while more:
            message = await receive()
            if message["type"] != "http.request":
                return
            body += message.get("body", b"")
            more = message.get("more_body", False)
            if len(body) > self._bytes_max:
                await self._refuse(scope, receive, send, more=more)
                return
        sent = False

        async def replay() -> Message:
            nonlocal sent
            if sent:
                return await receive()
            sent = True
            return {"type": "http.request", "body": body, "more_body": False}

        await self._app(scope, replay, send)

    async def _refuse(self, scope: Scope, receive: Receive, send: Send, *, more: bool) -> None:
        """Answer once the caller has finished sending (up to a limit).

        Who is still sending hears no answer.
        """
        drained = 0
        while more and drained < DRAINED_BYTES_MAX:
            message = await receive()
            drained += len(message.get("body", b""))
            more = message["type"] == "http.request" and message.get("more_body", False)
        accepted = say("at most {most} bytes", most=self._bytes_max)
        response = problem(413, "body-too-large", "the body is too large", field="body", accepted=accepted)
        response.headers["Connection"] = "close"
        await response(scope, receive, send)


def _is_streamed(scope: Scope) -> bool:
    return scope["method"] == "PATCH" and _STREAMED.fullmatch(scope["path"]) is not None
