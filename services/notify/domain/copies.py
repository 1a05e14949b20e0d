"""What notify keeps of other services: the property as configured, the request with its people."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Literal

from services.notify.domain.message import Language
from shared.events.dispatch import StaffContact
from shared.events.intake import EmergencyRaised, PropertyConfigured, RequestAccepted, Requester

Urgency = Literal["emergency", "urgent", "general"]
WORKERS_KEPT = 8  # the newest work orders of a request whose person can be told something


@dataclass(frozen=True, slots=True)
class PropertyCopy:
    """The settings messages depend on. `id` is the property's own id."""

    property_id: str
    id: str
    zone: str
    profile: str
    name_zh: str
    name_en: str
    version: int = 0
    training: bool = False
    settings: dict[str, str | int | bool] = field(default_factory=dict)

    def name(self, language: Language) -> str:
        """The name in that language."""
        return self.name_zh if language == "zh" else self.name_en

    def text(self, setting: str, default: str = "") -> str:
        """A setting as text, or the default where the property leaves it empty."""
        value = self.settings.get(setting, "")
        return value if isinstance(value, str) and value else default


@dataclass(frozen=True, slots=True)
class Worker:
    """Who has a work order of the request."""

    work_order_id: str
    slip: str
    staff_id: str = ""
    name: str = ""
    phone: str = ""
    email: str = ""
    language: Language = "zh"


@dataclass(frozen=True, slots=True)
class RequestCopy:
    """The request as messages need it; `id` is its stream (an emergency stream has its own copy).

    `erased`: the requester's data key was deleted, nobody may be written to any more.
    """

    property_id: str
    id: str
    request_id: str
    procedure: str
    urgency: Urgency
    category: str
    version: int = 0
    reference: str = ""
    catalogue_version: str = ""
    origin: Literal["live", "history", "replay"] = "live"
    hazard: str = ""
    place: str = ""
    zone: str = ""
    unit_id: str = ""
    first_contact_id: str = ""
    appointment_at: datetime | None = None
    name: str = ""
    phone: str = ""
    email: str = ""
    language: Language = "zh"
    erased: bool = False
    workers: tuple[Worker, ...] = ()
    wipe_at: datetime | None = None

    @property
    def nobody(self) -> bool:
        """An anonymous caller of whom nothing is known: there is nobody to tell."""
        return not (self.name or self.phone or self.email or self.unit_id)

    def worker(self, work_order_id: str) -> Worker | None:
        """Who has that work order."""
        return next((w for w in self.workers if w.work_order_id == work_order_id), None)

    def with_requester(self, requester: Requester) -> RequestCopy:
        """The requester as corrected: always the whole of it, so a number that was taken back is not kept."""
        return replace(
            self,
            name=requester.name,
            phone=requester.phone,
            email=requester.email,
            language=requester.language,
        )

    def forgotten(self) -> RequestCopy:
        """The requester was erased: his data is gone and nobody is written to any more."""
        return replace(self, name="", phone="", email="", erased=True)

    def with_worker(self, work_order_id: str, slip: str, contact: StaffContact | None) -> RequestCopy:
        """The work order is that person's now (nobody's, if there is no contact)."""
        person = contact or StaffContact()
        worker = Worker(
            work_order_id,
            slip,
            person.staff_id,
            person.name,
            person.phone,
            person.email,
            person.language,
        )
        others = tuple(w for w in self.workers if w.work_order_id != work_order_id)
        return replace(self, workers=(*others, worker)[-WORKERS_KEPT:])

    def wiped(self) -> RequestCopy:
        """The same without any person."""
        return replace(self, name="", phone="", email="", workers=(), wipe_at=None)


def property_copy(old: PropertyCopy | None, property_id: str, event: PropertyConfigured) -> PropertyCopy:
    """The copy after the property was configured (the event is always the whole of the settings)."""
    return PropertyCopy(
        property_id=property_id,
        id=event.property_id,
        version=0 if old is None else old.version,
        zone=event.zone,
        profile=event.profile,
        name_zh=event.name_zh,
        name_en=event.name_en,
        training=event.training,
        settings=dict(event.settings),
    )


def request_copy(property_id: str, stream: str, event: RequestAccepted) -> RequestCopy:
    """The copy a request starts with. A personal part that is named but cannot be read was erased."""
    requester = event.personal or Requester()
    return RequestCopy(
        property_id=property_id,
        id=stream,
        request_id=event.request_id,
        reference=event.reference,
        procedure=event.procedure,
        catalogue_version=event.catalogue_version,
        urgency=event.urgency,
        category=event.category,
        origin=event.origin,
        hazard=event.hazard,
        place=event.place,
        zone=event.zone,
        unit_id=event.unit_id,
        first_contact_id=event.first_contact_id,
        appointment_at=event.appointment_at,
        name=requester.name,
        phone=requester.phone,
        email=requester.email,
        language=requester.language,
        erased=event.personal is None and event.personal_key != "",
    )


def emergency_copy(
    request: RequestCopy | None,
    property_id: str,
    stream: str,
    event: EmergencyRaised,
    old: RequestCopy | None = None,
) -> RequestCopy:
    """The copy an emergency stream starts with: complete, and with what else is known of the request.

    `old`: the stream's own copy, where the request was an emergency before and is raised again.
    """
    requester = event.personal or Requester()
    erased = event.personal is None and event.personal_key != ""
    known = request or RequestCopy(
        property_id=property_id,
        id=stream,
        request_id=event.request_id,
        procedure=event.procedure,
        urgency="emergency",
        category=event.category,
        catalogue_version=event.catalogue_version,
        zone=event.zone,
        language=requester.language,
    )
    raised = replace(
        known,
        id=stream,
        version=0 if old is None else old.version,
        urgency="emergency",
        category=event.category,
        hazard=event.hazard,
        place=event.place,
        unit_id=event.unit_id,
        first_contact_id=event.first_contact_id,
        workers=() if old is None else old.workers,
        erased=erased,
    )
    return raised.with_requester(requester)
