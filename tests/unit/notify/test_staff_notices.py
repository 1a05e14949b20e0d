"""Notices to one of the staff: the first contact, a person the event names, everybody who holds a role."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from services.notify.domain.copies import PropertyCopy, request_copy
from services.notify.domain.message import Message
from services.notify.domain.notices import Occasion, messages, person_meant
from services.notify.domain.staff import StaffCopy, holders, staff_copy
from shared.events.dispatch import StaffContact, StaffRecorded
from shared.events.envelope import Event
from shared.events.intake import ExtensionNeeded, FirstContactMissing
from tests.unit.notify.notice_kit import CATALOGUE, ESTATE, LI, NOON, WORDS, accepted, issued

LIN = StaffCopy("garden", "cs1", role="cs_officer", name="林", phone="+8613700137000")
MA = StaffCopy("garden", "cs9", role="cs_supervisor", rank=2, name="马", phone="+8613600136000")


def told(
    event: Event, staff: dict[str, tuple[StaffCopy, ...]], configured: PropertyCopy = ESTATE
) -> list[Message]:
    """What the notices of all procedures say."""
    request = request_copy("garden", "r1", accepted())
    occasion = Occasion(
        cause_id="event-1",
        property_id="garden",
        stream="r1",
        lane="routine",
        event=event,
        now=NOON,
        request=request,
        configured=configured,
        procedure=CATALOGUE.procedure("repair-report", "garden"),
        quiet=None,
        staff=staff,
    )
    return messages(occasion, CATALOGUE.default_notices[event.TYPE], WORDS)


def test_p009_the_first_contact_is_told_when_work_is_arranged() -> None:
    [message] = told(issued(), {"first_contact": (LIN,)})
    assert (message.recipient, message.template) == ("staff:cs1", "arranged_for_first_contact")
    assert message.plan[0].address == LIN.phone
    assert LI.name in message.text
    assert told(issued(assignee_id=""), {"first_contact": (LIN,)}) == [], "nobody has it yet"


def test_p009_for_a_first_contact_on_no_roster_the_duty_desk_is_told() -> None:
    [message] = told(issued(), {"first_contact": ()})
    assert (message.recipient, message.plan) == ("staff:cs_supervisor", ()), "it stands on a person's list"
    assert "cs1" in message.text, "it says for whom"
    phone = {"property.phones.duty_officer": "+8613700000001"}
    at_desk = replace(ESTATE, settings={**ESTATE.settings, **phone})
    [message] = told(issued(), {"first_contact": ()}, at_desk)
    assert message.plan[0].address == "+8613700000001"


def test_p013_the_first_contact_is_told_before_a_promise_passes() -> None:
    event = ExtensionNeeded(request_id="r1", promised_at=NOON, first_contact_id="cs1", noticed_at=NOON)
    [message] = told(event, {"first_contact": (LIN,)})
    assert (message.recipient, message.template) == ("staff:cs1", "extension_for_first_contact")


def test_the_holders_of_a_role_are_told_and_the_post_while_nobody_holds_it() -> None:
    event = FirstContactMissing(request_id="r1", channel="web", since=NOON, raised_at=NOON)
    [message] = told(event, {"cs_supervisor": (MA,)})
    assert (message.recipient, message.plan[0].address) == ("staff:cs9", MA.phone)
    [nobody] = told(event, {"cs_supervisor": ()})
    assert (nobody.recipient, nobody.plan) == ("staff:cs_supervisor", ())


def test_who_is_meant() -> None:
    request = request_copy("garden", "r1", accepted())
    assert person_meant(issued(), request, "first_contact") == "cs1"
    assert person_meant(issued(), None, "first_contact") == ""
    assert person_meant(issued(), request, "responsible") == ""
    assert person_meant(issued(), request, "director") == ""


def test_the_highest_in_rank_are_told_and_nobody_who_has_left() -> None:
    people = [replace(LIN, id=f"p{n}", rank=n) for n in range(8)]
    found = holders([*people, replace(MA, rank=9, active=False)])
    assert [one.id for one in found] == ["p7", "p6", "p5", "p4", "p3"]


def test_p027_of_a_role_those_of_the_department_concerned_are_told_if_it_has_any() -> None:
    people = [replace(LIN, id="e1", department="engineering"), replace(LIN, id="s1", department="security")]
    assert [one.id for one in holders(people, "security")] == ["s1"]
    assert [one.id for one in holders(people, "environment")] == ["e1", "s1"]


@pytest.mark.parametrize("known", [True, False])
def test_a_person_is_kept_as_recorded_and_without_address_once_erased(known: bool) -> None:
    contact = StaffContact(staff_id="cs1", name="林", phone="+8613700137000", email="lin@example.org")
    event = StaffRecorded(
        staff_id="cs1",
        department="customer_service",
        role="cs_officer",
        rank=1,
        recorded_at=datetime(2026, 3, 1, tzinfo=UTC),
        personal_key="person:cs1",
        personal=contact if known else None,
    )
    kept = staff_copy(replace(LIN, version=3), "garden", event)
    assert (kept.version, kept.role, kept.rank) == (3, "cs_officer", 1)
    assert (kept.phone, kept.email) == (("+8613700137000", "lin@example.org") if known else ("", ""))
