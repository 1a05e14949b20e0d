"""Units by label, people by telephone, the property's settings (J21, J22, J27), contacts (P001, P003)."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from services.intake.domain.bodies import ContactBody, PersonBody, PropertyBody, UnitBody
from services.intake.domain.contact import recorded_contact
from services.intake.domain.directory import (
    Card,
    PhoneEntry,
    changed_entry,
    entry_changes,
    parse_label,
    recorded_person,
    recorded_unit,
)
from services.intake.domain.property import configured, configured_event
from shared.catalogue.channels import channels
from shared.errors import Conflict, Invalid
from shared.moments import normalised
from tests.unit.intake.kit import HOME, LIMITS, NOW, VILLA

SETTINGS = {
    "name_zh": "别墅",
    "name_en": "Villa",
    "zone": "Asia/Shanghai",
    "profile": "villa",
    "currency": "CNY",
    "duty_chain": ["duty_officer", "director"],
}


def settings(**changed: Any) -> PropertyBody:
    return PropertyBody.model_validate({**SETTINGS, **changed})


# --- the property
# ------------------------------------------------------------------------------------------------


def test_a_property_is_opened_and_everybody_is_told_the_whole_of_it() -> None:
    opened = configured("villa-1", None, settings(), NOW)
    event = configured_event(opened)
    assert (event.property_id, event.zone, event.duty_chain) == (
        "villa-1",
        "Asia/Shanghai",
        ("duty_officer", "director"),
    )


@pytest.mark.parametrize(
    ("changed", "field"),
    [({"zone": "Mars/Base"}, "zone"), ({"currency": "XXX"}, "currency"), ({"duty_chain": []}, "duty_chain")],
)
def test_j21_a_wrong_setting_or_an_empty_duty_chain_is_refused(changed: dict[str, Any], field: str) -> None:
    with pytest.raises(Invalid) as refused:
        configured("villa-1", None, settings(**changed), NOW)
    assert refused.value.field == field


@pytest.mark.parametrize(
    ("changed", "field"), [({"currency": "HKD"}, "currency"), ({"training": True}, "training")]
)
def test_j27_what_is_fixed_when_a_property_is_opened_stays(changed: dict[str, Any], field: str) -> None:
    with pytest.raises(Conflict) as refused:
        configured("villa-1", VILLA, settings(**changed), NOW)
    assert refused.value.field == field


# --- units
# -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("label", "parts"),
    [
        ("3-2-1801", ("3", "2", "1801")),
        (" 3 - 2 - 1801 ", ("3", "2", "1801")),
        ("A-1801", ("A", "", "1801")),
        ("88", ("88", "", "")),
        ("甲-1-101", ("甲", "1", "101")),
    ],
)
def test_a_label_is_building_floor_room(label: str, parts: tuple[str, str, str]) -> None:
    assert parse_label(label) == parts


@pytest.mark.parametrize(
    "label", ["", "-", "3--1", "3-2-1801-4", "a" * 13, "3/2", "3-2-1801\x00", "3-2-18.01"]
)
def test_what_is_no_label_is_refused(label: str) -> None:
    with pytest.raises(Invalid):
        parse_label(label)


def test_a_unit_keeps_its_label_and_a_label_its_unit() -> None:
    unit = recorded_unit("villa-1", None, [], UnitBody(label="3-2-1801"))
    assert (unit.id, unit.building) == ("3-2-1801", "3")
    with pytest.raises(Conflict):
        recorded_unit("villa-1", unit, [], UnitBody(unit_id=unit.id, label="3-2-1802"))
    with pytest.raises(Conflict):
        recorded_unit("villa-1", None, [unit], UnitBody(unit_id="other", label="3-2-1801"))
    with pytest.raises(Invalid) as refused:
        recorded_unit("villa-1", None, [], UnitBody(label="甲-1-101"))
    assert refused.value.field == "unit_id"


# --- people (J22)
# ------------------------------------------------------------------------------------------------


def person(**given: Any) -> PersonBody:
    return PersonBody.model_validate(
        {
            "person_id": "chen",
            "name": "陈女士",
            "phones": ["139 0013 9000"],
            "units": [{"unit_id": HOME.id, "role": "owner"}],
            **given,
        }
    )


def test_j22_a_person_is_found_by_the_number_and_by_building_and_last_four() -> None:
    chen = recorded_person("villa-1", None, {HOME.id: HOME}, person())
    assert chen.phones == ("+8613900139000",)
    assert chen.tails == ("3:9000",)
    assert entry_changes(None, chen) == {"+8613900139000": True}


def test_j22_a_changed_number_leaves_the_old_entry_and_joins_the_new() -> None:
    before = recorded_person("villa-1", None, {HOME.id: HOME}, person())
    after = recorded_person("villa-1", before, {HOME.id: HOME}, person(phones=["13800138000"]))
    assert entry_changes(before, after) == {"+8613900139000": False, "+8613800138000": True}
    shared = PhoneEntry("villa-1", "+8613900139000", 1, (Card("chen"), Card("li")))
    assert changed_entry("villa-1", shared.id, shared, after, False).person_ids == ("li",)
    assert changed_entry("villa-1", "+8613800138000", None, after, True).person_ids == ("chen",)


def test_j22_a_changed_name_is_known_beside_every_number() -> None:
    before = recorded_person("villa-1", None, {HOME.id: HOME}, person())
    after = recorded_person("villa-1", before, {HOME.id: HOME}, person(name="陈老师"))
    assert entry_changes(before, after) == {"+8613900139000": True}
    old = changed_entry("villa-1", "+8613900139000", None, before, True)
    new = changed_entry("villa-1", "+8613900139000", old, after, True)
    assert [card.name for card in new.cards] == ["陈老师"]


def test_j22_a_number_two_people_share_finds_both_and_never_too_many() -> None:
    chen = recorded_person("villa-1", None, {HOME.id: HOME}, person())
    entry = changed_entry("villa-1", "+86", PhoneEntry("villa-1", "+86", 1, (Card("li"),)), chen, True)
    assert entry.person_ids == ("li", "chen")
    full = replace(entry, cards=tuple(Card(str(n)) for n in range(50)))
    with pytest.raises(Invalid):
        changed_entry("villa-1", "+86", full, chen, True)


@pytest.mark.parametrize(
    ("cards", "said", "found"),
    [
        ((), "", None),
        ((Card("chen", "陈女士"),), "", "chen"),
        ((Card("chen", "Mrs Chen"),), " mrs  CHEN ", "chen"),
        ((Card("chen", "陈女士"),), "王小明", None),
        ((Card("chen", "陈女士"), Card("li", "李先生")), "", None),
        ((Card("chen", "陈女士"), Card("li", "李先生")), "陈女士", None),
    ],
)
def test_j22_a_caller_is_who_alone_has_the_number_unless_he_says_another_name(
    cards: tuple[Card, ...], said: str, found: str | None
) -> None:
    caller = PhoneEntry("villa-1", "+8613900139000", 1, cards).caller(said)
    assert (caller.person_id if caller else None) == found


@pytest.mark.parametrize(
    ("given", "field"),
    [({"phones": ["12"]}, "phones.0"), ({"units": [{"unit_id": "9-9", "role": "owner"}]}, "units.0.unit_id")],
)
def test_a_wrong_person_is_refused_naming_the_field(given: dict[str, Any], field: str) -> None:
    with pytest.raises(Invalid) as refused:
        recorded_person("villa-1", None, {HOME.id: HOME}, person(**given))
    assert refused.value.field == field


# --- contacts (P001, P003, §4.8)
# ---------------------------------------------------------------------------------


def contact(**given: Any) -> Any:
    body = ContactBody.model_validate({"channel": "hotline", **given})
    return recorded_contact("villa-1", "c1", body, recorded_by="lin", now=NOW, limits=LIMITS)


def test_every_channel_of_the_handbooks_is_accepted_and_an_unknown_one_refused() -> None:
    for name, channel in channels().items():
        assert contact(channel=name).medium == channel.medium
    wanted = (
        "hotline complaint_day complaint_night duty_line switchboard window letter radio gate fax gate_post "
        "home_visit callback survey patrol staff_report sales developer headquarters web email "
        "meeting_notice vip_application"
    )
    assert set(wanted.split()) <= set(channels())
    with pytest.raises(Invalid) as refused:
        contact(channel="pigeon")
    assert refused.value.field == "channel"
    assert "hotline" in str(refused.value.accepted)


def test_p001_who_answered_and_how_long_it_rang() -> None:
    rang = contact(
        started_at=NOW - timedelta(seconds=12), answered_at=NOW - timedelta(seconds=4), agent_id="zhou"
    )
    assert (rang.answer_seconds, rang.agent_id, rang.recorded_by) == (8.0, "zhou", "lin")
    assert contact().agent_id == "lin"
    assert contact().answer_seconds is None


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"started_at": NOW + timedelta(minutes=6)}, "started_at"),
        ({"started_at": NOW - timedelta(days=32)}, "started_at"),
        ({"started_at": NOW, "answered_at": NOW - timedelta(seconds=1)}, "answered_at"),
        (
            {"started_at": NOW - timedelta(minutes=2), "ended_at": NOW - timedelta(minutes=3)},
            "ended_at",
        ),
        ({"caller_phone": "no number"}, "caller_phone"),
    ],
)
def test_impossible_times_and_numbers_are_refused(given: dict[str, Any], field: str) -> None:
    with pytest.raises(Invalid) as refused:
        contact(**given)
    assert refused.value.field == field


# --- times
# -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("year", [1, 1969, 1970, 2199, 9999])
def test_times_no_store_could_keep_are_refused(year: int) -> None:
    with pytest.raises(ValueError, match="between"):
        normalised(NOW.replace(year=year))


def test_a_time_is_kept_to_the_millisecond_in_utc() -> None:
    assert normalised(NOW.replace(microsecond=123_999)).microsecond == 123_000
    with pytest.raises(ValueError, match="offset"):
        normalised(NOW.replace(tzinfo=None))
