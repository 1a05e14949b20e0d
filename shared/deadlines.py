"""Time as a property counts it: calendar days, slip periods, the turn of the year, quiet hours. Pure.

Moments in and out are aware UTC. "Days" are calendar days (domain §8.3.13) that keep the wall time, so that a
report of 15:00 on the day before the clocks change is due at 15:00. Hours are elapsed hours.
"""

from __future__ import annotations

import calendar
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from zoneinfo import ZoneInfo

from shared.errors import Invalid


@cache
def zone_of(name: str) -> ZoneInfo:
    """The time zone of that name. Raises Invalid naming the field `zone`."""
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError) as error:
        accepted = "a name of the tz database, such as Asia/Shanghai"
        raise Invalid("zone", "There is no such time zone.", field="zone", accepted=accepted) from error


def add_calendar_days(moment: datetime, days: int, zone: str) -> datetime:
    """The same wall time, so many days on.

    A time that the clocks skip moves on by the skipped hour; of a repeated one, the first.
    """
    there = zone_of(zone)
    local = moment.astimezone(there).replace(tzinfo=None, fold=0) + timedelta(days=days)
    return local.replace(tzinfo=there).astimezone(UTC)


def months_later(day: date, months: int) -> date:
    """The day of the same number so many months later, or the last one of a month that has none."""
    years, month = divmod(day.month - 1 + months, 12)
    year, month = day.year + years, month + 1
    return date(year, month, min(day.day, calendar.monthrange(year, month)[1]))


def share_of(start: datetime, due: datetime, percent: int) -> datetime:
    """When that share of the time between start and due is over, cut to the millisecond."""
    milliseconds = (due - start) * percent // 100 // timedelta(milliseconds=1)
    return start + timedelta(milliseconds=milliseconds)


def slip_period(moment: datetime, zone: str, late_days: int) -> str:
    """The month `2026-03` a slip is counted in: its last `late_days` belong to the next month (P029).

    The number is in the catalogue (`slip_late_days`). Independent of the ledger's close (ruling J16).
    """
    local = moment.astimezone(zone_of(zone)) + timedelta(days=late_days)
    return f"{local.year:04d}-{local.month:02d}"


def local_year(moment: datetime, zone: str) -> int:
    """The year of number series; it turns at midnight of the property (ruling J20)."""
    return moment.astimezone(zone_of(zone)).year


def is_quiet(moment: datetime, zone: str, quiet_from: str, quiet_until: str) -> bool:
    """Whether the wall time lies in the quiet hours; they may go over midnight; equal times mean none."""
    start, end = time.fromisoformat(quiet_from), time.fromisoformat(quiet_until)
    wall = moment.astimezone(zone_of(zone)).time()
    return start <= wall < end if start <= end else wall >= start or wall < end


def wall_time_of(moment: datetime, wall: str, zone: str) -> tuple[str, datetime | None]:
    """The local day of a moment, and when a wall time of that day was; None while it lies ahead."""
    local = moment.astimezone(zone_of(zone))
    hour = time.fromisoformat(wall)
    due = local.replace(hour=hour.hour, minute=hour.minute, second=0, microsecond=0, fold=0).astimezone(UTC)
    return local.date().isoformat(), due if due <= moment else None
