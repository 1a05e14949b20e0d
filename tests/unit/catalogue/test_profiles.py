"""The three profiles differ where their handbooks differ (domain §8.2) and say what is our default (§8.1)."""

from __future__ import annotations

import pytest

from shared.catalogue.load import Catalogue

CATALOGUE = Catalogue.shipped()


@pytest.mark.parametrize(
    ("profile", "setting", "value"),
    [
        ("villa", "repair.payment", "door"),
        ("garden", "repair.payment", "desk"),
        ("villa", "dispatch.mode", "collect"),
        ("garden", "dispatch.mode", "push"),
        ("villa", "dispatch.general_by", "duty_officer"),
        ("garden", "dispatch.general_by", "repair_supervisor"),
        ("tower", "promise.policy", "first_contact"),
        ("garden", "promise.policy", "supervisor"),
        ("villa", "slip.name", "维修单"),
        ("garden", "slip.name", "派工单"),
        ("garden", "visitor.mode", "office"),
        ("villa", "visitor.mode", "owner"),
        ("garden", "mail.proxy_allowed", False),
        ("villa", "mail.proxy_allowed", True),
    ],
)
def test_a_profile_takes_the_variant_of_its_handbooks(profile: str, setting: str, value: str | bool) -> None:
    chosen = CATALOGUE.profile(profile)
    assert chosen.settings[setting] == value
    assert setting not in chosen.unconfirmed


def test_the_same_repair_is_paid_and_sent_out_differently() -> None:
    villa, garden = (CATALOGUE.procedure("repair-indoor", p) for p in ("villa", "garden"))
    assert villa.billing is not None
    assert garden.billing is not None
    assert villa.dispatch is not None
    assert garden.dispatch is not None
    assert garden.billing.collected_by == ("cashier",)
    assert villa.billing.collected_by == ("cashier", "cs_officer", "cs_supervisor")
    assert (garden.dispatch.modes, garden.dispatch.supervisor_dispatches) == ("push", True)
    assert (villa.dispatch.modes, villa.dispatch.supervisor_dispatches) == ("collect", False)
    assert villa.version != garden.version


def test_the_garden_hires_no_cars_because_its_handbooks_do_not() -> None:
    assert "car-hire" not in CATALOGUE.profile("garden").procedures
    assert "car-hire" in CATALOGUE.profile("villa").procedures
    assert "car-hire" in CATALOGUE.profile("tower").procedures


def test_what_no_handbook_of_a_profile_decides_is_unconfirmed_with_its_default() -> None:
    tower = CATALOGUE.profile("tower")
    assert "repair.payment" in tower.unconfirmed
    assert tower.settings["repair.payment"] == "desk"
    for profile in CATALOGUE.profiles.values():
        for name in profile.unconfirmed:
            assert profile.settings[name] == CATALOGUE.settings[name].default


def test_every_blank_of_the_handbooks_that_needs_a_value_has_a_setting() -> None:
    rows = {setting.blank for setting in CATALOGUE.settings.values()} - {0}
    # Rows of domain §8.1 without one: 12 (the January list itself), 14, 18-20, 24, 33-37, 41 (how the text
    # is read), 23 (group M), 27-29 (tariff rows and steps of procedures not written yet), 42 (permit clock).
    assert rows == {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 15, 16, 17, 21, 22, 25, 26, 30, 31, 32, 38, 39, 40}


def test_all_three_count_in_yuan_and_are_quiet_at_night() -> None:
    for profile in CATALOGUE.profiles.values():
        assert profile.currency == "CNY"
        assert (profile.quiet_from, profile.quiet_until) == ("22:00", "08:00")
        assert profile.quiet_hours({"quiet.from": "21:30"}) == ("21:30", "08:00")
        assert {"quiet.from", "quiet.until"} <= set(profile.unconfirmed)
