"""What is suggested as the developer's under warranty (P024): from when to when, and of what not."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from pydantic import ValidationError

from services.intake.api.sheets import units_of
from services.intake.domain.bodies import UnitBody
from services.intake.domain.directory import recorded_unit
from services.intake.domain.warranty import Warranty, covered
from shared.catalogue.model import IntakeRules
from shared.deadlines import months_later
from tests.unit.intake.kit import CATALOGUE, HOME, NOW, VILLA, accept

NONE = Warranty()


def rules(procedure: str = "repair-report") -> IntakeRules:
    found = CATALOGUE.procedure(procedure, VILLA.profile).intake
    assert found is not None
    return found


def suggested(delivered_on: str, months: int = 24, **given: Any) -> Warranty:
    request = replace(accept(), reported_at=NOW, **given)
    return covered(request, replace(HOME, delivered_on=delivered_on), rules(), months, VILLA.zone)


@pytest.mark.parametrize(
    ("delivered_on", "months", "until"),
    [
        (date(2024, 3, 2), 24, date(2026, 3, 2)),
        (date(2024, 12, 31), 2, date(2025, 2, 28)),
        (date(2024, 2, 29), 12, date(2025, 2, 28)),
        (date(2025, 11, 30), 1, date(2025, 12, 30)),
        (date(2025, 12, 1), 1, date(2026, 1, 1)),
    ],
)
def test_p024_a_warranty_ends_on_the_day_of_the_same_number(
    delivered_on: date, months: int, until: date
) -> None:
    assert months_later(delivered_on, months) == until


@pytest.mark.parametrize(
    ("delivered_on", "within", "until"),
    [
        ("2024-03-02", True, date(2026, 3, 2)),  # the last day
        ("2024-03-01", False, date(2026, 3, 1)),  # the day after it
        ("2026-03-02", True, date(2028, 3, 2)),  # the day of delivery
        ("2026-03-03", False, date(2028, 3, 3)),  # reported before it was delivered
    ],
)
def test_p024_a_report_within_the_warranty_is_suggested(delivered_on: str, within: bool, until: date) -> None:
    assert suggested(delivered_on) == Warranty(within, until)


def test_p024_the_day_is_that_of_the_property() -> None:
    late = NOW.replace(hour=17)  # 01:00 of the next day in Shanghai
    request = replace(accept(), reported_at=late)
    home = replace(HOME, delivered_on="2024-03-02")
    assert not covered(request, home, rules(), 24, "Asia/Shanghai").suggested
    assert covered(request, home, rules(), 24, "UTC").suggested


def test_p024_a_category_has_its_own_months_and_the_others_the_setting() -> None:
    assert suggested("2022-03-02", category="structure").suggested
    assert not suggested("2022-03-02", category="plumbing").suggested
    assert suggested("2022-03-02", 48, category="plumbing").suggested


def test_p024_nothing_is_suggested_without_a_delivery_a_home_or_a_warranty() -> None:
    assert suggested("") == NONE
    assert suggested("2026-01-01", area="public") == NONE
    assert suggested("2026-01-01", 0) == NONE
    assert covered(accept(), None, rules(), 24, VILLA.zone) == NONE
    home = replace(HOME, delivered_on="2026-01-01")
    assert covered(accept(), home, rules("car-hire"), 24, VILLA.zone) == NONE


def test_p024_a_unit_keeps_its_day_of_delivery_until_another_is_given() -> None:
    body = UnitBody.model_validate({"label": HOME.label, "delivered_on": "2025-06-30"})
    unit = recorded_unit("villa-1", HOME, [], body)
    assert unit.delivered_on == "2025-06-30"
    assert recorded_unit("villa-1", unit, [], UnitBody(label=HOME.label)).delivered_on == "2025-06-30"
    [line] = units_of(b"label,delivered_on\n3-2-1801,2025-07-01\n").rows
    assert recorded_unit("villa-1", unit, [], line).delivered_on == "2025-07-01"


@pytest.mark.parametrize("said", ["", "soon", "2025-02-30", "0001-01-01", "9999-12-31", 0, 1.5, True])
def test_p024_what_is_no_day_is_refused(said: object) -> None:
    with pytest.raises(ValidationError):
        UnitBody.model_validate({"label": HOME.label, "delivered_on": said})
