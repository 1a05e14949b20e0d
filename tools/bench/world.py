"""What every bench needs.

MongoDB and a broker, services with one property, tokens, and the bodies of calls.
"""

from __future__ import annotations

import base64
import contextlib
import json
import random
import secrets
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

from shared.clock import SystemClock
from shared.ids import new_id
from tools.client import Addresses, Client
from tools.demo import load
from tools.demo.group import Estate, demonstration_group
from tools.gateway.server import Running, gateway
from tools.stack.broker import BrokerKind
from tools.stack.stack import Stack, StackOptions
from tools.stack.supervisor import Supervisor
from tools.tokens import mint

SEED = 20260301
PROPERTY = "garden"
TOKEN_HOURS = 6
ROOT = Path(__file__).resolve().parents[2]
WORDS = ("tap drips", "socket is dead", "door does not close", "lamp flickers", "drain is slow")
CATEGORIES = ("plumbing", "electrical", "doors-windows", "electrical", "plumbing")


def body(index: int, estate: Estate, **changes: object) -> dict[str, object]:
    """A call about a repair, as a receptionist types it."""
    chance = random.Random(SEED + index)
    owner = chance.choice(estate.owners)
    kind = chance.randrange(len(WORDS))
    return {
        "procedure": "repair-report",
        "category": CATEGORIES[kind],
        "area": "indoor",
        "unit_id": owner.unit_id,
        "description": f"{WORDS[kind]} {index}",
        "requester": {"name": owner.name, "phone": owner.phone},
        "contact": {"channel": "hotline", "caller_phone": owner.phone},
        "fields": {"part": "kitchen", "tariff_told": True},
        **changes,
    }


GARDEN = next(estate for estate in demonstration_group() if estate.id == PROPERTY)
BODIES = tuple(json.dumps(body(n, GARDEN)).encode() for n in range(500))


class World:
    """A started stack with a local gateway; services are started per measurement, each on empty databases."""

    def __init__(self, stack: Stack, running: Running, secret: str) -> None:
        self.stack = stack
        self.layout = stack.layout
        self.gateway = running
        self.root = ROOT
        self._secret = secret

    def token(self, role: str, sub: str = "bench") -> str:
        """A token for the property of the benches."""
        until = SystemClock().now() + timedelta(hours=TOKEN_HOURS)
        return mint(self.stack.settings(), sub, [(f"property:{PROPERTY}", role)], until)

    @contextlib.asynccontextmanager
    async def services(self, *names: str, bulk: bool = True, **environment: str) -> AsyncIterator[Supervisor]:
        """Service processes on empty databases and topics, with the property loaded."""
        run = new_id()[-8:]
        supervisor = Supervisor(
            self.stack,
            services=names,
            auditor=False,
            environment={
                "DATABASE_PREFIX": f"bench_{run}_",
                "TOPIC_PREFIX": f"bench-{run}-",
                "GATEWAY_URL": self.gateway.url,
                "GATEWAY_SECRET": self._secret,
                "SMTP_PORT": str(self.gateway.smtp_port),
                **environment,
            },
        )
        async with supervisor:
            addresses = Addresses(base_port=supervisor.base_port)
            async with Client(addresses, self.token("administrator", "setup")) as client:
                await load_directory(client, names)
            if not bulk:
                for name in names:
                    await supervisor.hold(f"{name}-bulk")
            yield supervisor


async def load_directory(client: Client, names: tuple[str, ...]) -> None:
    """The property without quiet hours (a bench must not depend on the time of day), and its staff."""
    base = f"/v1/properties/{PROPERTY}"
    settings = {"quiet.from": "00:00", "quiet.until": "00:00"}
    await client.put("intake", base, {**load.settings_of(GARDEN), "settings": settings})
    await load.load_directory(client, GARDEN)
    if "dispatch" in names:
        await load.load_rosters(client, GARDEN, SystemClock().now())


@contextlib.asynccontextmanager
async def world(data: Path, broker: BrokerKind) -> AsyncIterator[World]:
    """Start the stack and the gateway."""
    secret = "whsec_" + base64.b64encode(secrets.token_bytes(32)).decode()
    async with (
        Stack(StackOptions(data=data, broker=broker)) as stack,
        gateway(secret, data / "gateway", smtp_port=0, http_port=0) as running,
    ):
        yield World(stack, running, secret)
