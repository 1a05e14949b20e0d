"""The stream: what callers want, who is on duty, and at which pace calls come."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from shared.catalogue.load import Catalogue
from shared.settings import Settings
from tools.demo.desk import is_on, matches, shift_times
from tools.demo.faults import EMERGENCIES, INDOOR, PUBLIC, URGENT
from tools.demo.group import Estate, demonstration_group
from tools.demo.load import shifts_of
from tools.demo.stream import NEEDS_CAR_HIRE, WEIGHTS, Stream
from tools.session import Machine
from tools.stack.layout import Layout

GROUP = demonstration_group()
SHANGHAI = ZoneInfo("Asia/Shanghai")


@pytest.mark.parametrize("estate", GROUP, ids=lambda estate: estate.id)
def test_callers_want_only_what_the_handbook_of_the_property_knows(
    estate: Estate, tmp_path: Path, seed: int
) -> None:
    print(f"seed {seed}")
    stream = Stream(Machine(Layout(tmp_path), Settings()), GROUP, rate_per_minute=60, seed=str(seed))
    wanted = Counter(stream.choose(estate) for _ in range(2_000))
    has_cars = "car-hire" in Catalogue.shipped().profile(estate.profile).procedures
    assert set(wanted) == {name for name in WEIGHTS if has_cars or name not in NEEDS_CAR_HIRE}


def test_faults_are_what_the_catalogue_takes() -> None:
    repair = Catalogue.shipped().procedures["repair-report"]
    assert repair.intake is not None
    assert repair.billing is not None
    emergency = {item.id for item in repair.intake.emergency_list}
    urgent = {item.id for item in repair.intake.urgent_list}
    tariff = {row.code for row in repair.billing.tariff}
    for faults, hazards in ((EMERGENCIES, emergency), (URGENT, urgent), (PUBLIC, {""}), (INDOOR, {""})):
        for fault in faults:
            assert fault.hazard in hazards
            assert fault.category in repair.intake.categories
            assert {code for code, _ in fault.tariff} <= tariff
            assert bool(fault.place) == (fault.area == "public")
    assert all(fault.tariff for fault in INDOOR)


@pytest.mark.parametrize("hour", range(24))
def test_somebody_is_always_on_duty_by_the_shifts_that_are_loaded(hour: int) -> None:
    moment = datetime(2026, 3, 1, hour, 30, tzinfo=SHANGHAI)
    for estate in GROUP:
        for role in ("technician", "butler", "cs_officer", "gate_guard"):
            people = [one for one in estate.staff if one.role == role]
            on = [one for one in people if is_on(one, moment)]
            assert on
            for one in on:
                shifts = shifts_of(one, estate.zone, moment.astimezone(UTC))
                times = [
                    (datetime.fromisoformat(s["starts_at"]), datetime.fromisoformat(s["ends_at"]))
                    for s in shifts
                ]
                assert any(first <= moment < last for first, last in times)


def test_a_night_shift_ends_the_next_morning() -> None:
    butler = next(one for one in GROUP[0].staff if one.id == "tower-butler-night")
    first, last = shift_times(butler, datetime(2026, 3, 1, tzinfo=SHANGHAI))
    assert (first.hour, last.hour, last.day) == (20, 8, 2)


def test_what_is_wanted_may_be_a_value_alternatives_or_a_question() -> None:
    found = {"status": "CLOSED", "quotes": [1]}
    assert matches(found, {"status": "CLOSED", "quotes": bool})
    assert matches(found, {"status": ("OPEN", "CLOSED")})
    assert not matches(found, {"status": "OPEN"})
    assert not matches(found, {"missing": bool})
