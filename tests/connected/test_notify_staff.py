"""Staff are told by their id or their role (P009, P034): from the roster's event to the message on its
way.
"""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from shared.events.dispatch import DeadlineRaised, StaffContact, StaffRecorded
from shared.events.intake import FirstContactTaken
from shared.events.intake_complaints import CaseAlarm
from shared.settings import Settings
from tests.connected.notify_kit import AWAKE, Notify, accepted, issued, notify

pytestmark = pytest.mark.connected


async def employ(service: Notify, staff_id: str, role: str, phone: str) -> None:
    contact = StaffContact(staff_id=staff_id, name=staff_id, phone=phone)
    event = StaffRecorded(
        staff_id=staff_id,
        department="customer_service",
        role=role,
        recorded_at=datetime.now(UTC),
        personal_key=f"person:{staff_id}",
        personal=contact,
    )
    await service.feed(event, "roster:customer_service")


async def told(service: Notify, template: str) -> list[tuple[str, str]]:
    """Recipients and addresses of the messages in that wording."""
    found = await service.messages(template=template)
    return [(one.recipient, one.plan[0].address if one.plan else "") for one in found]


async def test_p009_p034_who_is_meant_is_told(settings: Settings) -> None:
    async with notify(settings) as service:
        await service.configure()
        await employ(service, "cs1", "cs_officer", "+8613700137000")
        await employ(service, "gu", "property_manager", "+8613600136000")
        await service.feed(accepted("r1", first_contact_id="cs1"), "r1")
        await service.feed(issued("r1"), "r1")
        assert await told(service, "arranged_for_first_contact") == [("staff:cs1", "+8613700137000")]

        await service.feed(accepted("r3", first_contact_id="guard-7"), "r3")
        await service.feed(issued("r3"), "r3")
        elsewhere = (await told(service, "arranged_for_first_contact"))[1:]
        assert elsewhere == [("staff:cs_supervisor", "")], "on no roster: his supervisor's post (P009)"
        await employ(service, "ma", "cs_supervisor", "+8613500135000")
        await service.feed(accepted("r4", first_contact_id="guard-7"), "r4")
        await service.feed(issued("r4"), "r4")
        elsewhere = (await told(service, "arranged_for_first_contact"))[2:]
        assert elsewhere == [("staff:ma", "+8613500135000")]

        await service.feed(accepted("r2", first_contact_id=""), "r2")
        await service.feed(issued("r2"), "r2")
        assert len(await told(service, "arranged_for_first_contact")) == 3, "nobody has taken it over yet"
        now = datetime.now(UTC)
        await service.feed(FirstContactTaken(request_id="r2", first_contact_id="cs1", taken_at=now), "r2")
        alarm = CaseAlarm(
            request_id="r9",
            kind="major",
            procedure="complaint-owner",
            reference="42",
            due_at=now,
            raised_at=now,
        )
        await service.feed(alarm, "escalation:r9", lane="urgent")
        assert await told(service, "alarm_major") == [("staff:gu", "+8613600136000")], (
            "its request is not known yet"
        )
        late = alarm.model_copy(update={"kind": "report_late"})
        await service.feed(late, "escalation:r9", lane="urgent")
        assert sorted(await told(service, "alarm_report_late")) == [
            ("staff:director", ""),
            ("staff:ma", "+8613500135000"),
        ]


async def test_p019_headquarters_is_told_of_an_urgent_repair_that_is_not_done(settings: Settings) -> None:
    async with notify(settings) as service:
        await service.configure(settings={**AWAKE, "property.phones.hq_duty": "+8613300133000"})
        await service.feed(accepted("r1"), "r1")
        now = datetime.now(UTC)
        breach = DeadlineRaised(
            work_order_id="w1",
            request_id="r1",
            slip="2026-000001",
            department="engineering",
            urgency="urgent",
            kind="breached",
            step=2,
            to_role="hq_duty",
            due_at=now,
            raised_at=now,
        )
        await service.feed(breach, "escalation:w1", lane="urgent")
        assert await told(service, "deadline_breached") == [("staff:hq_duty", "+8613300133000")]


async def test_a_role_nobody_holds_is_told_at_the_duty_telephone_set_for_it(settings: Settings) -> None:
    async with notify(settings) as service:
        phones = {"director": "+8613300133000", "cs_supervisor": "+8613300133001"}
        await service.configure(settings=AWAKE | {f"property.phones.{name}": n for name, n in phones.items()})
        now = datetime.now(UTC)
        alarm = CaseAlarm(
            request_id="r9",
            kind="report_late",
            procedure="complaint-owner",
            reference="42",
            due_at=now,
            raised_at=now,
        )
        await service.feed(alarm, "escalation:r9", lane="urgent")
        posts = [("staff:cs_supervisor", phones["cs_supervisor"]), ("staff:director", phones["director"])]
        assert sorted(await told(service, "alarm_report_late")) == posts
        await employ(service, "ma", "cs_supervisor", "+8613500135000")
        await service.feed(alarm, "escalation:r9", lane="urgent")
        again = sorted(await told(service, "alarm_report_late"))
        assert again == sorted([*posts, posts[1], ("staff:ma", "+8613500135000")]), (
            "who holds it, not the post"
        )
