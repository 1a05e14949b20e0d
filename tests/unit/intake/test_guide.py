"""The service guide (P015): hours, what may be offered, editions, distribution. No I/O."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from pydantic import ValidationError

from services.intake.domain import guide_edition as editions
from services.intake.domain.guide import Guide, changed
from services.intake.domain.guide_commands import DistributeBody, GuideBody
from services.intake.domain.opening import OpeningBody, hours_told, opening_hours
from services.intake.domain.property import Property
from shared.catalogue.guide import guidance
from shared.catalogue.load import Catalogue
from shared.errors import Conflict, Invalid
from shared.texts.voices import voice

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
RUNS = Catalogue.shipped().profile("garden").procedures
HOURS = [{"days": ["mon", "tue", "wed", "thu", "fri"], "opens": "08:30", "closes": "18:00"}]
ROUND_THE_CLOCK = [
    {"days": ["sun", "mon", "tue", "wed", "thu", "fri", "sat"], "opens": "00:00", "closes": "24:00"}
]
HOTLINE = "+867551234567"
ESTATE = Property("g", "g", name_zh="花园", name_en="Garden", profile="garden")


def offer(service: str = "indoor-repair", **changes: Any) -> dict[str, Any]:
    return {"service": service, "active": True, "hours": HOURS, "phone": "13800138000"} | changes


def body(*services: dict[str, Any], contents: tuple[dict[str, str], ...] = ()) -> GuideBody:
    return GuideBody.model_validate({"services": services, "contents": contents})


def set_(guide: Guide, said: GuideBody, hotline: str = HOTLINE) -> Guide:
    return changed(guide, said, guidance(), RUNS, hotline, "lin", NOW)


def compiled(guide: Guide) -> tuple[Guide, editions.Edition]:
    prices = {one.service: editions.Pricing("told") for one in guide.offers}
    return editions.compiled(guide, ESTATE, guidance(), prices, HOTLINE, "lin", NOW)


def hours(*said: dict[str, Any]) -> str:
    return str(hours_told(opening_hours([OpeningBody.model_validate(one) for one in said], "hours")))


def test_all_services_of_the_handbooks_are_there() -> None:
    known = guidance()
    assert len(known.services) == 114
    kinds = [one.kind for one in known.services.values()]
    assert (kinds.count("public"), kinds.count("commissioned")) == (8, 4)
    assert all(one.zh and one.en and one.source for one in known.services.values())
    assert all((one.kind == "public") == (one.paid == "covered") for one in known.services.values())


@pytest.mark.parametrize(
    ("said", "en", "zh"),
    [
        (HOURS, "Mon to Fri 08:30-18:00", "周一至周五 08:30-18:00"),
        (ROUND_THE_CLOCK, "day and night, every day", "每天 24 小时"),
        (
            [{"days": ["sun", "mon", "tue"], "opens": "09:00", "closes": "12:00"}],
            "Mon to Tue, Sun 09:00-12:00",
            "周一至周二、周日 09:00-12:00",
        ),
    ],
)
def test_hours_are_told_in_both_languages(said: list[dict[str, Any]], en: str, zh: str) -> None:
    bodies = [OpeningBody.model_validate(one) for one in said]
    told = hours_told(opening_hours(bodies, "hours"))
    assert (str(told), voice("zh").tell(told)) == (en, zh)


@pytest.mark.parametrize(
    ("said", "field"),
    [
        ([{"days": ["mon"], "opens": "18:00", "closes": "08:30"}], "hours.0.closes"),
        ([{"days": ["mon"], "opens": "08:30", "closes": "08:30"}], "hours.0.closes"),
        ([*HOURS, {"days": ["fri"], "opens": "17:00", "closes": "20:00"}], "hours.1"),
    ],
)
def test_hours_that_are_none_are_refused(said: list[dict[str, Any]], field: str) -> None:
    with pytest.raises(Invalid) as refused:
        hours(*said)
    assert refused.value.field == field
    assert refused.value.accepted


@pytest.mark.parametrize(
    "wrong",
    [
        {"opens": "24:00"},
        {"opens": "8:30"},
        {"closes": "24:01"},
        {"closes": "noon"},
        {"days": []},
        {"days": ["someday"]},
    ],
)
def test_times_of_day_that_are_none_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        OpeningBody.model_validate(HOURS[0] | wrong)


def test_hours_of_one_day_may_meet_and_a_night_is_two() -> None:
    night = [{"days": ["fri"], "opens": "18:00", "closes": "24:00"}]
    assert hours(*HOURS, *night).endswith("Fri 18:00-24:00")


@pytest.mark.parametrize(
    ("said", "hotline", "kind", "field"),
    [
        (offer("teleport"), HOTLINE, "unknown-service", "services.0.service"),
        (offer(phone="12"), HOTLINE, "phone", "services.0.phone"),
        (offer(hours=[]), HOTLINE, "no-hours", "services.0.hours"),
        (offer(phone=""), "", "no-phone", "services.0.phone"),
        (offer("finance"), HOTLINE, "no-provider", "services.0.active"),
        (offer("car-hire"), HOTLINE, "procedure-not-run", "services.0.active"),
    ],
)
def test_what_cannot_stand_in_a_guide_is_refused(
    said: dict[str, Any], hotline: str, kind: str, field: str
) -> None:
    with pytest.raises(Invalid) as refused:
        set_(Guide("g"), body(said), hotline)
    assert (refused.value.kind, refused.value.field) == (kind, field)


@pytest.mark.parametrize(
    ("said", "kind", "field"),
    [
        (body(), "nothing-set", "services"),
        (body(offer(), offer()), "named-twice", "services.1.service"),
        (
            body(contents=({"kind": "poems", "text_zh": "诗", "text_en": "x"},)),
            "unknown-content",
            "contents.0.kind",
        ),
        (body(contents=({"kind": "club", "text_zh": "会所"},)), "one-language", "contents.0.text_en"),
    ],
)
def test_a_change_that_says_nothing_or_too_much_is_refused(said: GuideBody, kind: str, field: str) -> None:
    with pytest.raises(Invalid) as refused:
        set_(Guide("g"), said)
    assert (refused.value.kind, refused.value.field) == (kind, field)


def test_what_is_not_named_stays_and_empty_texts_take_a_content_out() -> None:
    club = {"kind": "club", "text_zh": "会所八点开放", "text_en": "The club opens at eight"}
    guide = set_(Guide("g"), body(offer(), offer("pub-fire", phone=""), contents=(club,)))
    guide = set_(guide, body(offer(active=False, hours=[])))
    assert {one.service: one.active for one in guide.offers} == {"indoor-repair": False, "pub-fire": True}
    assert [one.kind for one in guide.contents] == ["club"]
    assert set_(guide, body(contents=({"kind": "club"},))).contents == ()


def test_an_edition_holds_what_is_offered_and_the_hotline_where_no_other_telephone_is() -> None:
    guide = set_(Guide("g"), body(offer(), offer("pub-fire", phone=""), offer("moving", active=False)))
    after, edition = compiled(guide)
    assert (after.number, after.current, edition.number, edition.state) == (1, 0, 1, "COMPILED")
    assert {one.service: one.phone for one in edition.services} == {
        "indoor-repair": "+8613800138000",
        "pub-fire": HOTLINE,
    }


def test_nothing_to_compile_and_what_became_impossible_meanwhile() -> None:
    known = guidance()
    empty = editions.not_ready(Guide("g"), known, RUNS, HOTLINE)
    assert empty is not None
    assert empty.kind == "empty-guide"
    guide = set_(Guide("g"), body(offer(phone="")))
    assert editions.not_ready(guide, known, RUNS, HOTLINE) is None
    for runs, hotline, kind in ((RUNS, "", "no-phone"), ((), HOTLINE, "procedure-not-run")):
        refused = editions.not_ready(guide, known, runs, hotline)
        assert refused is not None
        assert refused.kind == kind


def test_only_the_newest_edition_is_given_out_and_some_ways_once() -> None:
    known = guidance()
    guide, first = compiled(set_(Guide("g"), body(offer())))
    notice, board = DistributeBody(way="notice"), DistributeBody(way="board", place="3号楼大堂")
    guide, first = editions.distributed(guide, first, notice, known, "lin", NOW)
    assert (guide.current, guide.telling, first.state) == (1, 1, "DISTRIBUTED")
    with pytest.raises(Conflict, match="already"):
        editions.distributed(guide, first, notice, known, "lin", NOW)
    for _ in range(2):
        guide, first = editions.distributed(guide, first, board, known, "lin", NOW)
    assert [one.way for one in first.distributions] == ["notice", "board", "board"]
    with pytest.raises(Invalid, match="not given out so"):
        editions.distributed(guide, first, DistributeBody(way="drone"), known, "lin", NOW)
    full = editions.not_distributable(guide, first, 3)
    assert full is not None
    assert full.kind == "distributed-enough"
    guide, second = compiled(guide)
    older = editions.not_distributable(guide, first, 50)
    assert older is not None
    assert older.kind == "older-edition"
    assert guide.current == 1, "the new one is only compiled"
    with pytest.raises(Conflict, match="still being told"):
        editions.distributed(guide, second, notice, known, "lin", NOW)
    guide, first = editions.all_told(editions.told(guide, "p9", 7, NOW), first, known, NOW)
    assert (guide.telling, first.distributions[0].told, first.distributions[1].told) == (0, 7, None)
    editions.distributed(guide, second, notice, known, "lin", NOW)


@pytest.mark.parametrize(
    ("service", "by"),
    [
        ("pub-fire", "covered"),
        ("first-aid-kit", "free"),
        ("indoor-repair", "tariff"),
        ("car-hire", "partner"),
        ("wake-up-call", "told"),
    ],
)
def test_the_price_is_the_tariff_of_the_procedure_the_desk_opens(service: str, by: str) -> None:
    known = guidance().services[service]
    rules = Catalogue.shipped().procedure(known.procedure, "tower").billing if known.procedure else None
    price = editions.pricing(known, rules)
    assert price.by == by
    assert bool(price.rows) == (by == "tariff")
    if rules is not None and by == "tariff":
        assert [(row.code, row.amount_minor) for row in price.rows] == [
            (row.code, row.amount_minor) for row in rules.tariff
        ]
        assert editions.pricing(known, replace_payer(rules)).by == "free"


def replace_payer(rules: Any) -> Any:
    return rules.model_copy(update={"payer": "none"})


def test_an_edition_is_not_touched_by_what_is_set_later() -> None:
    guide, edition = compiled(set_(Guide("g"), body(offer())))
    later = set_(guide, body(offer(phone="13900139000")))
    assert edition == replace(edition)
    assert edition.services[0].phone == "+8613800138000" != later.offers[0].phone
