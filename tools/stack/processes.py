"""The service processes of one machine: a front and a bulk process for each service, and the auditor."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from shared.events.envelope import PRODUCERS
from shared.settings import Role, Settings
from tools.stack.child import Child
from tools.stack.layout import Layout
from tools.stack.ports import HOST, require_free
from tools.stack.server import Server
from tools.stack.stack import settings_of

ROOT = Path(__file__).resolve().parents[2]
ROLES: tuple[Role, ...] = ("front", "bulk")
AUDITOR = "auditor"
BULK_NICE = 5  # behind mongod, the broker and the fronts: docs/decisions/0031
HEALTH_SECONDS = 2.0
# glibc keeps an arena for each thread and core; nine processes with many of them would hold memory for
# nothing.
_FEW_ARENAS = {"MALLOC_ARENA_MAX": "2"}


class ServiceProcess(Server):
    """`python -m tools.stack.serve ...` on its port. `overrides` are for it alone, from its next start on."""

    def __init__(self, layout: Layout, arguments: Sequence[str], port: int, nice: int = 0) -> None:
        super().__init__(Child("-".join(arguments), layout, port=port, nice=nice))
        self._arguments = list(arguments)
        self._shared: Mapping[str, str] = {}
        self.overrides: dict[str, str] = {}

    def connect(self, environment: Mapping[str, str], shutdown_seconds: float) -> None:
        """What it gets to know of the stack, and how long it may take to finish its work."""
        self._shared = environment
        self.stop_seconds = shutdown_seconds + 5

    async def start(self) -> None:
        """Start the process; it becomes ready on its own time."""
        require_free(self.child.port, self.name, "BASE_PORT")
        plain = {name: value for name, value in os.environ.items() if name != "PYTHONWARNINGS"}
        environment = plain | _FEW_ARENAS | dict(self._shared) | self.overrides
        environment["PYTHONUNBUFFERED"] = "1"
        command = [sys.executable, "-m", "tools.stack.serve", *self._arguments]
        self.child.spawn(command, environment, ROOT)

    async def ready(self) -> bool:
        """Whether all its loops progress, as it says itself."""
        return self.running and await status_of(self.child.port, "/health/ready") == 200

    async def live(self) -> bool:
        """Whether it answers at all."""
        return self.running and await status_of(self.child.port, "/health/live") > 0


def plan(
    layout: Layout, settings: Settings, services: Sequence[str] = PRODUCERS, *, auditor: bool = True
) -> tuple[list[ServiceProcess], list[ServiceProcess]]:
    """The processes to start first (fronts, auditor) and those that follow when they are ready (bulk)."""
    fronts = [ServiceProcess(layout, (name, "front"), settings.port_of(name)) for name in services]
    if auditor:
        fronts.append(ServiceProcess(layout, (AUDITOR,), settings.port_of(AUDITOR)))
    bulk = [
        ServiceProcess(layout, (name, "bulk"), settings.port_of(name, "bulk"), nice=BULK_NICE)
        for name in services
    ]
    return fronts, bulk


def port_offsets(services: Sequence[str] = PRODUCERS) -> list[int]:
    """Every port that is needed, counted from the base port."""
    settings = settings_of({"BASE_PORT": "1"})
    ports = [settings.port_of(name, role) for name in services for role in ROLES]
    return sorted(port - 1 for port in [*ports, settings.port_of(AUDITOR)])


def require_ports(base_port: int) -> None:
    """Raises Stop (port) naming the first port of a service process that is taken."""
    settings = settings_of({"BASE_PORT": str(base_port)})
    for name in PRODUCERS:
        for role in ROLES:
            require_free(settings.port_of(name, role), f"{name}-{role}", "BASE_PORT")
    require_free(settings.port_of(AUDITOR), AUDITOR, "BASE_PORT")


async def status_of(port: int, path: str) -> int:
    """The status of a GET on loopback; 0 when nobody answers in time."""
    try:
        async with asyncio.timeout(HEALTH_SECONDS):
            reader, writer = await asyncio.open_connection(HOST, port)
            try:
                writer.write(f"GET {path} HTTP/1.1\r\nHost: {HOST}\r\nConnection: close\r\n\r\n".encode())
                await writer.drain()
                words = (await reader.readline()).split()
            finally:
                writer.close()
    except (OSError, TimeoutError):
        return 0
    return int(words[1]) if len(words) > 1 and words[1].isdigit() else 0
