"""What intake tells us: the property's settings, and the requests whose accounts are opened."""

from __future__ import annotations

from dataclasses import replace

from services.billing.domain.account import Account
from services.billing.domain.books import Books
from services.billing.handlers.common import Kit, of_event, payload
from shared.events.intake import (
    EmergencyRaised,
    PropertyConfigured,
    RequestAccepted,
    RequestAmended,
    Urgency,
    UrgencyRaised,
)
from shared.kernel.unit import Unit


@of_event
async def property_configured(kit: Kit, unit: Unit) -> None:
    """Keep the settings. The currency is that of the first time: a ledger has one for ever (J27)."""
    event = payload(unit, PropertyConfigured)
    before = await unit.load(Books, event.property_id)
    unit.save(
        Books(
            property_id=event.property_id,
            id=event.property_id,
            version=0 if before is None else before.version,
            zone=event.zone,
            profile=event.profile,
            currency=event.currency if before is None else before.currency,
        )
    )


@of_event
async def request_accepted(kit: Kit, unit: Unit) -> None:
    """Open the account. What was imported as history is closed business: nothing is charged for it (J8)."""
    event = payload(unit, RequestAccepted)
    if event.origin == "history":
        return
    unit.save(_opened(unit, event, event.urgency))


@of_event
async def emergency_raised(kit: Kit, unit: Unit) -> None:
    """Open an account of its own for the urgent stream: it waits for nothing on the request's stream."""
    event = payload(unit, EmergencyRaised)
    known = await unit.load(Account, unit.cause.stream)
    if known is not None:  # raised before, lowered, and raised again
        unit.save(replace(known, urgency="emergency"))
        return
    unit.save(_opened(unit, event, "emergency"))


@of_event
async def request_amended(kit: Kit, unit: Unit) -> None:
    """Where the work is decides who pays (P021): corrected for the request and for its emergency (J25)."""
    event = payload(unit, RequestAmended)
    area = event.changed.get("area")
    if area not in ("indoor", "public"):
        return
    for account_id in (unit.cause.stream, EmergencyRaised.stream(event.request_id)):
        account = await unit.load(Account, account_id)
        if account is not None:
            unit.save(replace(account, area="public" if area == "public" else "indoor"))


@of_event
async def urgency_raised(kit: Kit, unit: Unit) -> None:
    """An emergency may be priced after the work (P020); history has no account."""
    event = payload(unit, UrgencyRaised)
    account = await unit.load(Account, unit.cause.stream)
    if account is not None:
        unit.save(replace(account, urgency=event.urgency))


def _opened(unit: Unit, event: RequestAccepted | EmergencyRaised, urgency: Urgency) -> Account:
    return Account(
        property_id=unit.cause.property_id,
        id=unit.cause.stream,
        version=0,
        request_id=event.request_id,
        lane=unit.cause.lane,
        procedure=event.procedure,
        catalogue_version=event.catalogue_version,
        urgency=urgency,
        area=event.area,
        opened_at=event.reported_at,
        zone=event.zone,
        currency=event.currency,
    )
