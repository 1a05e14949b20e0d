"""A Kafka-compatible broker as part of the stack, and what clients have to know about its kind."""

from __future__ import annotations

import abc
import contextlib
import logging
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError

from tools.stack.ports import HOST, answers
from tools.stack.server import Server

BrokerKind = Literal["embedded", "apache", "given"]
_TIMEOUT_MS = 3_000


@dataclass(frozen=True, slots=True)
class Traits:
    """In what brokers differ; each field is the setting of the same name."""

    broker_forgets: bool
    enable_idempotence: bool
    partitions: int
    fetch_max_wait_ms_urgent: int
    fetch_max_wait_ms_routine: int


# The embedded broker lets a fetch wait to the end even when there is news, so there the wait is latency.
EMBEDDED = Traits(
    broker_forgets=True,
    enable_idempotence=False,
    partitions=2,
    fetch_max_wait_ms_urgent=20,
    fetch_max_wait_ms_routine=100,
)
APACHE = Traits(
    broker_forgets=False,
    enable_idempotence=True,
    partitions=12,
    fetch_max_wait_ms_urgent=500,
    fetch_max_wait_ms_routine=500,
)


class Broker(Server):
    """One broker process on loopback."""

    traits: Traits

    @property
    def bootstrap_servers(self) -> str:
        """For KAFKA_BOOTSTRAP_SERVERS."""
        return f"{HOST}:{self.child.port}"

    async def ready(self) -> bool:
        """Whether it answers a request about the cluster."""
        return answers(self.child.port) and await reachable(self.bootstrap_servers)

    @abc.abstractmethod
    async def start(self) -> None:
        """Start and wait until it answers."""


async def reachable(bootstrap_servers: str) -> bool:
    """Whether a broker answers there and knows itself as part of its cluster."""
    with _quiet("aiokafka"):
        admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap_servers, request_timeout_ms=_TIMEOUT_MS)
        try:
            await admin.start()
            cluster = await admin.describe_cluster()
            return bool(cluster["brokers"])
        except (KafkaError, OSError, ValueError, OverflowError):  # the last two: that is no port
            return False
        finally:
            await admin.close()


@contextlib.contextmanager
def _quiet(name: str) -> Iterator[None]:
    # asking a broker that is not there yet is no error worth a line
    logger = logging.getLogger(name)
    before = logger.level
    logger.setLevel(logging.CRITICAL + 1)
    try:
        yield
    finally:
        logger.setLevel(before)
