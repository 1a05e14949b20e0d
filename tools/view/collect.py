"""Fetches the figures of all properties over HTTP, and asks every process how it is.

What does not answer is named, not guessed.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from shared.events.envelope import PRODUCERS
from tools.client import ApiError, Client, Json, UnreachableError
from tools.demo.group import Estate
from tools.session import Machine
from tools.stack.processes import AUDITOR, ROLES, status_of
from tools.view.figures import DUE_SHOWN, Due, Figures, Process

READERS = ("director", "cs_supervisor")
HELD = ("deposits_held", "deposits_disputed", "refunds_due")
RECEIVED = ("cash_drawer", "cash_in_hands", "bank")


class Collector:
    """Reads everything the view shows, for the properties given."""

    def __init__(self, machine: Machine, group: Sequence[Estate], plays: Counter[str]) -> None:
        self._machine = machine
        self._plays = plays
        self._group = group
        grants = [(f"property:{estate.id}", role) for estate in group for role in READERS]
        self.client: Client = machine.client("view", grants, patience_seconds=0)

    async def figures(self, now: datetime) -> Figures:
        """The state of the group now; contacts, requests and messages of today, in each property's zone."""
        figures = Figures(plays_failed=self._plays["failed"])
        parts = [self._property(figures, estate, now) for estate in self._group]
        await asyncio.gather(*parts, self._processes(figures))
        return figures

    async def _property(self, figures: Figures, estate: Estate, now: datetime) -> None:
        base = f"/v1/properties/{estate.id}"
        local = now.astimezone(ZoneInfo(estate.zone))
        since = local.replace(hour=0, minute=0, second=0, microsecond=0).isoformat()
        work = f"{base}/work-orders"
        reads: tuple[tuple[str, Awaitable[Json], Callable[[Json], None]], ...] = (
            ("intake", self.client.get("intake", f"{base}/summary", since=since), figures.add_calls),
            ("dispatch", self.client.get("dispatch", f"{base}/summary"), figures.add_work),
            (
                "dispatch",
                self.client.get("dispatch", work, by_deadline="true", limit=DUE_SHOWN),
                lambda page: figures.next_due.extend(
                    _due(estate.id, one) for one in page["items"] if one["due_at"]
                ),
            ),
            (
                "billing",
                self.client.get("billing", f"{base}/ledger/trial-balance"),
                lambda b: _money(figures, b),
            ),
            ("notify", self.client.get("notify", f"{base}/summary", since=since), figures.add_messages),
        )
        await asyncio.gather(*(_read(figures, *read) for read in reads))

    async def _processes(self, figures: Figures) -> None:
        settings = self._machine.settings
        ports = {f"{name}-{role}": settings.port_of(name, role) for name in PRODUCERS for role in ROLES}
        ports[AUDITOR] = settings.port_of(AUDITOR)
        answers = await asyncio.gather(*(status_of(port, "/health/ready") for port in ports.values()))
        figures.processes = [
            Process(name, status == 200) for name, status in zip(ports, answers, strict=True)
        ]


async def _read(figures: Figures, service: str, asked: Awaitable[Json], add: Callable[[Json], None]) -> None:
    try:
        add(await asked)
    except (ApiError, UnreachableError):
        figures.unanswered.add(service)


def _due(property_id: str, order: Json) -> Due:
    due_at = datetime.fromisoformat(order["due_at"])
    return Due(property_id, order["slip"], order["urgency"], order["status"], due_at)


def _money(figures: Figures, balance: Json) -> None:
    for account in balance["accounts"]:
        minor, name, currency = account["balance_minor"], account["account"], balance["currency"]
        if name in HELD:
            figures.held[currency] -= minor
        elif name in RECEIVED:
            figures.received[currency] += minor
        elif name == "receivable":
            figures.owed[currency] += minor
