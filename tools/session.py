"""What a command needs of this machine.

Its settings with its secrets, and clients that may do what the command does.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta

from shared.clock import SystemClock
from shared.settings import Settings
from tools.client import Addresses, Client, Json
from tools.exits import Exit, Stop
from tools.stack.keys import machine_keys
from tools.stack.layout import Layout, default_data_folder
from tools.stack.machine import running_settings
from tools.stack.stack import settings_of
from tools.tokens import mint

TOKEN_HOURS = 12
COMMAND = "guanjia"


@dataclass(frozen=True, slots=True)
class Machine:
    """This machine: its folders, and the settings of what runs on it."""

    layout: Layout
    settings: Settings

    @property
    def addresses(self) -> Addresses:
        """Where the services listen."""
        return Addresses(self.settings.host, self.settings.base_port)

    def token(self, sub: str, grants: Iterable[tuple[str, str]], hours: float = TOKEN_HOURS) -> str:
        """A bearer token signed with the machine's secret."""
        return mint(self.settings, sub, grants, SystemClock().now() + timedelta(hours=hours))

    def client(
        self, sub: str, grants: Iterable[tuple[str, str]], *, patience_seconds: float = 10.0
    ) -> Client:
        """A client that speaks for `sub` with these (scope, role) grants."""
        return Client(self.addresses, self.token(sub, grants), patience_seconds=patience_seconds)

    def of_property(self, property_id: str, *roles: str, sub: str = COMMAND) -> Client:
        """A client with these roles in one property."""
        return self.client(sub, [(f"property:{property_id}", role) for role in roles])


async def require_property(client: Client, property_id: str) -> Json:
    """The property. Raises Stop (usage) if there is none: a token of this machine may name any."""
    found = await client.find("intake", f"/v1/properties/{property_id}")
    if found is None:
        raise Stop(Exit.USAGE, f"there is no property {property_id}")
    return found


def machine() -> Machine:
    """This machine, running or not; what is set by environment wins."""
    layout = Layout(default_data_folder())
    layout.create()
    settings = running_settings(layout.root) or settings_of(machine_keys(layout))
    return Machine(layout, settings)


def running_machine() -> Machine:
    """This machine while the platform runs on it. Raises Stop (not running)."""
    found = running_settings()
    if found is None:
        raise Stop(Exit.NOT_RUNNING, "the platform is not running here; start it with `guanjia up`")
    return Machine(Layout(default_data_folder()), found)
