"""Which reports there are, and how each is made of its rows. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from services.dispatch.domain.reports import callbacks, repairs
from services.dispatch.domain.reports.rows import CallbackRow, SlipRow
from shared.reports.model import Rate, Report, Table, Words


@dataclass(frozen=True, slots=True)
class Seen:
    """What was read. `before`: the slips of the time of the same length before."""

    property_id: str
    zone: str
    since: datetime
    until: datetime
    now: datetime
    slips: Sequence[SlipRow] = ()
    before: Sequence[SlipRow] = ()
    callbacks: Sequence[CallbackRow] = ()


@dataclass(frozen=True, slots=True)
class Recipe:
    """One report: its title, what it needs, and what it says."""

    title: Words
    rates: Callable[[Seen], tuple[Rate, ...]]
    tables: Callable[[Seen], tuple[Table, ...]]
    of_callbacks: bool = False
    compares: bool = False


RECIPES: Mapping[str, Recipe] = {
    "repair-week": Recipe(
        Words(zh="维修周统计与分析", en="Weekly repair statistics and analysis"),
        lambda s: (*repairs.deadline_rates(s.slips, s.now), repairs.rework_rate(s.slips)),
        lambda s: repairs.week_tables(s.slips, s.before),
        compares=True,
    ),
    "slips": Recipe(
        Words(zh="派工单统计", en="Slip statistics"),
        lambda s: repairs.slip_rates(s.slips),
        lambda s: repairs.slip_tables(s.slips),
    ),
    "late-slips": Recipe(
        Words(zh="迟发派工单", en="Late slips"),
        lambda s: repairs.slip_rates(s.slips),
        lambda s: (repairs.late_slips(s.slips),),
    ),
    "urgent-24h": Recipe(
        Words(zh="急修24小时完成情况", en="Urgent repairs within 24 h"),
        lambda s: _only(repairs.deadline_rates(s.slips, s.now), "emergency_in_time", "urgent_in_time"),
        lambda s: (repairs.overdue(s.slips, "urgent", s.now),),
    ),
    "general-3d": Recipe(
        Words(zh="一般项目3天完成情况", en="General repairs within 3 days"),
        lambda s: _only(repairs.deadline_rates(s.slips, s.now), "general_in_time"),
        lambda s: (repairs.overdue(s.slips, "general", s.now),),
    ),
    "callbacks": Recipe(
        Words(zh="维修回访统计", en="Callbacks after repairs"),
        lambda s: callbacks.callback_rates(s.callbacks, s.now),
        lambda s: callbacks.callback_tables(s.callbacks, s.now),
        of_callbacks=True,
    ),
}


def made(name: str, seen: Seen) -> Report:
    """The report of that name."""
    recipe = RECIPES[name]
    return Report(
        name=name,
        title=recipe.title,
        property_id=seen.property_id,
        zone=seen.zone,
        since=seen.since,
        until=seen.until,
        made_at=seen.now,
        rates=recipe.rates(seen),
        tables=recipe.tables(seen),
    )


def _only(rates: Sequence[Rate], *names: str) -> tuple[Rate, ...]:
    return tuple(rate for rate in rates if rate.name in names)
