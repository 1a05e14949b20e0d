"""What the live view shows.

Figures of the services, added up over the properties. Pure; collect.py fetches them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from tools.client import Json

URGENCIES = ("emergency", "urgent", "general")
DUE_SHOWN = 8


@dataclass(frozen=True, slots=True)
class Due:
    """An open work order and when it has to be done."""

    property_id: str
    slip: str
    urgency: str
    status: str
    due_at: datetime


@dataclass(frozen=True, slots=True)
class Process:
    """One process and whether it says that its loops progress."""

    name: str
    ready: bool


@dataclass(slots=True)
class Figures:
    """The state of the group at a moment. Money in minor units, by currency."""

    contacts: int = 0
    requests: Counter[str] = field(default_factory=Counter)
    requests_open: Counter[str] = field(default_factory=Counter)
    work_open: Counter[str] = field(default_factory=Counter)
    late: Counter[str] = field(default_factory=Counter)
    slips: int = 0
    next_due: list[Due] = field(default_factory=list)
    held: Counter[str] = field(default_factory=Counter)
    received: Counter[str] = field(default_factory=Counter)
    owed: Counter[str] = field(default_factory=Counter)
    messages: Counter[str] = field(default_factory=Counter)
    processes: list[Process] = field(default_factory=list)
    unanswered: set[str] = field(default_factory=set)
    plays_failed: int = 0

    def add_calls(self, summary: Json) -> None:
        """What intake says of a property: contacts and requests of today, and all that is open."""
        self.contacts += summary["contacts"]
        self.requests.update(summary["requests"])
        self.requests_open.update(summary["open"])

    def add_work(self, summary: Json) -> None:
        """What dispatch says of a property."""
        self.work_open.update(summary["open"])
        self.late.update(summary["late"])
        self.slips += summary["slips"]

    def add_messages(self, summary: Json) -> None:
        """What notify says of a property: the messages of today by state."""
        self.messages.update(summary["messages"])

    def due_soonest(self, count: int) -> list[Due]:
        """The work orders that are due first."""
        return sorted(self.next_due, key=lambda due: (due.due_at, due.property_id, due.slip))[:count]


def money(amounts: Counter[str]) -> str:
    """`1,234.50 CNY`, currencies one after another; `0` where nothing is."""
    shown = (f"{minor / 100:,.2f} {currency}" for currency, minor in sorted(amounts.items()) if minor)
    return " + ".join(shown) or "0"


def remaining(due_at: datetime, now: datetime) -> str:
    """How long until then, or how late: `2 h 05`, `-0 h 10`."""
    minutes = int((due_at - now).total_seconds() // 60)
    sign = "-" if minutes < 0 else ""
    return f"{sign}{abs(minutes) // 60} h {abs(minutes) % 60:02d}"


def line(figures: Figures, names: Iterable[str] = URGENCIES) -> str:
    """All of it in one line, for where no terminal is."""
    work = " ".join(f"{name}={figures.work_open[name]}" for name in names)
    down = [process.name for process in figures.processes if not process.ready]
    health = "all ready" if not down else "not ready: " + ", ".join(down)
    if figures.plays_failed:
        health += f" | plays of the demonstration that ended early: {figures.plays_failed}"
    return (
        f"calls={figures.requests.total()} slips={figures.slips} open: {work} late={figures.late.total()} "
        f"held={money(figures.held)} received={money(figures.received)} "
        f"messages={figures.messages['sent']} | {health}"
    )
