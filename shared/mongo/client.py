"""The connection to MongoDB: one client per process, with every time and count bounded."""

from __future__ import annotations

from typing import Any

from pymongo import AsyncMongoClient
from pymongo.asynchronous.database import AsyncDatabase

from shared.mongo.waiting import mend

Document = dict[str, Any]
Client = AsyncMongoClient[Document]
Database = AsyncDatabase[Document]

POOL_MAX = 40
SELECTION_TIMEOUT_MS = 5_000
CONNECT_TIMEOUT_MS = 3_000
SOCKET_TIMEOUT_MS = 20_000  # longer than any change stream waits for news

mend()


def connect(
    url: str,
    app_name: str,
    *,
    pool_max: int = POOL_MAX,
    selection_timeout_ms: int = SELECTION_TIMEOUT_MS,
    socket_timeout_ms: int = SOCKET_TIMEOUT_MS,
) -> Client:
    """A client that writes and reads what a majority has, and waits for nothing without a limit."""
    return AsyncMongoClient(
        url,
        appname=app_name,
        tz_aware=True,
        uuidRepresentation="standard",
        w="majority",
        readConcernLevel="majority",
        readPreference="primary",
        retryWrites=True,
        retryReads=True,
        maxPoolSize=pool_max,
        minPoolSize=1,
        maxIdleTimeMS=120_000,
        waitQueueTimeoutMS=selection_timeout_ms,
        serverSelectionTimeoutMS=selection_timeout_ms,
        connectTimeoutMS=CONNECT_TIMEOUT_MS,
        socketTimeoutMS=socket_timeout_ms,
    )


async def transaction_lifetime_seconds(client: Client) -> int:
    """How long the server keeps a dead client's transaction, and the locks on what it wrote."""
    answer = await client.admin.command({"getParameter": 1, "transactionLifetimeLimitSeconds": 1})
    return int(answer["transactionLifetimeLimitSeconds"])
