"""How a case is told: one line a step, in Chinese and English, with the service that did it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol
from zoneinfo import ZoneInfo

from tools.client import Json

SERVICES = {
    "intake": "受理 intake",
    "dispatch": "派工 dispatch",
    "billing": "收费 billing",
    "notify": "通知 notify",
}


class Story(Protocol):
    """Hears what happens in a play, and says how long people take between two steps."""

    def tell(self, service: str, zh: str, en: str) -> None: ...

    async def pause(self) -> None: ...


@dataclass(frozen=True, slots=True)
class Line:
    """One step: which service did it, in both languages."""

    service: str
    zh: str
    en: str


@dataclass(slots=True)
class Teller:
    """Keeps the lines of a case, and says each as it happens."""

    say: Callable[[Line], None]
    lines: list[Line] = field(default_factory=list)

    def tell(self, service: str, zh: str, en: str) -> None:
        """A step has happened."""
        line = Line(service, zh, en)
        self.lines.append(line)
        self.say(line)

    async def pause(self) -> None:
        """In a story nobody waits."""


def yuan(amount: Json | None) -> str:
    """`60.00 CNY`."""
    if amount is None:
        return "0"
    return f"{amount['amount_minor'] / 100:,.2f} {amount['currency']}"


def local(moment: str | None, zone: str) -> str:
    """An ISO time as the people of the property read it: `03-01 16:05`."""
    return (
        "" if moment is None else f"{datetime.fromisoformat(moment).astimezone(ZoneInfo(zone)):%m-%d %H:%M}"
    )
