"""P018, P029, P033, J16, J20: number, year, period, terms and deadline of a slip."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from services.dispatch.domain.issue import (
    EMERGENCY_RULES,
    Report,
    Where,
    draft,
    issued,
    numbered,
    period_of,
    slip_year,
    start_of,
)
from services.dispatch.domain.model import WorkOrder
from tests.unit.dispatch.builders import NOW, PROPERTY, rules_of

SHANGHAI = "Asia/Shanghai"
WHERE = Where(PROPERTY, SHANGHAI, "r1", "routine", 30)


def report(**changes: Any) -> Report:
    """A general plumbing report from a home."""
    values: dict[str, Any] = {
        "request_id": "r1",
        "procedure": "repair-indoor",
        "urgency": "general",
        "category": "plumbing",
        "area": "indoor",
        "reported_at": NOW,
        "saved_at": NOW + timedelta(minutes=1),
    }
    return Report(**{**values, **changes})


def drafted(
    name: str = "repair-indoor", profile: str = "garden", kind: Any = "repair", **changes: Any
) -> WorkOrder:
    """The order of such a report."""
    rules, billing = rules_of(name, profile)
    return draft("w1", kind, report(**changes), WHERE, rules, billing, NOW)


@pytest.mark.parametrize(
    ("reported_at", "year"),
    [
        (datetime(2026, 12, 31, 15, 59, tzinfo=UTC), 2026),
        (datetime(2026, 12, 31, 16, 0, tzinfo=UTC), 2027),
    ],
)
def test_j20_the_year_is_that_of_the_report_in_the_propertys_zone(reported_at: datetime, year: int) -> None:
    assert slip_year(report(reported_at=reported_at), SHANGHAI) == year


def test_j20_the_printed_slip_is_year_and_serial() -> None:
    assert numbered(drafted(), 123, 2026, "2026-03").slip == "2026-000123"
    assert numbered(drafted(), 1_234_567, 2026, "2026-03").slip == "2026-1234567"


@pytest.mark.parametrize(("day", "period"), [(29, "2026-03"), (30, "2026-04"), (31, "2026-04")])
def test_j16_slips_of_the_last_two_days_belong_to_the_next_month(day: int, period: str) -> None:
    rules, _ = rules_of()
    noon = datetime(2026, 3, day, 4, 0, tzinfo=UTC)
    assert period_of(report(reported_at=noon), SHANGHAI, rules) == period


@pytest.mark.parametrize(
    ("urgency", "due_at"),
    [
        ("general", NOW + timedelta(days=3)),
        ("urgent", NOW + timedelta(hours=24)),
        ("emergency", NOW + timedelta(minutes=60)),
    ],
)
def test_p018_p019_p020_deadlines_count_from_the_report(urgency: str, due_at: datetime) -> None:
    assert drafted(urgency=urgency).due_at == due_at


def test_days_are_calendar_days_of_the_zone() -> None:
    rules, billing = rules_of()
    before_the_change = datetime(2026, 3, 27, 14, 0, tzinfo=UTC)  # 15:00 in Berlin, clocks change on the 29th
    where = Where(PROPERTY, "Europe/Berlin", "r1", "routine", 30)
    order = draft("w1", "repair", report(reported_at=before_the_change), where, rules, billing, NOW)
    assert order.due_at == datetime(2026, 3, 30, 13, 0, tzinfo=UTC), "15:00 again"


def test_p066_an_errand_is_due_by_its_start() -> None:
    start = NOW + timedelta(hours=30)
    assert drafted("car-hire", "villa", "errand", appointment_at=start).due_at == start
    past = NOW - timedelta(hours=1)
    assert drafted("car-hire", "villa", "errand", appointment_at=past).due_at == NOW + timedelta(days=3)


def test_p018_the_slip_is_due_five_minutes_after_the_report_was_saved() -> None:
    assert drafted().slip_due_at == NOW + timedelta(minutes=6)


@pytest.mark.parametrize(
    ("name", "kind", "area", "signatures", "quote_needed"),
    [
        ("repair-indoor", "repair", "indoor", ("owner", "technician", "repair_supervisor"), True),
        ("repair-report", "repair", "public", ("repair_supervisor",), False),
        ("repair-report", "response", "indoor", ("repair_supervisor",), False),
    ],
)
def test_p021_p022_terms_by_area(
    name: str, kind: Any, area: Any, signatures: tuple[str, ...], quote_needed: bool
) -> None:
    terms = drafted(name, kind=kind, area=area).rules
    assert (terms.signatures, terms.quote_needed) == (signatures, quote_needed)


def test_the_skill_is_the_categorys_or_the_default() -> None:
    assert drafted().skill == "plumber"
    assert drafted(category="unheard-of").skill == "general"


def test_p066_the_deposit_of_a_car_is_a_tenth() -> None:
    assert drafted("car-hire", "villa", "errand").rules.deposit_percent == 10


def test_j17_without_any_rules_an_emergency_still_has_a_slip_and_a_deadline() -> None:
    order = draft("w1", "repair", report(urgency="emergency"), WHERE, EMERGENCY_RULES, None, NOW)
    assert order.due_at == NOW + timedelta(minutes=60)
    assert order.rules.signatures
    assert not order.rules.quote_needed


@pytest.mark.parametrize(
    ("fields", "start"),
    [
        ({"start_at": "2026-03-05T08:00:00+08:00"}, datetime(2026, 3, 5, tzinfo=UTC)),
        ({"start_at": "2026-03-05T08:00:00"}, None),
        ({"start_at": "tomorrow"}, None),
        ({"start_at": 7}, None),
        ({}, None),
    ],
)
def test_the_start_of_an_errand_is_the_forms(fields: dict[str, Any], start: datetime | None) -> None:
    assert start_of(None, fields) == start
    assert start_of(NOW, fields) == NOW


def test_the_fact_of_the_slip_names_no_person_outside_its_sealed_part() -> None:
    fact = issued(numbered(drafted(), 1, 2026, "2026-03"), None)
    assert fact.personal_key == ""
    assert (fact.slip, fact.slip_year, fact.slip_number) == ("2026-000001", 2026, 1)
