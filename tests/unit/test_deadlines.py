"""Calendar days across changes of the clocks, month-ends of slips, the turn of the year, quiet hours."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.deadlines import add_calendar_days, is_quiet, local_year, share_of, slip_period, zone_of
from shared.errors import Invalid

ZONES = ["Asia/Shanghai", "America/New_York", "Europe/Berlin", "Australia/Lord_Howe", "Pacific/Apia", "UTC"]
moments = st.datetimes(datetime(2015, 1, 1), datetime(2035, 12, 31), timezones=st.just(UTC))  # noqa: DTZ001
zones = st.sampled_from(ZONES)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text)


def test_three_days_keep_the_wall_time_when_summer_time_begins_and_ends() -> None:
    spring = add_calendar_days(at("2026-03-07T15:00:00-05:00"), 3, "America/New_York")
    assert spring == at("2026-03-10T15:00:00-04:00")
    autumn = add_calendar_days(at("2026-10-30T15:00:00-04:00"), 3, "America/New_York")
    assert autumn == at("2026-11-02T15:00:00-05:00")


def test_a_time_that_does_not_exist_moves_on_and_of_a_repeated_one_the_first_counts() -> None:
    skipped = add_calendar_days(at("2026-03-07T02:30:00-05:00"), 1, "America/New_York")
    assert skipped == at("2026-03-08T03:30:00-04:00")
    repeated = add_calendar_days(at("2026-10-31T01:30:00-04:00"), 1, "America/New_York")
    assert repeated == at("2026-11-01T01:30:00-04:00")


@given(moments, st.integers(0, 400), zones)
def test_days_keep_date_and_wall_time(moment: datetime, days: int, zone: str) -> None:
    due = add_calendar_days(moment, days, zone)
    before, after = moment.astimezone(ZoneInfo(zone)), due.astimezone(ZoneInfo(zone))
    assert due.utcoffset() == timedelta(0)
    wanted = before.replace(tzinfo=None, fold=0) + timedelta(days=days)
    there_is_such_a_time = wanted.replace(tzinfo=ZoneInfo(zone)).astimezone(UTC).astimezone(ZoneInfo(zone))
    if there_is_such_a_time.replace(tzinfo=None, fold=0) == wanted:
        assert after.replace(tzinfo=None, fold=0) == wanted
    else:
        assert wanted < after.replace(tzinfo=None, fold=0) <= wanted + timedelta(days=1)


@given(moments, st.integers(0, 30), zones)
def test_more_days_are_never_earlier(moment: datetime, days: int, zone: str) -> None:
    assert add_calendar_days(moment, days, zone) <= add_calendar_days(moment, days + 1, zone)


@given(moments, st.integers(1, 30))
def test_where_clocks_never_change_a_day_is_24_hours(moment: datetime, days: int) -> None:
    assert add_calendar_days(moment, days, "Asia/Shanghai") == moment + timedelta(days=days)


@pytest.mark.parametrize(
    ("moment", "period"),
    [
        ("2026-01-29T23:59:59.999+08:00", "2026-01"),
        ("2026-01-30T00:00:00+08:00", "2026-02"),
        ("2026-01-31T23:59:59+08:00", "2026-02"),
        ("2026-02-26T23:59:59+08:00", "2026-02"),
        ("2026-02-27T00:00:00+08:00", "2026-03"),
        ("2028-02-27T12:00:00+08:00", "2028-02"),  # a leap year: the last two days are 28 and 29
        ("2028-02-28T00:00:00+08:00", "2028-03"),
        ("2026-04-28T12:00:00+08:00", "2026-04"),
        ("2026-04-29T00:00:00+08:00", "2026-05"),
        ("2026-12-30T00:00:00+08:00", "2027-01"),
        ("2026-12-29T16:00:00+00:00", "2027-01"),  # already the 30th in Shanghai
    ],
)
def test_slips_of_the_last_two_days_belong_to_the_next_month(moment: str, period: str) -> None:
    assert slip_period(at(moment), "Asia/Shanghai", 2) == period


@given(moments, zones, st.integers(0, 5))
def test_a_slip_period_is_this_month_or_the_next_and_only_the_last_days_are_late(
    moment: datetime, zone: str, late: int
) -> None:
    local = moment.astimezone(ZoneInfo(zone))
    first_of_next = (local.replace(day=28) + timedelta(days=4)).replace(day=1)
    last_day = (first_of_next - timedelta(days=1)).day
    counted = first_of_next if local.day > last_day - late else local
    assert slip_period(moment, zone, late) == f"{counted:%Y-%m}"


def test_the_year_of_numbers_turns_at_the_propertys_midnight() -> None:
    moment = at("2026-12-31T17:00:00+00:00")
    assert local_year(moment, "Asia/Shanghai") == 2027
    assert local_year(moment, "America/New_York") == 2026


@given(moments, st.integers(1, 100), st.integers(1, 1000))
def test_shares_go_up_and_the_whole_is_the_deadline(moment: datetime, hours: int, percent: int) -> None:
    start = moment.replace(microsecond=0)
    due = start + timedelta(hours=hours)
    assert share_of(start, due, 100) == due
    assert (share_of(start, due, percent) < due) == (percent < 100)
    assert share_of(start, due, percent) < share_of(start, due, percent + 1)
    assert share_of(start, due, percent).microsecond % 1000 == 0


@pytest.mark.parametrize(
    ("wall", "start", "end", "quiet"),
    [
        ("21:59:59", "22:00", "08:00", False),
        ("22:00:00", "22:00", "08:00", True),
        ("03:00:00", "22:00", "08:00", True),
        ("07:59:59", "22:00", "08:00", True),
        ("08:00:00", "22:00", "08:00", False),
        ("12:00:00", "12:00", "14:00", True),
        ("14:00:00", "12:00", "14:00", False),
        ("12:00:00", "12:00", "12:00", False),
    ],
)
def test_quiet_hours_may_go_over_midnight(wall: str, start: str, end: str, quiet: bool) -> None:
    assert is_quiet(at(f"2026-03-01T{wall}+08:00"), "Asia/Shanghai", start, end) == quiet


@pytest.mark.parametrize("name", ["", "Asia", "Mars/Base", "../etc/passwd", "a" * 5000, "\x00", "上海"])
def test_an_unknown_zone_is_refused_naming_the_field(name: str) -> None:
    with pytest.raises(Invalid) as refused:
        zone_of(name)
    assert refused.value.field == "zone"
