"""MongoDB and a broker, started together: embedded, Apache Kafka, or the ones whose addresses are given."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

from pydantic import ValidationError
from pymongo import AsyncMongoClient
from pymongo.errors import ConfigurationError, PyMongoError

from shared.settings import Settings, wrong_setting
from tools.exits import Exit, Stop
from tools.stack.broker import APACHE, Broker, BrokerKind, Traits, reachable
from tools.stack.child import stop_orphans
from tools.stack.kafka import Kafka
from tools.stack.keys import machine_keys
from tools.stack.layout import STACK_FILE, Layout, default_data_folder
from tools.stack.mongod import Mongod
from tools.stack.server import Server
from tools.stack.tansu import Tansu

MONGODB_PORT = 27_117
KAFKA_PORT = 9_192

Report = Callable[[str], None]


def silent(line: str) -> None:
    """A report that nobody reads."""


@dataclass(frozen=True, slots=True)
class StackOptions:
    """What to start and where. Port 0 takes a free one; a given address is used instead of starting one."""

    data: Path = field(default_factory=default_data_folder)
    broker: BrokerKind = "embedded"
    mongodb_port: int = 0
    kafka_port: int = 0
    mongodb_url: str = ""
    kafka_bootstrap_servers: str = ""
    database_prefix: str = ""
    topic_prefix: str = ""
    mongodb_cache_gib: float = 1.0

    @classmethod
    def from_environment(cls, data: Path | None = None, broker: BrokerKind = "embedded") -> StackOptions:
        """As `guanjia up` does: fixed ports, and MONGODB_URL or KAFKA_BOOTSTRAP_SERVERS when they are set.

        Raises Stop (usage) naming a variable of any service that is wrong, before anything is started.
        """
        settings_of({})
        servers = os.environ.get("KAFKA_BOOTSTRAP_SERVERS", "")
        return cls(
            data=data or default_data_folder(),
            broker="given" if servers else broker,
            mongodb_port=_port("MONGODB_PORT", MONGODB_PORT),
            kafka_port=_port("KAFKA_PORT", KAFKA_PORT),
            mongodb_url=os.environ.get("MONGODB_URL", ""),
            kafka_bootstrap_servers=servers,
        )


class Stack:
    """`async with Stack(options) as stack:` or `start` and `stop`, from the main thread.

    One stack at a time uses a data folder; what an earlier one left running there is ended first.
    """

    def __init__(self, options: StackOptions, report: Report = silent) -> None:
        self.options = options
        self.layout = Layout(options.data)
        self.mongod: Mongod | None = None
        self.broker: Broker | None = None
        self._report = report
        self._keys: dict[str, str] = {}
        if not options.mongodb_url:
            self.mongod = Mongod(self.layout, options.mongodb_port, options.mongodb_cache_gib)
        if not options.kafka_bootstrap_servers:
            self.broker = _broker(options, self.layout)

    @property
    def servers(self) -> list[Server]:
        """The processes of this stack, in starting order."""
        return [server for server in (self.mongod, self.broker) if server is not None]

    @property
    def mongodb_url(self) -> str:
        """Where MongoDB is."""
        return self.mongod.url if self.mongod else self.options.mongodb_url

    @property
    def kafka_bootstrap_servers(self) -> str:
        """Where the broker is."""
        return self.broker.bootstrap_servers if self.broker else self.options.kafka_bootstrap_servers

    @property
    def traits(self) -> Traits:
        """What clients must know of the broker's kind; a given broker is taken to be a real Kafka."""
        return self.broker.traits if self.broker else APACHE

    def environment(self) -> dict[str, str]:
        """The variables (see shared/settings.py) that connect a process to this stack, secrets too."""
        given = {name: os.environ[name] for name in _overridable() if name in os.environ}
        prefixes = {
            "DATABASE_PREFIX": self.options.database_prefix,
            "TOPIC_PREFIX": self.options.topic_prefix,
        }
        return {
            "BROKER_FORGETS": str(self.traits.broker_forgets).lower(),
            "ENABLE_IDEMPOTENCE": str(self.traits.enable_idempotence).lower(),
            "PARTITIONS": str(self.traits.partitions),
            "FETCH_MAX_WAIT_MS_URGENT": str(self.traits.fetch_max_wait_ms_urgent),
            "FETCH_MAX_WAIT_MS_ROUTINE": str(self.traits.fetch_max_wait_ms_routine),
            **given,
            **{name: value for name, value in prefixes.items() if value},
            "MONGODB_URL": self.mongodb_url,
            "KAFKA_BOOTSTRAP_SERVERS": self.kafka_bootstrap_servers,
            **self._keys,
        }

    def settings(self, **changes: object) -> Settings:
        """The settings of a process of this stack, with some changed."""
        return settings_of(self.environment(), **changes)

    async def start(self) -> None:
        """Start what is not given, side by side, and wait until both answer. Raises Stop with one line."""
        self.layout.create()
        self.layout.lock()
        try:
            for name in await stop_orphans(self.layout):
                self._report(f"{name} was left running by an earlier start and has been stopped")
            self._keys = machine_keys(self.layout)
            await _all(*(self._start(server) for server in self.servers))
            await _all(self._check_given_mongodb(), self._check_given_broker())
        except BaseException:
            await self.stop()
            raise

    async def stop(self) -> None:
        """Stop in reverse order and give the data folder back."""
        for server in reversed(self.servers):
            await server.stop()
        self.layout.forget_run(STACK_FILE)
        self.layout.unlock()

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    async def _start(self, server: Server) -> None:
        await server.start()
        self._report(f"{server.name} answers on port {server.child.port}")

    async def _check_given_mongodb(self) -> None:
        if self.mongod is not None:
            return
        client: AsyncMongoClient[dict[str, object]]
        try:
            client = AsyncMongoClient(self.mongodb_url, serverSelectionTimeoutMS=5_000)
        except (ConfigurationError, ValueError):  # what it says may quote the password
            line = "MONGODB_URL is not an address such as mongodb://host:27017/?replicaSet=name"
            raise Stop(Exit.USAGE, line) from None
        try:
            hello = await client.admin.command("hello")
        except PyMongoError as error:
            line = f"MONGODB_URL does not answer: {type(error).__name__}"
            raise Stop(Exit.FAILED, line) from error
        finally:
            await client.close()
        if "setName" not in hello and hello.get("msg") != "isdbgrid":
            raise Stop(Exit.FAILED, "MONGODB_URL is not a replica set; transactions need one")

    async def _check_given_broker(self) -> None:
        if self.broker is None and not await reachable(self.kafka_bootstrap_servers):
            raise Stop(Exit.FAILED, f"KAFKA_BOOTSTRAP_SERVERS={self.kafka_bootstrap_servers} does not answer")


