"""The stores of a test session: containers when a Docker engine answers, else embedded, or given addresses.

`GUANJIA_TEST_BROKER` chooses the broker: `embedded` (forgets when it is restarted) or `apache` (does not).
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pymongo
from aiokafka.admin import AIOKafkaAdminClient

from shared.settings import Settings
from tests.waiting import PATIENCE_SECONDS
from tools.exits import Exit, Stop
from tools.stack.broker import APACHE, BrokerKind, Traits
from tools.stack.kafka import version
from tools.stack.ports import HOST, free_port
from tools.stack.stack import Stack, StackOptions, settings_of

VARIABLE = "GUANJIA_TEST_BROKER"
MONGODB_IMAGE = "mongo:8.0"
KAFKA_IMAGE = f"apache/kafka:{version()}"
CACHE_GIB = 0.5
_KAFKA_INSIDE = 19_092


@dataclass(frozen=True, slots=True)
class SessionStack:
    """Addresses that hold for the whole session. `how` is for the header of the run."""

    mongodb_url: str
    kafka_bootstrap_servers: str
    traits: Traits
    how: str

    def settings(self, **changes: Any) -> Settings:
        """Settings of a process on these stores; secrets are fixed test values."""
        variables = {
            "MONGODB_URL": self.mongodb_url,
            "KAFKA_BOOTSTRAP_SERVERS": self.kafka_bootstrap_servers,
            "BROKER_FORGETS": str(self.traits.broker_forgets),
            "ENABLE_IDEMPOTENCE": str(self.traits.enable_idempotence),
            "PARTITIONS": "2",
            "ATTACHMENT_CHECK_SECONDS": "120",  # a busy machine looks into a file more slowly
            "JWT_SECRET": "test-secret-that-is-long-enough-for-hs256",
            "SEAL_HMAC_KEY": "test-seal-key-of-at-least-16-bytes",
            "VAULT_MASTER_KEY": "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=",
            "LINK_HMAC_KEY": "test-link-key-of-at-least-16-bytes",
            "GATEWAY_SECRET": "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=",
        }
        return settings_of(variables, **changes)

    def forget(self, database_prefix: str, topic_prefix: str) -> None:
        """Drop the databases and topics of one test."""
        client: pymongo.MongoClient[dict[str, Any]]
        with pymongo.MongoClient(self.mongodb_url) as client:
            for name in client.list_database_names():
                if name.startswith(database_prefix):
                    client.drop_database(name)
        asyncio.run(_delete_topics(self.kafka_bootstrap_servers, topic_prefix))


@contextlib.contextmanager
def session_stack() -> Iterator[SessionStack]:
    """Start what is needed, and stop it at the end."""
    chosen = os.environ.get(VARIABLE, "")
    if chosen not in ("", "embedded", "apache"):
        raise Stop(Exit.USAGE, f"{VARIABLE}={chosen}: must be embedded or apache")
    servers, url = os.environ.get("KAFKA_BOOTSTRAP_SERVERS", ""), os.environ.get("MONGODB_URL", "")
    if servers and url:
        yield SessionStack(url, servers, APACHE, "given addresses")
    elif chosen != "embedded" and docker_answers():
        with _containers() as stack:
            yield stack
    else:
        with embedded("apache" if chosen == "apache" else "embedded") as stack:
            yield stack


@contextlib.contextmanager
def embedded(broker: BrokerKind) -> Iterator[SessionStack]:
    """mongod and a broker as processes of this user, in a folder that is deleted afterwards."""
    with tempfile.TemporaryDirectory(prefix="guanjia-test-") as folder:
        options = StackOptions(data=Path(folder), broker=broker, mongodb_cache_gib=CACHE_GIB)
        stack = Stack(options)
        asyncio.run(stack.start())
        _keep_as_tests_need(stack.mongodb_url)
        how = "embedded MongoDB, " + ("Apache Kafka" if broker == "apache" else "embedded broker")
        try:
            yield SessionStack(stack.mongodb_url, stack.kafka_bootstrap_servers, stack.traits, how)
        finally:
            asyncio.run(stack.stop())


def _keep_as_tests_need(mongodb_url: str) -> None:
    """What is written by a clock that stands in the past stays, although its time is over by the server's.

    And of dropped databases nothing stays: else their files are kept open for five minutes, too many of them.
    """
    client: pymongo.MongoClient[dict[str, Any]]
    with pymongo.MongoClient(mongodb_url) as client:
        client.admin.command("setParameter", 1, ttlMonitorEnabled=False)
        client.admin.command("setParameter", 1, minSnapshotHistoryWindowInSeconds=0)


def docker_answers() -> bool:
    """Whether there is a Docker engine to run containers: one ping of its socket."""
    host = os.environ.get("DOCKER_HOST", "unix:///var/run/docker.sock")
    kind, _, address = host.partition("://")
    if kind not in ("unix", "tcp"):
        return False
    family = socket.AF_UNIX if kind == "unix" else socket.AF_INET
    name, _, port = address.partition(":")
    try:
        with socket.socket(family, socket.SOCK_STREAM) as engine:
            engine.settimeout(2)
            engine.connect(address if kind == "unix" else (name, int(port or 2375)))
            engine.sendall(b"GET /_ping HTTP/1.0\r\nHost: docker\r\n\r\n")
            return b" 200 " in engine.recv(64)
    except (OSError, ValueError):
        return False


@contextlib.contextmanager
def _containers() -> Iterator[SessionStack]:
    """The images of docker-compose.yml. The broker must know its outside port before it starts."""
    from testcontainers.core.container import DockerContainer
    from testcontainers.core.wait_strategies import LogMessageWaitStrategy

    port = free_port()
    listeners = f"IN://:{_KAFKA_INSIDE},OUT://:9092,CONTROLLER://:9093"
    kafka = DockerContainer(KAFKA_IMAGE).with_bind_ports(9092, port)
    for name, value in {
        "KAFKA_NODE_ID": "1",
        "KAFKA_PROCESS_ROLES": "broker,controller",
        "KAFKA_CONTROLLER_QUORUM_VOTERS": "1@localhost:9093",
        "KAFKA_CONTROLLER_LISTENER_NAMES": "CONTROLLER",
        "KAFKA_LISTENERS": listeners,
        "KAFKA_ADVERTISED_LISTENERS": f"IN://localhost:{_KAFKA_INSIDE},OUT://{HOST}:{port}",
        "KAFKA_INTER_BROKER_LISTENER_NAME": "IN",
        "KAFKA_LISTENER_SECURITY_PROTOCOL_MAP": "IN:PLAINTEXT,OUT:PLAINTEXT,CONTROLLER:PLAINTEXT",
        "KAFKA_AUTO_CREATE_TOPICS_ENABLE": "false",
        "KAFKA_OFFSETS_TOPIC_REPLICATION_FACTOR": "1",
        "KAFKA_GROUP_INITIAL_REBALANCE_DELAY_MS": "0",
    }.items():
        kafka.with_env(name, value)
    mongo = DockerContainer(MONGODB_IMAGE).with_exposed_ports(27017)
    mongo.with_command("--replSet guanjia --bind_ip_all --setParameter transactionLifetimeLimitSeconds=5")
    kafka.waiting_for(LogMessageWaitStrategy("Kafka Server started"))
    mongo.waiting_for(LogMessageWaitStrategy("Waiting for connections"))
    with kafka, mongo:
        url = f"mongodb://{mongo.get_container_host_ip()}:{mongo.get_exposed_port(27017)}/?directConnection=true"
        client: pymongo.MongoClient[dict[str, Any]]
        with pymongo.MongoClient(url) as client:
            member = {"_id": 0, "host": "localhost:27017"}
            client.admin.command("replSetInitiate", {"_id": "guanjia", "members": [member]})
            client.admin.command("setParameter", 1, ttlMonitorEnabled=False)
            end = time.monotonic() + PATIENCE_SECONDS
            while not client.admin.command("hello").get("isWritablePrimary"):
                assert time.monotonic() < end, "MongoDB did not become a primary"
                time.sleep(0.05)
        yield SessionStack(url, f"{HOST}:{port}", APACHE, "containers: MongoDB, Apache Kafka")


async def _delete_topics(bootstrap_servers: str, prefix: str) -> None:
    patience_ms = int(PATIENCE_SECONDS * 1000)
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap_servers, request_timeout_ms=patience_ms)
    await admin.start()
    try:
        mine = [name for name in await admin.list_topics() if name.startswith(prefix)]
        if mine:
            await admin.delete_topics(mine)
    finally:
        await admin.close()
