"""A property's settings: what a managed estate is, and what may change about it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from services.intake.domain.bodies import PropertyBody
from shared.catalogue.profile import Profile
from shared.deadlines import zone_of
from shared.errors import Conflict, Invalid
from shared.events.intake import PropertyConfigured
from shared.money import CURRENCIES
from shared.texts.say import as_is, listed, say, word

SettingValue = str | int | bool


@dataclass(frozen=True, slots=True)
class Property:
    """One managed estate: the tenant of the system. Its id is the property id."""

    property_id: str
    id: str
    version: int = 0
    name_zh: str = ""
    name_en: str = ""
    zone: str = "Asia/Shanghai"
    profile: str = ""
    currency: str = "CNY"
    settings: Mapping[str, SettingValue] = field(default_factory=dict)
    duty_chain: tuple[str, ...] = ()
    training: bool = False
    opened_at: datetime | None = None


def configured(property_id: str, existing: Property | None, body: PropertyBody, now: datetime) -> Property:
    """The property as the body says.

    Raises Invalid for a wrong field, Conflict for what is fixed once opened.

    The ledger keeps its currency (ruling J27), and a training property never becomes a real one: its
    owners are fake and its messages never leave the machine.
    """
    zone_of(body.zone)
    if body.currency not in CURRENCIES:
        raise Invalid(
            "currency", "There is no such currency here.", field="currency", accepted=listed(CURRENCIES)
        )
    if not body.duty_chain:
        raise Invalid(
            "empty-duty-chain",
            "Somebody must be the last resort (ruling J21).",
            field="duty_chain",
            accepted="at least one role or person, first one first",
        )
    if existing is not None:
        for name in ("currency", "training"):
            if getattr(existing, name) != getattr(body, name):
                raise Conflict(
                    "fixed-when-opened",
                    say("The {name} of a property cannot change after it was opened.", name=word(name)),
                    field=name,
                    accepted=as_is(getattr(existing, name)),
                )
    return replace(
        existing or Property(property_id, property_id, opened_at=now),
        name_zh=body.name_zh,
        name_en=body.name_en,
        zone=body.zone,
        profile=body.profile,
        currency=body.currency,
        settings=dict(body.settings),
        duty_chain=body.duty_chain,
        training=body.training,
    )


def configured_event(settled: Property) -> PropertyConfigured:
    """The whole of the settings, for every other service."""
    return PropertyConfigured(
        property_id=settled.property_id,
        name_zh=settled.name_zh,
        name_en=settled.name_en,
        zone=settled.zone,
        profile=settled.profile,
        currency=settled.currency,
        settings=dict(settled.settings),
        duty_chain=settled.duty_chain,
        training=settled.training,
    )


def setting_number(profile: Profile, settled: Property, name: str) -> int:
    """A whole-number setting of the property, or its profile's. The default stands in `settings.toml`."""
    return int(profile.settings_with(settled.settings)[name])
