"""The broker's side in one place: topics and groups, who creates them, which partition a stream has.

Auto-creation is off, also where the broker would allow it: a client that merely asked for a missing topic
would otherwise create it with the broker's partition count (the embedded broker does so).
"""

from __future__ import annotations

import asyncio
import functools
import logging
import weakref
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import aiokafka.client
from aiokafka import AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import for_code
from aiokafka.partitioner import murmur2
from aiokafka.protocol.metadata import MetadataRequest

from shared.errors import Bug, Transient
from shared.events.envelope import LANES, PRODUCERS, Lane
from shared.settings import Settings
from shared.tasks import whole

log = logging.getLogger(__name__)

Check = Callable[[], Awaitable[object]]

RETENTION_MS = 7 * 24 * 3_600_000  # the journal is the memory; the broker only has to outlast an outage
REQUEST_TIMEOUT_MS = 10_000
RETRY_BACKOFF_MS = 50
LINGER_MS = 0  # a batch forms by itself while the previous one is on its way
PRODUCER_BATCH_BYTES = 131_072
_NO_ERROR, _ALREADY_EXISTS = 0, 36


def topic(producer: str, lane: Lane, prefix: str = "") -> str:
    """Where a producer's events of a lane stand."""
    return f"{prefix}{producer}.{lane}.v1"


def confirmed_topic(prefix: str = "") -> str:
    """Where consumer groups say what they have, so that relays can send the rest."""
    return f"{prefix}guanjia.confirmed.v1"


def incarnation_prefix(prefix: str = "") -> str:
    """How the names of incarnation topics begin."""
    return f"{prefix}guanjia.incarnation."


def group(service: str, lane: Lane, prefix: str = "") -> str:
    """The consumer group of a service's lane."""
    return f"{prefix}{service}.{lane}"


@functools.lru_cache(maxsize=20_000)
def partition_of(key: bytes, partitions: int) -> int:
    """The partition of a key: murmur2, as the Java client and aiokafka choose it."""
    return int((murmur2(key) & 0x7FFFFFFF) % partitions)


def forbid_auto_creation() -> None:
    """Make every client of this process ask for topics without creating them."""
    aiokafka.client.MetadataRequest = functools.partial(MetadataRequest, allow_auto_topic_creation=False)


forbid_auto_creation()


def producer(settings: Settings, client_id: str, check: Check) -> AIOKafkaProducer:
    """A producer that waits for all replicas and sends each record at once.

    `check` is `Incarnation.check`: where the broker may forget, it runs before a new connection is used. The
    embedded broker takes records for topics it does not have, and when those are created afterwards, it gives
    offsets twice and loses what it has confirmed. A checked connection is to a broker that has its topics.
    """
    made = AIOKafkaProducer(
        bootstrap_servers=settings.kafka_bootstrap_servers,
        client_id=client_id,
        acks="all",
        enable_idempotence=settings.enable_idempotence,
        linger_ms=LINGER_MS,
        max_batch_size=PRODUCER_BATCH_BYTES,
        request_timeout_ms=REQUEST_TIMEOUT_MS,
        retry_backoff_ms=RETRY_BACKOFF_MS,
    )
    if settings.broker_forgets:
        _check_connections(made.client, check)
    return made


@asynccontextmanager
async def sending(settings: Settings, client_id: str, check: Check) -> AsyncIterator[AIOKafkaProducer]:
    """A producer for a few records."""
    made = producer(settings, client_id, check)
    try:
        await whole(made.start())
        yield made
    finally:
        await made.stop()


def _check_connections(client: Any, check: Check) -> None:
    connect = client._get_conn  # aiokafka has no hook for this: its version is pinned, a test watches
    checked: weakref.WeakSet[Any] = weakref.WeakSet()
    lock = asyncio.Lock()

    async def checked_connection(*args: Any, **named: Any) -> Any:
        connection = await connect(*args, **named)
        if connection is None or connection in checked:
            return connection
        async with lock:
            if connection not in checked:
                try:
                    await check()
                except Exception as error:  # the client takes None for "not reachable now" and tries again
                    log.warning("the broker cannot be checked: %s", type(error).__name__)
                    connection.close()
                    return None
                checked.add(connection)
        return connection if connection.connected() else None

    client._get_conn = checked_connection


def admin(settings: Settings, client_id: str) -> AIOKafkaAdminClient:
    """A client that lists and creates topics."""
    return AIOKafkaAdminClient(
        bootstrap_servers=settings.kafka_bootstrap_servers,
        client_id=client_id,
        request_timeout_ms=REQUEST_TIMEOUT_MS,
        retry_backoff_ms=RETRY_BACKOFF_MS,
    )


async def ensure_topics(client: AIOKafkaAdminClient, settings: Settings) -> None:
    """Create every topic of the platform that is not there yet."""
    prefix = settings.topic_prefix
    events = [topic(p, lane, prefix) for p in PRODUCERS for lane in LANES]
    wanted = [_new(name, settings.partitions, settings) for name in events]
    await create(client, [*wanted, _new(confirmed_topic(prefix), 1, settings)])


async def create_incarnation(client: AIOKafkaAdminClient, name: str, settings: Settings) -> None:
    """Create the empty topic whose name says which log this is; kept for ever."""
    await create(client, [NewTopic(name, 1, settings.replication_factor)])


async def create(client: AIOKafkaAdminClient, wanted: list[NewTopic]) -> None:
    """Create these; those that exist are left alone. Raises Transient or Bug with the broker's reason."""
    answer: Any = await client.create_topics(wanted)
    for name, code, *message in answer.topic_errors:
        if code in (_NO_ERROR, _ALREADY_EXISTS):
            continue
        error = for_code(code)
        kind = Transient if getattr(error, "retriable", False) else Bug
        raise kind(f"topic {name} was not created: {error.__name__} {' '.join(map(str, message))}")


def _new(name: str, partitions: int, settings: Settings) -> NewTopic:
    replicas = settings.replication_factor
    configs = {
        "retention.ms": str(RETENTION_MS),
        "min.insync.replicas": str(min(2, replicas)),
        "cleanup.policy": "delete",
    }
    return NewTopic(name, partitions, replicas, topic_configs=configs)