def settings_of(environment: dict[str, str], **changes: object) -> Settings:
    """Settings from variables, over those of this process. Raises Stop (usage) naming a wrong one."""
    values: dict[str, object] = {name.lower(): value for name, value in environment.items()}
    known: dict[str, Any] = {n: v for n, v in (values | changes).items() if n in Settings.model_fields}
    try:
        return Settings(**known)
    except ValidationError as error:
        raise Stop(Exit.USAGE, wrong_setting(error)) from None


def _overridable() -> list[str]:
    return [name.upper() for name in Settings.model_fields]


def _broker(options: StackOptions, layout: Layout) -> Broker:
    if options.broker == "apache":
        return Kafka(layout, options.kafka_port)
    return Tansu(layout, options.kafka_port)


def _port(variable: str, default: int) -> int:
    text = os.environ.get(variable, "") or str(default)
    if not text.isdecimal() or int(text) > 65_535:
        raise Stop(Exit.USAGE, f"{variable}={text} is not a port")
    return int(text)


async def _all(*works: Coroutine[Any, Any, None]) -> None:
    """Side by side; the first failure is raised after all have come to an end."""
    outcomes = await asyncio.gather(*works, return_exceptions=True)
    for outcome in outcomes:
        if isinstance(outcome, BaseException):
            raise outcome
