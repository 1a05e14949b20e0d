"""The demonstration group: the same on every machine, complete, and nobody real."""

from __future__ import annotations

import phonenumbers
import pytest

from shared.catalogue.load import Catalogue
from shared.ids import is_id
from tools.demo.group import Estate, demonstration_group, training_estate

GROUP = demonstration_group()
ESTATES = (*GROUP, training_estate())


def minutes(clock: str) -> int:
    return int(clock[:2]) * 60 + int(clock[3:])


def test_the_same_seed_makes_the_same_group() -> None:
    assert demonstration_group() == GROUP
    assert demonstration_group(seed=1) != GROUP


def test_three_properties_bound_to_the_handbooks() -> None:
    catalogue = Catalogue.shipped()
    assert [estate.id for estate in GROUP] == ["tower", "villa", "garden"]
    for estate in ESTATES:
        assert catalogue.profile(estate.profile).currency == estate.currency
    assert [estate.training for estate in ESTATES] == [False, False, False, True]


@pytest.mark.parametrize("estate", ESTATES, ids=lambda estate: estate.id)
def test_a_property_has_what_it_needs(estate: Estate) -> None:
    assert 40 <= len(estate.units) <= 60
    assert {owner.unit_id for owner in estate.owners} == {unit.id for unit in estate.units}
    assert {owner.language for owner in estate.owners} == {"zh", "en"}
    *people, last = estate.duty_chain
    assert set(people) <= {one.id for one in estate.staff}
    assert last == "hq_duty"
    assert {"duty_officer", "director", "property_manager", "hq_duty"} <= {name for name, _ in estate.phones}
    Catalogue.shipped().check_settings({f"property.phones.{name}": said for name, said in estate.phones})
    for name in (
        *(u.id for u in estate.units),
        *(o.id for o in estate.owners),
        *(s.id for s in estate.staff),
    ):
        assert is_id(name)


@pytest.mark.parametrize("estate", ESTATES, ids=lambda estate: estate.id)
def test_every_department_that_takes_slips_is_never_empty(estate: Estate) -> None:
    for department, role in (
        ("engineering", "technician"),
        ("butler", "butler"),
        ("customer_service", "cs_officer"),
        ("security", "gate_guard"),
    ):
        people = [one for one in estate.staff if (one.department, one.role) == (department, role)]
        for minute in range(24 * 60):
            assert any(on_at(one.starts, one.ends, minute) for one in people), (department, minute)


@pytest.mark.parametrize("estate", ESTATES, ids=lambda estate: estate.id)
def test_every_skill_the_catalogue_asks_for_is_there(estate: Estate) -> None:
    catalogue = Catalogue.shipped()
    for name in catalogue.profile(estate.profile).procedures:
        dispatch = catalogue.procedure(name, estate.profile).dispatch
        if dispatch is None:
            continue
        skilled = {
            skill for one in estate.staff if one.department == dispatch.department for skill in one.skills
        }
        assert set(dispatch.skills.values()) - {""} <= skilled


def test_numbers_are_valid_and_nobody_shares_one() -> None:
    phones = [owner.phone for estate in ESTATES for owner in estate.owners]
    phones += [one.phone for estate in ESTATES for one in estate.staff]
    assert len(set(phones)) == len(phones)
    assert all(phonenumbers.is_valid_number(phonenumbers.parse(phone)) for phone in phones)


def on_at(starts: str, ends: str, minute: int) -> bool:
    first, last = minutes(starts), minutes(ends)
    return first <= minute < last if first < last else minute >= first or minute < last
