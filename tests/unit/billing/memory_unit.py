"""A unit of work that lives in memory: what it would write is kept aside until it ends well."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, Protocol, TypeVar, cast

from pydantic import BaseModel

from shared.errors import Stale
from shared.events.envelope import Event
from shared.ids import derived_id
from shared.kernel.unit import Aggregate, Cause, Command

A = TypeVar("A", bound=Aggregate)


class Books(Protocol):
    """What the units of one property share."""

    rows: dict[tuple[type, str], Any]
    numbers: dict[tuple[str, int], dict[str, int]]
    now: datetime


class MemoryUnit:
    """One unit: its writes are kept aside until it ends well."""

    def __init__(self, desk: Books, cause: Cause) -> None:
        self.desk, self.cause, self.now = desk, cause, desk.now
        self.saved: dict[tuple[type, str], Any] = {}
        self.emitted: list[Event] = []
        self.timers: dict[str, tuple[datetime, Command] | None] = {}
        self.answered: BaseModel | None = None

    async def load(self, kind: type[A], id: str) -> A | None:
        return cast("A | None", self.saved.get((kind, id), self.desk.rows.get((kind, id))))

    async def look(self, kind: type[A], id: str) -> A | None:
        return cast("A | None", self.desk.rows.get((kind, id)))

    async def look_by(self, kind: type[A], field: str, value: str, limit: int = 20) -> Sequence[A]:
        return [r for (k, _), r in self.desk.rows.items() if k is kind and getattr(r, field) == value][:limit]

    async def number(self, series: str, of: str, year: int) -> int:
        numbers = self.desk.numbers.setdefault((series, year), {})
        return numbers.setdefault(of, len(numbers) + 1)

    def save(self, aggregate: Aggregate) -> None:
        key = (type(aggregate), aggregate.id)
        known = self.saved.get(key, self.desk.rows.get(key))
        assert aggregate.version == (0 if known is None else known.version), f"{key} was not loaded"
        self.saved[key] = cast("Any", replace)(aggregate, version=aggregate.version + 1)

    def require_match(self, version: int) -> None:
        if self.cause.if_match not in (None, version):
            raise Stale("stale-version", "changed meanwhile")

    def emit(self, event: Event) -> None:
        assert event.producer() == "billing"
        self.emitted.append(event)

    def open(self, stream: str, event: Event) -> None:
        raise AssertionError("billing opens no stream")

    def start_timer(
        self, key: str, due_at: datetime, command: Command, *, chain: str = "", step: int = 0
    ) -> None:
        self.timers[key] = (due_at, command)

    def cancel_timer(self, key: str) -> None:
        self.timers[key] = None

    def answer(self, body: BaseModel) -> None:
        self.answered = body

    def derived_id(self, label: str) -> str:
        return derived_id("billing", self.cause.id, label)
