"""Every number of the shipped procedures that is a rule, beside its source: none changes by accident."""

from __future__ import annotations

import pytest

from shared.catalogue.load import Catalogue

CATALOGUE = Catalogue.shipped()

# procedure, section, field, value, where the handbook says so ("ours": the handbook is silent, domain §8)
NUMBERS = [
    (
        "repair-report",
        "dispatch",
        "slip_within_minutes",
        5,
        "004 篇2 §一.5: slip to engineering within 5 minutes",
    ),
    ("repair-report", "dispatch", "urgent_due_hours", 24, "002 §五.2(2): urgent solved within 24 hours"),
    ("repair-report", "dispatch", "general_due_days", 3, "002 §五.2(2): general solved within 3 days"),
    ("repair-report", "dispatch", "slip_late_days", 2, "004 篇4 §一.7: last 2 days count for the next month"),
    ("repair-report", "dispatch", "emergency_due_minutes", 60, "ours: the handbook says at once"),
    ("repair-report", "dispatch", "paperwork_within_hours", 24, "ours: product P020"),
    ("repair-report", "dispatch", "bell_wait_minutes", 3, "001 §到業戶家中 .5: ring again after 3 minutes"),
    ("repair-report", "dispatch", "late_after_minutes", 10, "ours: the handbook says on time"),
    ("repair-report", "dispatch", "material_report_days", 3, "004 篇4 §一.5: reported within 3 days"),
    ("repair-report", "dispatch", "warranty_due_days", 7, "ours: 002 names no time"),
    ("repair-report", "dispatch", "outside_due_days", 7, "ours: 001 names no time"),
    ("repair-report", "dispatch", "cancel_notice_hours", 0, "no notice is needed to cancel a repair"),
    ("repair-report", "intake", "duplicate_window_hours", 24, "ours"),
    ("repair-report", "intake", "warranty_months", {"structure": 60}, "ours: 002 names no period"),
    ("repair-report", "billing", "deposit_percent", 0, "no deposit on repairs"),
    ("repair-report", "billing", "quote_valid_hours", 72, "ours"),
    ("repair-report", "", "record_category", 1, "domain §4.4: 10 years"),
    ("repair-indoor", "dispatch", "slip_within_minutes", 5, "as the report"),
    ("repair-indoor", "dispatch", "urgent_due_hours", 24, "as the report"),
    ("repair-indoor", "dispatch", "general_due_days", 3, "as the report"),
    ("repair-indoor", "", "record_category", 1, "domain §4.4: 10 years"),
    ("repair-withdrawal", "", "record_category", 1, "domain §4.4: 10 years"),
    ("car-hire", "billing", "deposit_percent", 10, "000 篇3 §八.6: 10 % of the price, in cash"),
    ("car-hire", "dispatch", "cancel_notice_hours", 24, "000 篇3 §八.6: 24 hours ahead"),
    ("car-hire", "dispatch", "slip_within_minutes", 5, "ruling J20: one series of slips, one limit"),
    ("car-hire", "dispatch", "slip_late_days", 2, "004 篇4 §一.7"),
    ("car-hire", "billing", "forfeiture_decide_days", 7, "ours: ruling J4"),
    ("car-hire", "billing", "quote_valid_hours", 72, "ours"),
    ("car-hire", "", "record_category", 29, "domain §4.4: 5 years"),
]


@pytest.mark.parametrize(("procedure", "section", "field", "value", "source"), NUMBERS)
def test_the_number_is_the_handbooks(
    procedure: str, section: str, field: str, value: object, source: str
) -> None:
    entry = CATALOGUE.procedures[procedure]
    found = getattr(getattr(entry, section) if section else entry, field)
    assert found == value, source


def test_no_profile_changes_a_number_of_the_handbooks() -> None:
    for profile in CATALOGUE.profiles.values():
        for procedure, section, field, value, source in NUMBERS:
            if procedure in profile.procedures:
                entry = CATALOGUE.procedure(procedure, profile.id)
                found = getattr(getattr(entry, section) if section else entry, field)
                assert found == value, f"{profile.id}: {source}"


