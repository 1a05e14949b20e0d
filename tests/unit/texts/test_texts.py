"""Sentences that can be told in another language: what they are in English, and what they become."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from shared.errors import Conflict
from shared.texts.packed import packed, unpacked
from shared.texts.say import as_is, either, listed, say, word, words
from shared.texts.voices import HEADER_CHARS_MAX, Language, Words, negotiated, voice

ZH = Words(
    "zh",
    {
        ("", "{who} has slip {number}."): "派工单 {number} 由{who}负责。",
        ("", "one of {these}"): "以下之一：{these}",
        ("", "somebody"): "某人",
        ("word", "duty_officer"): "值班主管",
    },
)
EN = voice("en")


def test_what_is_said_is_an_english_string() -> None:
    said = say("{who} has slip {number}.", who="Li", number=7)
    assert said == "Li has slip 7."
    assert Conflict("taken", said).detail == "Li has slip 7."
    assert EN.tell(said) == "Li has slip 7."


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (say("{who} has slip {number}.", who="Li", number=7), "派工单 7 由Li负责。"),
        (say("{who} has slip {number}.", who=say("somebody"), number=7), "派工单 7 由某人负责。"),
        (say("{who} has slip {number}.", who=word("duty_officer"), number=7), "派工单 7 由值班主管负责。"),
        (say("one of {these}", these=words(["duty_officer", "x"])), "以下之一：值班主管 (duty_officer)、x"),
        (listed(["a", "b"]), "a、b"),
        (either("水龙头", "tap"), "水龙头"),
        (as_is(12), "12"),
        ("somebody", "某人"),
        ("not in the file", "not in the file"),
    ],
)
def test_it_is_told_with_its_facts_in_the_other_language(text: str, told: str) -> None:
    assert ZH.tell(text) == told


def test_a_fact_is_never_taken_for_a_template_or_translated() -> None:
    said = say("{who} has slip {number}.", who="{number} somebody", number="somebody")
    assert ZH.tell(said) == "派工单 somebody 由{number} somebody负责。"


@dataclass
class Asked:
    """A header and what it comes to."""

    header: str
    language: Language


@pytest.mark.parametrize(
    "asked",
    [
        Asked("zh", "zh"),
        Asked("zh-CN,zh;q=0.9,en;q=0.8", "zh"),
        Asked("zh-CN, en;q=0.5", "zh"),
        Asked("zh-Hans-CN", "zh"),
        Asked("ZH-hans", "zh"),
        Asked("zh_CN", "zh"),
        Asked("en-GB,en;q=0.9,zh;q=0.1", "en"),
        Asked("en;q=0.1, zh;q=0.9", "zh"),
        Asked("fr, zh;q=0.2", "zh"),
        Asked("zh;q=0, en;q=0.1", "en"),
    ],
)
def test_the_language_a_caller_likes_best(asked: Asked) -> None:
    for default in ("en", "zh"):
        assert negotiated(asked.header, default) == asked.language


@pytest.mark.parametrize("header", ["", "fr", "*", ";;;q=,,,", "zh;q=nonsense", "\x00", "en" * 5_000])
def test_whoever_likes_none_of_ours_gets_the_default(header: str) -> None:
    assert (negotiated(header, "zh"), negotiated(header, "en")) == ("zh", "en")


def test_of_a_long_header_only_the_beginning_counts() -> None:
    padding = ",".join(["fr"] * HEADER_CHARS_MAX)
    assert negotiated(f"{padding},zh", "en") == "en"


def test_the_chinese_is_read_from_the_translators_file() -> None:
    assert voice("zh").tell("there is no such property") == "没有这个物业"
    assert voice("zh") is voice("zh")


def test_a_text_travels_as_json_and_is_told_later() -> None:
    said = say("{who} has slip {number}.", who=say("somebody"), number=7)
    for text in (said, as_is("PDF"), "somebody"):
        there = unpacked(packed(text))
        assert (there, ZH.tell(there)) == (text, ZH.tell(text))
    with pytest.raises(TypeError):
        packed(either("甲", "a"))


def test_whoever_ends_every_duty_chain_has_a_name_too() -> None:
    assert voice("zh").tell(words(["director", "hq_duty"])) == "管理处主任 (director)、公司总部值班 (hq_duty)"
