"""All four services as processes on the stores of the session, with mailbox and gateway, for tests of the
whole.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from secrets import token_hex

import pytest

from shared.settings import Settings
from tests.stack import SessionStack
from tests.waiting import PATIENCE_SECONDS
from tools.client import Client
from tools.demo.desk import Desk
from tools.gateway.server import Running, gateway
from tools.session import Machine
from tools.stack.keys import machine_keys
from tools.stack.layout import Layout
from tools.stack.ports import free_block
from tools.stack.processes import port_offsets
from tools.stack.stack import Stack, StackOptions
from tools.stack.supervisor import Supervisor


@dataclass(frozen=True, slots=True)
class Platform:
    """A running platform: what clients need of it, where its messages arrive, and its data folder."""

    machine: Machine
    gateway: Running
    data: Path


@asynccontextmanager
async def running_platform(stores: SessionStack, settings: Settings, data: Path) -> AsyncIterator[Platform]:
    """Start fronts and bulk processes on the settings' databases, topics and ports; stop them in order."""
    options = StackOptions(
        data=data,
        broker="given",
        mongodb_url=stores.mongodb_url,
        kafka_bootstrap_servers=stores.kafka_bootstrap_servers,
        database_prefix=settings.database_prefix,
        topic_prefix=settings.topic_prefix,
    )
    layout = Layout(data)
    layout.create()
    secret = machine_keys(layout)["GATEWAY_SECRET"]
    async with Stack(options) as stack, gateway(secret, data / "gateway") as outside:
        environment = {
            "BROKER_FORGETS": str(settings.broker_forgets).lower(),
            "ENABLE_IDEMPOTENCE": str(settings.enable_idempotence).lower(),
            "PARTITIONS": str(settings.partitions),
            "GATEWAY_URL": outside.url,
            "SMTP_PORT": str(outside.smtp_port),
        }
        async with Supervisor(stack, base_port=settings.base_port, environment=environment) as supervisor:
            yield Platform(Machine(layout, supervisor.settings), outside, data)


@asynccontextmanager
async def own_platform(stores: SessionStack, data: Path) -> AsyncIterator[Platform]:
    """A platform of one module: its databases and topics are dropped afterwards."""
    prefix = f"t{token_hex(4)}_"
    topics = prefix.replace("_", ".")
    settings = stores.settings(
        database_prefix=prefix,
        topic_prefix=topics,
        base_port=free_block(port_offsets()),
        kafka_assignment="all",
    )
    with pytest.MonkeyPatch.context() as patient:  # who plays a case is as patient as a test
        patient.setattr(Desk, "wait_seconds", PATIENCE_SECONDS)
        patient.setattr("tools.demo.cases.MESSAGES_SECONDS", PATIENCE_SECONDS)
        patient.setattr("tools.session.Client", partial(Client, timeout_seconds=PATIENCE_SECONDS))
        async with running_platform(stores, settings, data) as platform:
            yield platform
    await asyncio.to_thread(stores.forget, prefix, topics)
