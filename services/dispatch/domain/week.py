"""The weekly reports of a property, made once and told to who leads it (P032, P033). Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from services.dispatch.domain.reports.made import RECIPES, Seen
from shared.events.dispatch_reports import WeekReported
from shared.kernel.unit import Command
from shared.reports.model import Rate


@dataclass(frozen=True, slots=True)
class WeekReport:
    """That a week of a property was reported; `id` is the week, 2026-W10."""

    property_id: str
    id: str
    version: int = 0
    made_at: datetime | None = None


class RecordWeek(Command):
    """A timer's: the week is over and counted."""

    NAME: ClassVar[str] = "dispatch.record_week"
    week: str
    since: datetime
    until: datetime
    slips: int
    rates: dict[str, str]


def rates_of(seen: Seen) -> dict[str, str]:
    """Every rate of the weekly reports as numerator/denominator, by its name."""
    found = (rate for recipe in RECIPES.values() for rate in recipe.rates(seen))
    return _written(found)


def _written(rates: Iterable[Rate]) -> dict[str, str]:
    return {rate.name: f"{rate.numerator}/{rate.denominator}" for rate in rates}


def told(command: RecordWeek, now: datetime) -> WeekReported:
    """The fact for those who lead the property."""
    rates = command.rates
    return WeekReported(
        week=command.week,
        since=command.since,
        until=command.until,
        slips=command.slips,
        slips_in_time=rates.get("slips_out_in_time", ""),
        urgent_in_time=rates.get("urgent_in_time", ""),
        general_in_time=rates.get("general_in_time", ""),
        reworked=rates.get("rework", ""),
        rates=rates,
        made_at=now,
    )
