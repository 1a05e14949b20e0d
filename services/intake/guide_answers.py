"""What intake answers about the service guide: as it is set, its editions, as all read it (P015)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from services.intake.answers import Answer
from services.intake.domain.guide import Content, Guide
from services.intake.domain.guide_edition import Edition, Entry, PricedBy, Pricing
from services.intake.domain.opening import Weekday, hours_told
from shared.catalogue.guide import Class, Guidance, Paid, Provider, Service
from shared.http.actions import AllowedAction
from shared.texts.say import Said, either, say
from shared.texts.voices import Words

PRICES: dict[PricedBy, Said] = {
    "covered": say("covered by the property fee"),
    "free": say("free"),
    "tariff": say("by the tariff, told before the service begins"),
    "partner": say("the partner's price, told before the service begins"),
    "told": say("told before the service begins"),
}


class OpeningAnswer(Answer):
    """From when until when on these days, as wall times of the property."""

    days: list[Weekday]
    opens: str
    closes: str


class PriceAnswer(Answer):
    """A row of the tariff, in both languages."""

    code: str
    zh: str
    en: str
    amount_minor: int
    unit: str


class ServiceItem(Answer):
    """A service of the handbooks, and what the property says of it. `priced_by`: how its price is found."""

    service: str
    zh: str
    en: str
    kind: Class
    group: str
    paid: Paid
    provider: Provider
    procedure: str
    source: str
    priced_by: PricedBy
    prices: list[PriceAnswer]
    active: bool = False
    hours: list[OpeningAnswer] = []
    phone: str = ""
    set_by: str = ""
    set_at: datetime | None = None

    @classmethod
    def of(cls, id: str, service: Service, price: Pricing, guide: Guide) -> ServiceItem:
        """The service with what is set, if anything is."""
        offer = next((one for one in guide.offers if one.service == id), None)
        said = {} if offer is None else OfferAnswer.model_validate(offer).model_dump()
        rows = [PriceAnswer.model_validate(row) for row in price.rows]
        known = service.model_dump()
        return cls(**{**known, "service": id, "priced_by": price.by, "prices": rows, **said})


class OfferAnswer(Answer):
    """What a property says of a service."""

    active: bool
    hours: list[OpeningAnswer]
    phone: str
    set_by: str
    set_at: datetime


class ContentAnswer(Answer):
    """What else stands in the guide."""

    kind: str
    text_zh: str
    text_en: str
    set_by: str
    set_at: datetime


class GuideAnswer(Answer):
    """The guide as it is set: every service there is. `current`: the edition everybody reads; 0: none."""

    version: int
    number: int
    current: int
    telling: int
    told: int
    services: list[ServiceItem]
    contents: list[ContentAnswer]
    allowed_actions: list[AllowedAction]


class DistributionAnswer(Answer):
    """That it was given out so. `told`: how many people, once all are; null before, and in other ways."""

    way: str
    place: str
    by: str
    at: datetime
    told: int | None
    told_at: datetime | None


class EditionItem(Answer):
    """An edition in a list."""

    number: int
    version: int
    state: str
    compiled_by: str
    compiled_at: datetime
    distributions: list[DistributionAnswer]
    allowed_actions: list[AllowedAction] = []


class PricingAnswer(Answer):
    """How a service is paid."""

    by: PricedBy
    rows: list[PriceAnswer]


class EntryAnswer(Answer):
    """A service as it stands in an edition."""

    service: str
    zh: str
    en: str
    kind: Class
    paid: Paid
    provider: Provider
    hours: list[OpeningAnswer]
    phone: str
    price: PricingAnswer


class EditionAnswer(EditionItem):
    """A whole edition, in both languages."""

    name_zh: str
    name_en: str
    currency: str
    services: list[EntryAnswer]
    contents: list[ContentAnswer]


class PublicPrice(Answer):
    """A row of the tariff in the reader's language."""

    name: str
    amount_minor: int
    unit: str


class PublicService(Answer):
    """A service in the reader's language."""

    service: str
    name: str
    kind: Class
    kind_name: str
    hours: list[OpeningAnswer]
    hours_text: str
    phone: str
    price: str
    prices: list[PublicPrice]


class PublicContent(Answer):
    """What else stands in the guide, in the reader's language."""

    kind: str
    name: str
    text: str


class PublicGuide(Answer):
    """The edition everybody reads, in the reader's language; amounts are minor units of `currency`."""

    property_name: str
    number: int
    language: str
    currency: str
    services: list[PublicService]
    contents: list[PublicContent]

    @classmethod
    def of(cls, edition: Edition, known: Guidance, voice: Words) -> PublicGuide:
        """The edition in that language."""
        return cls(
            property_name=voice.choose(edition.name_zh, edition.name_en),
            number=edition.number,
            language=voice.language,
            currency=edition.currency,
            services=[_public(one, known, voice) for one in edition.services],
            contents=list(_contents(edition.contents, known, voice)),
        )


def _public(entry: Entry, known: Guidance, voice: Words) -> PublicService:
    kind = known.kinds[entry.kind]
    return PublicService(
        service=entry.service,
        name=voice.choose(entry.zh, entry.en),
        kind=entry.kind,
        kind_name=voice.choose(kind.zh, kind.en),
        hours=[OpeningAnswer.model_validate(one) for one in entry.hours],
        hours_text=voice.tell(hours_told(entry.hours)),
        phone=entry.phone,
        price=voice.tell(PRICES[entry.price.by]),
        prices=[
            PublicPrice(name=voice.choose(row.zh, row.en), amount_minor=row.amount_minor, unit=row.unit)
            for row in entry.price.rows
        ],
    )


def _contents(contents: Iterable[Content], known: Guidance, voice: Words) -> Iterable[PublicContent]:
    for one in contents:
        named = known.contents.get(one.kind)
        title = voice.tell(either(named.zh, named.en)) if named is not None else one.kind
        yield PublicContent(kind=one.kind, name=title, text=voice.choose(one.text_zh, one.text_en))
