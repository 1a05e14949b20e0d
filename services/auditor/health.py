"""The auditor's own small HTTP server: alive, ready (its rounds complete in time), metrics.

Nothing else runs in it.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable

from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

HEAD_BYTES_MAX = 8 * 1024
READ_SECONDS = 5.0


class HealthServer:
    """Answers GET /health/live, /health/ready and /metrics, one request a connection."""

    def __init__(self, ready: Callable[[], bool]) -> None:
        self._ready = ready
        self._server: asyncio.Server | None = None
        self.port = 0

    async def start(self, host: str, port: int) -> None:
        """Listen."""
        self._server = await asyncio.start_server(self._serve, host, port, limit=HEAD_BYTES_MAX)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        """Stop listening."""
        if self._server is not None:
            self._server.close()
            await self._server.wait_closed()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(
            OSError, TimeoutError, asyncio.IncompleteReadError, asyncio.LimitOverrunError
        ):
            async with asyncio.timeout(READ_SECONDS):
                head = await reader.readuntil(b"\r\n\r\n")
                words = head.split(b" ", 2)
                path = words[1].split(b"?", 1)[0].decode("latin-1") if len(words) == 3 else ""
                writer.write(self._answer(path))
                await writer.drain()
        writer.close()
        with contextlib.suppress(OSError):
            await writer.wait_closed()

    def _answer(self, path: str) -> bytes:
        if path == "/metrics":
            return _response(200, generate_latest(), CONTENT_TYPE_LATEST)
        if path == "/health/live":
            return _response(200, b'{"live":true}', "application/json")
        if path == "/health/ready":
            ready = self._ready()
            body = b'{"ready":true,"service":"auditor"}' if ready else b'{"ready":false,"service":"auditor"}'
            return _response(200 if ready else 503, body, "application/json")
        return _response(404, b'{"type":"not-found"}', "application/problem+json")


def _response(status: int, body: bytes, kind: str) -> bytes:
    reason = {200: "OK", 404: "Not Found", 503: "Service Unavailable"}[status]
    lines = [
        f"HTTP/1.1 {status} {reason}",
        f"Content-Type: {kind}",
        f"Content-Length: {len(body)}",
        "Connection: close",
    ]
    return "\r\n".join([*lines, "", ""]).encode("latin-1") + body