def test_the_emergency_list_is_004_part_4_and_the_urgent_list_004_part_3() -> None:
    intake = CATALOGUE.procedures["repair-report"].intake
    assert intake is not None
    emergency = {item.id for item in intake.emergency_list}
    urgent = {item.id for item in intake.urgent_list}
    assert emergency == {
        "water-outage",
        "power-outage",
        "air-conditioning-outage",
        "telephone-outage",
        "flooding",
        "fire",
        "intruder",
    }
    assert urgent == {
        "structural-danger",
        "wiring-fault",
        "water-supply-broken",
        "tap-leaking-badly",
        "floor-or-stairs-broken",
        "railing-loose",
        "parts-about-to-fall",
        "outer-wall-seepage",
        "other-danger",
    }
    assert {item.source.split("(")[0] for item in intake.emergency_list} == {"004 篇4 §一.8"}
    assert {item.source.split("(")[0] for item in intake.urgent_list} == {"004 篇3 §六.4"}


def test_the_escalation_goes_up_before_at_and_after_the_deadline() -> None:
    for name, roles in (
        ("repair-report", ["repair_supervisor", "department_head", "director"]),
        ("car-hire", ["butler_supervisor", "duty_officer", "director"]),
    ):
        dispatch = CATALOGUE.procedures[name].dispatch
        assert dispatch is not None
        assert [(s.at_percent, s.to_role) for s in dispatch.escalation] == list(
            zip((75, 100, 150), roles, strict=True)
        )


def test_an_indoor_repair_needs_three_signatures_a_unit_and_a_consented_quote() -> None:
    indoor = CATALOGUE.procedures["repair-indoor"]
    assert indoor.dispatch is not None
    assert indoor.intake is not None
    assert indoor.dispatch.signatures == ("owner", "technician", "repair_supervisor")
    assert indoor.dispatch.quote_before_start
    assert indoor.intake.unit_required
    assert indoor.intake.areas == ("indoor",)
    assert indoor.intake.emergency_list == CATALOGUE.procedures["repair-report"].intake.emergency_list  # type: ignore[union-attr]


def test_a_withdrawal_is_never_opened_and_needs_reason_mark_and_signature() -> None:
    withdrawal = CATALOGUE.procedures["repair-withdrawal"]
    assert withdrawal.intake is not None
    assert withdrawal.dispatch is not None
    assert not withdrawal.opens
    assert [f.name for f in withdrawal.intake.fields] == ["slip", "reason", "owner_mark", "supervisor_id"]
    assert withdrawal.dispatch.withdrawal_signature == "repair_supervisor"


def test_a_car_asks_exactly_what_the_handbook_asks_and_falls_back_to_a_taxi_by_consent() -> None:
    car = CATALOGUE.procedures["car-hire"]
    assert car.intake is not None
    assert car.dispatch is not None
    assert car.billing is not None
    asked = [f.name for f in car.intake.fields if f.required]
    assert asked == ["start_at", "pickup_place", "vehicle_type", "duration_hours", "people"]
    assert car.dispatch.partner_required
    assert car.billing.deposit_methods == ("cash",)
    assert car.dispatch.fallback is not None
    assert car.dispatch.fallback.consent_required
    assert [f.name for f in car.dispatch.fallback.fields] == ["departure_at", "plate"]


DESK_NUMBERS = [
    ("complaint-owner", "complaint", "answer_within_hours", 24, "004 篇3 §七: answered within 24 hours"),
    ("complaint-owner", "complaint", "press_after_hours", 48, "004 篇2 §一.7: pressed after 48 hours"),
    ("complaint-hq", "complaint", "answer_within_hours", 24, "as the owner's complaint"),
    ("complaint-hq", "complaint", "press_after_hours", 0, "003 WI/FW-003 二.3: no waiting time is named"),
    ("difficult-issue", "difficult", "call_within_hours", 24, "004 篇2 §三.2: in person within 24 hours"),
    ("issue-to-department", "issue", "department_within_days", 3, "003 WI/FW-003 二.2: within three days"),
    ("inquiry", "inquiry", "deferred_within_hours", 24, "004 篇2 §一.6: deferred, within 24 hours"),
    ("relay-message", "relay", "remind_after_minutes", 60, "ours: the handbook says promptly"),
]


@pytest.mark.parametrize(("procedure", "part", "field", "value", "source"), DESK_NUMBERS)
def test_the_number_of_the_desk_is_the_handbooks_in_every_profile(
    procedure: str, part: str, field: str, value: int, source: str
) -> None:
    for profile in CATALOGUE.profiles.values():
        found = getattr(getattr(CATALOGUE.procedure(procedure, profile.id).desk, part), field)
        assert found == value, f"{profile.id}: {source}"
