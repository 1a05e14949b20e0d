"""Quiet hours in the property's zone, over midnight and over the changes of summer time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.notify.domain.quiet import QuietHours

SHANGHAI = QuietHours.of("Asia/Shanghai", "22:00", "08:00")
BERLIN = QuietHours.of("Europe/Berlin", "22:00", "08:00")


def at(zone: str, text: str, fold: int = 0) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone), fold=fold).astimezone(UTC)


@pytest.mark.parametrize(
    ("now", "allowed"),
    [
        ("2026-03-01T21:59:59", "2026-03-01T21:59:59"),
        ("2026-03-01T22:00:00", "2026-03-02T08:00:00"),
        ("2026-03-01T23:30:00", "2026-03-02T08:00:00"),
        ("2026-03-02T00:00:00", "2026-03-02T08:00:00"),
        ("2026-03-02T07:59:59", "2026-03-02T08:00:00"),
        ("2026-03-02T08:00:00", "2026-03-02T08:00:00"),
        ("2026-03-02T12:00:00", "2026-03-02T12:00:00"),
    ],
)
def test_over_midnight(now: str, allowed: str) -> None:
    assert SHANGHAI.allowed_at(at("Asia/Shanghai", now)) == at("Asia/Shanghai", allowed)


@pytest.mark.parametrize(("now", "allowed"), [("12:30", "14:00"), ("14:00", "14:00"), ("11:59", "11:59")])
def test_within_a_day(now: str, allowed: str) -> None:
    noon = QuietHours.of("Asia/Shanghai", "12:00", "14:00")
    found = noon.allowed_at(at("Asia/Shanghai", f"2026-03-01T{now}:00"))
    assert found == at("Asia/Shanghai", f"2026-03-01T{allowed}:00")


def test_equal_times_mean_none() -> None:
    night = at("Asia/Shanghai", "2026-03-01T03:00:00")
    assert QuietHours.of("Asia/Shanghai", "00:00", "00:00").allowed_at(night) == night


def test_the_zone_decides_not_the_host() -> None:
    moment = datetime(2026, 3, 1, 15, tzinfo=UTC)  # 23:00 in Shanghai, 16:00 in Berlin
    assert SHANGHAI.allowed_at(moment) > moment
    assert BERLIN.allowed_at(moment) == moment


def test_the_night_that_is_an_hour_shorter_and_the_one_that_is_longer() -> None:
    spring = at("Europe/Berlin", "2026-03-28T22:00:00")
    assert BERLIN.allowed_at(spring) - spring == timedelta(hours=9)
    autumn = at("Europe/Berlin", "2026-10-24T22:00:00")
    assert BERLIN.allowed_at(autumn) - autumn == timedelta(hours=11)


def test_an_end_that_is_skipped_comes_right_after_the_gap() -> None:
    until = QuietHours.of("Europe/Berlin", "22:00", "02:30")
    now = at("Europe/Berlin", "2026-03-29T01:00:00")
    assert until.allowed_at(now) == datetime(2026, 3, 29, 1, 30, tzinfo=UTC)  # 03:30 on the wall


def test_an_end_that_comes_twice_is_the_one_still_to_come() -> None:
    until = QuietHours.of("Europe/Berlin", "22:00", "02:30")
    second_pass = at("Europe/Berlin", "2026-10-25T02:10:00", fold=1)
    assert until.allowed_at(second_pass) == at("Europe/Berlin", "2026-10-25T02:30:00", fold=1)


@given(
    st.datetimes(datetime(2020, 1, 1), datetime(2035, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001
    st.sampled_from(["Asia/Shanghai", "Europe/Berlin", "America/New_York", "Asia/Kathmandu"]),
    st.times(),
    st.times(),
)
def test_never_earlier_never_a_day_later_and_settled(now: datetime, zone: str, start, end) -> None:  # type: ignore[no-untyped-def]
    quiet = QuietHours(zone, start.replace(tzinfo=None), end.replace(tzinfo=None))
    allowed = quiet.allowed_at(now)
    assert now <= allowed <= now + timedelta(hours=25)
    local = allowed.astimezone(ZoneInfo(zone))
    if allowed > now:
        gap = local.utcoffset() != (allowed - timedelta(hours=2)).astimezone(ZoneInfo(zone)).utcoffset()
        assert local.time() == quiet.end or gap
