"""Notices of the shipped catalogue as they are made for one event at the garden estate."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from services.notify.domain.copies import PropertyCopy, RequestCopy, request_copy
from services.notify.domain.message import Message
from services.notify.domain.notices import Occasion, messages
from services.notify.domain.quiet import QuietHours
from services.notify.words import ShippedWords
from shared.catalogue.load import Catalogue
from shared.catalogue.wordings import Wordings
from shared.events.dispatch import StaffContact, WorkOrderIssued
from shared.events.envelope import Event
from shared.events.intake import RequestAccepted, Requester
from tests import events

NOON = datetime(2026, 3, 1, 4, tzinfo=UTC)  # 12:00 in Shanghai
NIGHT = datetime(2026, 3, 1, 18, tzinfo=UTC)  # 02:00 in Shanghai
CATALOGUE = Catalogue.shipped()
WORDS = ShippedWords(Wordings.shipped())
QUIET = QuietHours.of("Asia/Shanghai", "22:00", "08:00")
ESTATE = PropertyCopy(
    property_id="garden",
    id="garden",
    zone="Asia/Shanghai",
    profile="garden",
    name_zh="花园小区",
    name_en="The Garden",
    settings={"property.phones.hotline": "0755-8888 0000"},
)
WANG = Requester(name="王小明", phone="+8613800138000", email="wang@example.org")
LI = StaffContact(staff_id="s7", name="李师傅", phone="+8613900139000", email="li@example.org")


def accepted(**more: Any) -> RequestAccepted:
    values: dict[str, Any] = {
        "request_id": "r1",
        "contact_id": "c1",
        "reference": "GD-1042",
        "procedure": "repair-report",
        "catalogue_version": "",
        "urgency": "general",
        "urgency_by": "rule",
        "category": "plumbing",
        "area": "indoor",
        "place": "3-2-1801",
        "channel": "hotline",
        "first_contact_id": "cs1",
        "reported_at": NOON,
        "recorded_at": NOON,
        "personal": WANG,
        "personal_key": "person:wang",
    }
    return RequestAccepted(**(values | more))


def issued(**more: Any) -> WorkOrderIssued:
    own = {
        "work_order_id": "w1",
        "slip": "2026-000123",
        "place": "3-2-1801",
        "assignee_id": "s7",
        "personal": LI,
    }
    return events.issued("r1", NOON, **own | {"due_at": datetime(2026, 3, 4, 4, tzinfo=UTC)} | more)


def told(
    event: Event,
    request: RequestCopy | None,
    *,
    now: datetime = NOON,
    estate: PropertyCopy | None = ESTATE,
    **more: Any,
) -> list[Message]:
    procedure = CATALOGUE.procedure("repair-report", "garden")
    assert procedure.notify is not None
    notices = procedure.notify.notices.get(event.TYPE) or CATALOGUE.default_notices.get(event.TYPE, ())
    values: dict[str, Any] = {
        "cause_id": "event-1",
        "property_id": "garden",
        "stream": "r1",
        "lane": "routine",
        "event": event,
        "now": now,
        "request": request,
        "configured": estate,
        "procedure": procedure,
        "quiet": QUIET if estate else None,
    }
    return messages(Occasion(**(values | more)), notices, WORDS)


def copy_of(event: RequestAccepted) -> RequestCopy:
    return request_copy("garden", "r1", event)
