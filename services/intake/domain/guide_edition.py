"""Editions of the service guide (P015): compiled from what is set, given out, told to households. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal

from services.intake.domain.guide import Content, Guide, Offer, lacking
from services.intake.domain.guide_commands import DistributeBody
from services.intake.domain.opening import Opening
from services.intake.domain.property import Property
from shared.catalogue.guide import Class, Guidance, Paid, Provider, Service
from shared.catalogue.model import BillingRules
from shared.errors import Conflict, Invalid
from shared.texts.say import either, listed, say

DISTRIBUTIONS_MAX = "guide.distributions_max"
State = Literal["COMPILED", "DISTRIBUTED"]
PricedBy = Literal["covered", "free", "tariff", "partner", "told"]


@dataclass(frozen=True, slots=True)
class Price:
    """One row of the tariff: told before service (P014)."""

    code: str
    zh: str
    en: str
    amount_minor: int
    unit: str


@dataclass(frozen=True, slots=True)
class Pricing:
    """How a service is paid: by the tariff's rows, by a partner's quote, or told before it begins."""

    by: PricedBy
    rows: tuple[Price, ...] = ()


@dataclass(frozen=True, slots=True)
class Entry:
    """A service as it stands in an edition."""

    service: str
    zh: str
    en: str
    kind: Class
    paid: Paid
    provider: Provider
    hours: tuple[Opening, ...]
    phone: str
    price: Pricing


@dataclass(frozen=True, slots=True)
class Distribution:
    """That an edition was given out, by whom and when. `told`: how many people were; None: not yet."""

    way: str
    place: str
    by: str
    at: datetime
    told: int | None = None
    told_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Edition:
    """A numbered edition: what stands in it never changes. `id` is the number."""

    property_id: str
    id: str
    version: int = 0
    number: int = 0
    state: State = "COMPILED"
    name_zh: str = ""
    name_en: str = ""
    currency: str = ""
    services: tuple[Entry, ...] = ()
    contents: tuple[Content, ...] = ()
    compiled_by: str = ""
    compiled_at: datetime | None = None
    distributions: tuple[Distribution, ...] = ()


def pricing(service: Service, rules: BillingRules | None) -> Pricing:
    """What the service costs: `rules` are those of its procedure as the property runs it."""
    if service.paid == "covered":
        return Pricing("covered")
    if service.paid == "free" or (rules is not None and rules.payer == "none"):
        return Pricing("free")
    if rules is not None and rules.partner_price:
        return Pricing("partner")
    if rules is not None and rules.tariff:
        rows = tuple(Price(row.code, row.zh, row.en, row.amount_minor, row.unit) for row in rules.tariff)
        return Pricing("tariff", rows)
    return Pricing("told")


def not_ready(guide: Guide, known: Guidance, runs: Iterable[str], hotline: str) -> Conflict | None:
    """Why no edition can be compiled from what is set now."""
    active = [offer for offer in guide.offers if offer.active and offer.service in known.services]
    if not active:
        detail = "No service is offered yet; an edition would be empty."
        return Conflict("empty-guide", detail, accepted="set the services that are offered first")
    running = frozenset(runs)
    for offer in active:
        lack = lacking(offer, known.services[offer.service], running, hotline)
        if lack is not None:
            return Conflict(lack.kind, lack.detail, field="services", accepted="set it, or offer it no more")
    return None


def compiled(
    guide: Guide,
    settled: Property,
    known: Guidance,
    prices: Mapping[str, Pricing],
    hotline: str,
    by: str,
    now: datetime,
) -> tuple[Guide, Edition]:
    """The next edition, of all that is offered; `prices` by service."""
    number = guide.number + 1
    edition = Edition(
        guide.property_id,
        str(number),
        number=number,
        name_zh=settled.name_zh,
        name_en=settled.name_en,
        currency=settled.currency,
        services=tuple(
            _entry(offer, known.services[offer.service], prices[offer.service], hotline)
            for offer in guide.offers
            if offer.active and offer.service in known.services
        ),
        contents=guide.contents,
        compiled_by=by,
        compiled_at=now,
    )
    return replace(guide, number=number), edition


def _entry(offer: Offer, service: Service, price: Pricing, hotline: str) -> Entry:
    return Entry(
        offer.service,
        service.zh,
        service.en,
        service.kind,
        service.paid,
        service.provider,
        offer.hours,
        offer.phone or hotline,
        price,
    )


def not_distributable(guide: Guide, edition: Edition, most: int) -> Conflict | None:
    """Why this edition is given out no more."""
    if edition.number != guide.number:
        detail = say("There is a newer edition: {number}.", number=guide.number)
        return Conflict("older-edition", detail, accepted="the newest edition")
    if len(edition.distributions) >= most:
        detail = say("An edition is given out at most {most} times.", most=most)
        return Conflict("distributed-enough", detail, accepted="a new edition")
    return None


def distributed(
    guide: Guide, edition: Edition, body: DistributeBody, known: Guidance, by: str, now: datetime
) -> tuple[Guide, Edition]:
    """The edition after it was given out so. Raises Invalid for a way that is none, Conflict for one done."""
    way = known.ways.get(body.way)
    if way is None:
        accepted = listed(sorted(known.ways))
        raise Invalid("unknown-way", "A guide is not given out so.", field="way", accepted=accepted)
    name = either(way.zh, way.en)
    if way.once and any(one.way == body.way for one in edition.distributions):
        detail = say("This edition was given out so already: {name}.", name=name)
        raise Conflict("distributed-so", detail, field="way", accepted="another way, or a new edition")
    if way.tells_owners and guide.telling:
        detail = say("The households are still being told of edition {number}.", number=guide.telling)
        raise Conflict("still-telling", detail, field="way", accepted="wait until all of them are told")
    done = Distribution(body.way, body.place, by, now)
    after = replace(guide, current=edition.number)
    if way.tells_owners:
        after = replace(after, telling=edition.number, told_after="", told=0, page_at=now)
    given = replace(edition, state="DISTRIBUTED", distributions=(*edition.distributions, done))
    return after, given


def told(guide: Guide, last: str, count: int, now: datetime) -> Guide:
    """The guide after one more page of people was told."""
    return replace(guide, told_after=last, told=guide.told + count, page_at=now)


def all_told(guide: Guide, edition: Edition, known: Guidance, now: datetime) -> tuple[Guide, Edition]:
    """Everybody was told: how many stands with the distribution."""
    done = tuple(
        replace(one, told=guide.told, told_at=now)
        if one.told_at is None and one.way in known.ways and known.ways[one.way].tells_owners
        else one
        for one in edition.distributions
    )
    return replace(guide, telling=0, told_after="", told=0, page_at=None), replace(
        edition, distributions=done
    )
