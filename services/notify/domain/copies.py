"""What notify keeps of other services: the property as configured, the request with its requester."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal

from services.notify.domain.message import Language
from shared.events.intake import PropertyConfigured, RequestAccepted, Requester

Urgency = Literal["emergency", "urgent", "general"]


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
    settings: dict[str, str | int | bool] | None = None

    def name(self, language: Language) -> str:
        """The name in that language."""
        return self.name_zh if language == "zh" else self.name_en

    def text(self, setting: str, default: str) -> str:
        """A setting as text, or the default where the property does not set it."""
        value = (self.settings or {}).get(setting, default)
        return value if isinstance(value, str) else default


@dataclass(frozen=True, slots=True)
class RequestCopy:
    """The request as messages need it.

    `erased`: the requester's data key was deleted, nobody may be written to any more.
    """

    property_id: str
    id: str
    reference: str
    procedure: str
    catalogue_version: str
    urgency: Urgency
    category: str
    origin: Literal["live", "history", "replay"]
    version: int = 0
    place: str = ""
    unit_id: str = ""
    appointment_at: datetime | None = None
    name: str = ""
    phone: str = ""
    email: str = ""
    language: Language = "zh"
    erased: bool = False
    wipe_at: datetime | None = None

    @property
    def nobody(self) -> bool:
        """An anonymous caller of whom nothing is known: there is nobody to tell."""
        return not (self.name or self.phone or self.email or self.unit_id)

    def with_requester(self, requester: Requester) -> RequestCopy:
        """What a correction says about the requester; what it leaves empty stays."""
        return replace(
            self,
            name=requester.name or self.name,
            phone=requester.phone or self.phone,
            email=requester.email or self.email,
            language=requester.language if "language" in requester.model_fields_set else self.language,
        )

    def wiped(self) -> RequestCopy:
        """The same without the person."""
        return replace(self, name="", phone="", email="", wipe_at=None)


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


def request_copy(property_id: str, event: RequestAccepted) -> RequestCopy:
    """The copy a request starts with. A personal part that is named but cannot be read was erased."""
    requester = event.personal or Requester()
    return RequestCopy(
        property_id=property_id,
        id=event.request_id,
        reference=event.reference,
        procedure=event.procedure,
        catalogue_version=event.catalogue_version,
        urgency=event.urgency,
        category=event.category,
        origin=event.origin,
        place=event.place,
        unit_id=event.unit_id,
        appointment_at=event.appointment_at,
        name=requester.name,
        phone=requester.phone,
        email=requester.email,
        language=requester.language,
        erased=event.personal is None and event.personal_key != "",
    )
