"""A load generator: HTTP/1.1 over kept connections, bounded in count and time, for loopback only.

Bodies are made beforehand and answers are only counted, so that the generator costs a fraction of what it
measures. Both sides of a comparison get the same generator.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass, field

import httptools

LOOPBACK = "127.0.0.1"
ANSWER_SECONDS_MAX = 60.0


@dataclass(slots=True)
class Answers:
    """What came back: how many of each status, and how long each took, in seconds, in order of arrival."""

    statuses: dict[int, int] = field(default_factory=dict)
    seconds: list[float] = field(default_factory=list)
    elapsed: float = 0.0

    @property
    def good(self) -> int:
        """Answers of class 2xx."""
        return sum(count for status, count in self.statuses.items() if 200 <= status < 300)

    @property
    def rate(self) -> float:
        """Good answers a second."""
        return self.good / self.elapsed if self.elapsed else 0.0

    def add(self, status: int, seconds: float) -> None:
        """Count one."""
        self.statuses[status] = self.statuses.get(status, 0) + 1
        self.seconds.append(seconds)


class Connection(asyncio.Protocol):
    """One kept connection: one request at a time, then its status."""

    def __init__(self) -> None:
        self._transport: asyncio.Transport | None = None
        self._waiting: asyncio.Future[int] | None = None
        self._parser: httptools.HttpResponseParser | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        """Feed the parser."""
        assert self._parser is not None
        self._parser.feed_data(data)

    def connection_lost(self, exc: Exception | None) -> None:
        """Whoever waits is told."""
        if self._waiting is not None and not self._waiting.done():
            self._waiting.set_exception(ConnectionError("the connection was closed"))

    def on_message_complete(self) -> None:
        """The answer is whole."""
        assert self._parser is not None
        assert self._waiting is not None
        if not self._waiting.done():
            self._waiting.set_result(self._parser.get_status_code())

    async def send(self, request: bytes) -> int:
        """The status of the answer."""
        assert self._transport is not None
        self._parser = httptools.HttpResponseParser(self)
        self._waiting = asyncio.get_running_loop().create_future()
        self._transport.write(request)
        return await asyncio.wait_for(self._waiting, ANSWER_SECONDS_MAX)

    def close(self) -> None:
        """Hang up."""
        if self._transport is not None:
            self._transport.close()


def post(port: int, path: str, body: bytes, token: str, headers: Sequence[tuple[str, str]] = ()) -> bytes:
    """The bytes of a POST."""
    lines = [
        f"POST {path} HTTP/1.1",
        f"Host: {LOOPBACK}:{port}",
        "Content-Type: application/json",
        f"Authorization: Bearer {token}",
        f"Content-Length: {len(body)}",
        *(f"{name}: {value}" for name, value in headers),
    ]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


async def connect(port: int) -> Connection:
    """A connection to a server on this machine."""
    _, protocol = await asyncio.get_running_loop().create_connection(Connection, LOOPBACK, port)
    return protocol


async def closed_loop(port: int, requests: Iterator[bytes], clients: int, seconds: float) -> Answers:
    """Each client sends its next request when it has its answer, until the time is over."""
    answers = Answers()
    began = time.perf_counter()

    async def client() -> None:
        connection = await connect(port)
        while time.perf_counter() - began < seconds:
            request = next(requests, None)
            if request is None:
                break
            sent = time.perf_counter()
            status = await connection.send(request)
            answers.add(status, time.perf_counter() - sent)
        connection.close()

    await asyncio.gather(*(client() for _ in range(clients)))
    answers.elapsed = time.perf_counter() - began
    return answers


async def open_loop(
    port: int,
    requests: Sequence[bytes],
    per_second: float,
    *,
    clients_max: int = 200,
    sent: Callable[[int, float], Awaitable[None]] | None = None,
) -> Answers:
    """Send at a fixed rate whatever the answers do.

    `sent` hears the index and the wall-clock moment of sending.
    """
    answers = Answers()
    idle: list[Connection] = []
    places = asyncio.Semaphore(clients_max)
    began = time.perf_counter()

    async def one(index: int, request: bytes) -> None:
        async with places:
            connection = idle.pop() if idle else await connect(port)
            if sent is not None:
                await sent(index, time.time())
            start = time.perf_counter()
            status = await connection.send(request)
            answers.add(status, time.perf_counter() - start)
            idle.append(connection)

    tasks = []
    for index, request in enumerate(requests):
        await asyncio.sleep(max(0.0, began + index / per_second - time.perf_counter()))
        tasks.append(asyncio.create_task(one(index, request)))
    await asyncio.gather(*tasks)
    answers.elapsed = time.perf_counter() - began
    for connection in idle:
        connection.close()
    return answers


def percentile(values: Sequence[float], percent: float) -> float:
    """The nearest-rank percentile."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, max(0, round(percent / 100 * len(ordered)) - 1))]
