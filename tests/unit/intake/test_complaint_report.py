"""The weekly figures of complaints (P036) and the counting of days, by themselves."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from services.intake.domain import day
from services.intake.domain.answer_book import asked_for, tokens
from services.intake.domain.complaint import Complaint, end_of_day
from services.intake.domain.complaint_report import Rate, week_at, week_of, weekly
from shared.errors import Invalid
from tests.unit.intake.kit import CATALOGUE

ONE = Complaint(
    "villa-1", "c1", category="repair", department="engineering", grade="GENERAL", validity="VALID"
)
SHANGHAI = "Asia/Shanghai"


def test_p036_the_week_is_counted_with_numerator_and_denominator() -> None:
    received = [
        ONE,
        replace(ONE, id="c2", validity="INVALID", answers_late=1, presses=2),
        replace(
            ONE, id="c3", validity="", grade="", department="", category="noise", report_late=True, round=3
        ),
    ]
    closed = [replace(ONE, outcome="SATISFIED", proven=True), replace(ONE, outcome="UNREACHED")]
    found = weekly(received, closed, households=400, valid_of_year=3, ceiling_permille=5)
    assert (found.received, found.valid, found.invalid, found.undecided) == (3, 1, 1, 1)
    assert found.by_category == {"noise": 1, "repair": 2}
    assert found.by_grade == {"GENERAL": 2, "ungraded": 1}
    assert found.by_department == {"engineering": 2, "unassigned": 1}
    assert found.valid_of_received == Rate(1, 3)
    assert found.valid_per_household == Rate(1, 400)
    assert found.valid_per_household_year == Rate(3, 400)
    assert found.valid_per_household_year.permille == 8
    assert found.over_ceiling
    assert (found.reports_late, found.answers_late) == (Rate(1, 3), Rate(1, 3))
    assert (found.pressed, found.further_rounds) == (2, 2)
    assert found.by_outcome == {"SATISFIED": 1, "UNREACHED": 1}
    assert found.satisfied_of_closed == Rate(1, 2), "who was not reached stays in the denominator"
    assert found.verified_of_closed == Rate(1, 2)


def test_p036_an_empty_week_has_no_rate_and_no_ceiling_means_none() -> None:
    found = weekly([], [], households=0, valid_of_year=0, ceiling_permille=0)
    assert (found.received, found.closed) == (0, 0)
    assert found.valid_per_household.permille is None
    assert not found.over_ceiling


@pytest.mark.parametrize(
    ("rate", "permille"), [((1, 2), 500), ((1, 3), 333), ((2, 3), 667), ((1, 2000), 1), ((0, 7), 0)]
)
def test_p036_a_rate_is_rounded_half_up(rate: tuple[int, int], permille: int) -> None:
    assert Rate(*rate).permille == permille


def test_p036_a_week_begins_on_monday_in_the_property() -> None:
    week = week_of("2026-W10", SHANGHAI)
    assert week.begins == datetime(2026, 3, 1, 16, tzinfo=UTC)
    assert week.ends - week.begins == timedelta(days=7)
    assert week.year_begins == datetime(2025, 12, 31, 16, tzinfo=UTC)
    assert week_at(week.begins, SHANGHAI) == "2026-W10", "Sunday in London is Monday there"
    assert week_at(week.begins - timedelta(seconds=1), SHANGHAI) == "2026-W09"


@pytest.mark.parametrize("text", ["", "2026", "2026-W54", "2026-W00", "W10-2026", "2026-W1", "0000-W01"])
def test_p036_what_is_no_week_is_refused(text: str) -> None:
    with pytest.raises(Invalid) as refused:
        week_of(text, SHANGHAI)
    assert refused.value.field == "week"


def test_p003_records_are_counted_by_kind() -> None:
    counts = {
        "repair-report": 3,
        "repair-indoor": 1,
        "complaint-owner": 2,
        "inquiry": 5,
        "car-hire": 7,
        "gone": 1,
    }
    assert day.counted(counts, CATALOGUE.procedures) == {"repair": 4, "complaint": 2, "inquiry": 5}


def test_p003_a_day_is_looked_at_the_next_morning() -> None:
    night = datetime(2026, 3, 1, 18, tzinfo=UTC)  # 02:00 on the 2nd in Shanghai
    assert day.next_check(night, "10:00", SHANGHAI) == ("2026-03-01", datetime(2026, 3, 2, 2, tzinfo=UTC))
    noon = datetime(2026, 3, 2, 4, tzinfo=UTC)
    assert day.next_check(noon, "10:00", SHANGHAI) == ("2026-03-02", datetime(2026, 3, 3, 2, tzinfo=UTC))


@pytest.mark.parametrize(
    ("now", "due"),
    [
        (datetime(2026, 3, 2, 2, tzinfo=UTC), datetime(2026, 3, 2, 9, 30, tzinfo=UTC)),
        (datetime(2026, 3, 2, 12, tzinfo=UTC), datetime(2026, 3, 2, 15, 59, tzinfo=UTC)),
        (datetime(2026, 3, 2, 15, 59, 30, tzinfo=UTC), datetime(2026, 3, 2, 15, 59, 30, tzinfo=UTC)),
    ],
)
def test_p003_an_unsettled_visit_reaches_the_head_on_its_own_day(now: datetime, due: datetime) -> None:
    found = day.refer_at(now, "17:30", SHANGHAI)
    assert found == due
    assert day.local_day(found, SHANGHAI) == date(2026, 3, 2)


def test_p034_the_same_day_ends_at_midnight_of_the_property() -> None:
    assert end_of_day(datetime(2026, 3, 2, 15, 30, tzinfo=UTC), SHANGHAI) == datetime(
        2026, 3, 2, 16, tzinfo=UTC
    )


def test_p010_an_answer_is_found_by_pairs_of_characters_and_by_words() -> None:
    found = tokens("物业费怎么交?", "Paying the FEE by WeChat")
    assert {"物业", "业费", "费怎", "fee", "wechat"} <= set(found)
    assert asked_for("物业费") == ("物业", "业费")
    assert asked_for("费") == ("费",)
    with pytest.raises(Invalid):
        asked_for("??!")
