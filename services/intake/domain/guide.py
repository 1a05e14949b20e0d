"""The service guide of a property (P015): what it offers, when, at which telephone and price. Pure.

What is set becomes a numbered edition that never changes (COMPILED); an edition is given out in the ways of
the catalogue (DISTRIBUTED), and the newest that was given out is what everybody reads: `guide_edition.py`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime

from services.intake.domain.guide_commands import GuideBody, OfferBody
from services.intake.domain.opening import Opening, opening_hours
from shared.catalogue.guide import Guidance, Service
from shared.errors import Invalid
from shared.phones import to_e164
from shared.texts.say import either, listed, say

GUIDE = "guide"  # the id of a property's one guide
HOTLINE = "property.phones.hotline"


@dataclass(frozen=True, slots=True)
class Offer:
    """What a property says of one service."""

    service: str
    active: bool
    hours: tuple[Opening, ...]
    phone: str
    set_by: str
    set_at: datetime


@dataclass(frozen=True, slots=True)
class Content:
    """What else stands in the guide."""

    kind: str
    text_zh: str
    text_en: str
    set_by: str
    set_at: datetime


@dataclass(frozen=True, slots=True)
class Guide:
    """What is set now. `number`: of the newest edition; `current`: of the newest that was given out.

    While an edition is told to all households, `telling` is its number, `told_after` the last person who was
    looked at, `told` how many were told.
    """

    property_id: str
    id: str = GUIDE
    version: int = 0
    offers: tuple[Offer, ...] = ()
    contents: tuple[Content, ...] = ()
    number: int = 0
    current: int = 0
    telling: int = 0
    told_after: str = ""
    told: int = 0
    page_at: datetime | None = None  # when the page before was told, from which the next is awaited


def changed(
    guide: Guide, body: GuideBody, known: Guidance, runs: Iterable[str], hotline: str, by: str, now: datetime
) -> Guide:
    """The guide with what the body names. Raises Invalid, naming the first field that is none."""
    if not body.services and not body.contents:
        raise Invalid("nothing-set", "Nothing is set.", field="services", accepted="a service, or a content")
    offers = {one.service: one for one in guide.offers}
    contents = {one.kind: one for one in guide.contents}
    runs = frozenset(runs)
    _each_once([one.service for one in body.services], "services", "service")
    _each_once([one.kind for one in body.contents], "contents", "kind")
    for n, one in enumerate(body.services):
        offers[one.service] = _offer(one, f"services.{n}", known, runs, hotline, by, now)
    for n, said in enumerate(body.contents):
        if said.kind not in known.contents:
            accepted = listed(sorted(known.contents))
            detail = "There is no such content of a guide."
            raise Invalid("unknown-content", detail, field=f"contents.{n}.kind", accepted=accepted)
        if bool(said.text_zh) != bool(said.text_en):
            missing = "text_en" if said.text_zh else "text_zh"
            detail = "A guide is read in two languages."
            raise Invalid("one-language", detail, field=f"contents.{n}.{missing}", accepted="both texts")
        contents[said.kind] = Content(said.kind, said.text_zh, said.text_en, by, now)
    return replace(
        guide,
        offers=tuple(offers[name] for name in sorted(offers)),
        contents=tuple(contents[name] for name in sorted(contents) if contents[name].text_zh),
    )


def _offer(
    body: OfferBody,
    field: str,
    known: Guidance,
    runs: frozenset[str],
    hotline: str,
    by: str,
    now: datetime,
) -> Offer:
    service = known.services.get(body.service)
    if service is None:
        raise Invalid(
            "unknown-service",
            "There is no such service.",
            field=f"{field}.service",
            accepted=listed(sorted(known.services)),
        )
    phone = to_e164(body.phone, "CN", f"{field}.phone") if body.phone else ""
    offer = Offer(body.service, body.active, opening_hours(body.hours, f"{field}.hours"), phone, by, now)
    if offer.active and (lack := lacking(offer, service, runs, hotline)) is not None:
        raise Invalid(lack.kind, lack.detail, field=f"{field}.{lack.field}", accepted=lack.accepted)
    return offer


def lacking(offer: Offer, service: Service, runs: frozenset[str], hotline: str) -> Invalid | None:
    """Why the service cannot stand in a guide: nobody does it, or its hours or telephone are not known."""
    name = either(service.zh, service.en)
    if service.provider == "none":
        detail = say("Nobody provides this service yet: {name}.", name=name)
        return Invalid("no-provider", detail, field="active", accepted="false")
    if service.procedure and service.procedure not in runs:
        detail = say("This property does not run the procedure of this service: {name}.", name=name)
        return Invalid("procedure-not-run", detail, field="active", accepted="false")
    if not offer.hours:
        detail = say("The hours of this service are not set: {name}.", name=name)
        return Invalid("no-hours", detail, field="hours", accepted="days with times, such as 08:30 to 18:00")
    if not (offer.phone or hotline):
        detail = say("The telephone of this service is not set, nor is there a hotline: {name}.", name=name)
        return Invalid("no-phone", detail, field="phone", accepted="a telephone number")
    return None


def _each_once(names: list[str], field: str, part: str) -> None:
    for n, name in enumerate(names):
        if name in names[:n]:
            detail = say("{name} is named twice.", name=name)
            raise Invalid("named-twice", detail, field=f"{field}.{n}.{part}", accepted="each of them once")
