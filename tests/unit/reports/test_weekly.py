"""Which week has to be reported by now."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from shared.reports.weekly import next_due, week_due

SHANGHAI = "Asia/Shanghai"


@pytest.mark.parametrize(
    ("now", "day", "week"),
    [
        (datetime(2026, 3, 1, 23, 59, tzinfo=UTC), 1, "2026-W08"),
        (datetime(2026, 3, 2, 0, 0, tzinfo=UTC), 1, "2026-W09"),
        (datetime(2026, 3, 8, 23, 59, tzinfo=UTC), 1, "2026-W09"),
        (datetime(2026, 3, 3, 23, 59, tzinfo=UTC), 3, "2026-W08"),
        (datetime(2026, 3, 4, 0, 0, tzinfo=UTC), 3, "2026-W09"),
        (datetime(2027, 1, 4, 0, 0, tzinfo=UTC), 1, "2026-W53"),
    ],
)
def test_p032_the_week_before_is_due_from_the_day_and_hour_on(now: datetime, day: int, week: str) -> None:
    found = week_due(now, SHANGHAI, day, "08:00")
    assert found.name == week
    assert found.since < found.until <= found.due_at <= now
    assert (found.until - found.since).days == 7
    following = next_due(now, SHANGHAI, day, "08:00")
    assert following.due_at > now
    assert following.since == found.until


def test_p032_the_hour_is_that_of_the_wall_also_when_clocks_change() -> None:
    before = week_due(datetime(2026, 3, 23, 9, 0, tzinfo=UTC), "Europe/Berlin", 1, "08:00")
    after = week_due(datetime(2026, 3, 30, 9, 0, tzinfo=UTC), "Europe/Berlin", 1, "08:00")
    assert (before.due_at.hour, after.due_at.hour) == (7, 6)
    assert next_due(datetime(2026, 3, 23, 9, 0, tzinfo=UTC), "Europe/Berlin", 1, "08:00") == after
