"""Wordings are checked when they are read: both languages, known variables, never too long for a message."""

from __future__ import annotations

import pytest

from shared.catalogue.load import CatalogueError
from shared.catalogue.wordings import FILE, TEXT_LENGTH_MAX, Wordings, names_in

SHIPPED = Wordings.shipped()
HEAD = """
[variables.reference]
means = "r"
length_max = 16
context = true
[variables.slip]
means = "s"
length_max = 20
"""
GOOD = """
[templates.t]
event = "intake.request.accepted.v1"
audience = "owner"
[templates.t.zh]
subject = "{reference}"
text = "您好"
[templates.t.en]
subject = "{reference}"
text = "Hello"
"""


def test_a_good_file_is_read() -> None:
    template = Wordings.read(HEAD + GOOD).template("t")
    assert (template.wording("zh").text, template.wording("en").text) == ("您好", "Hello")


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('[templates.t.en]\nsubject = "{reference}"\ntext = "Hello"\n', "", r"templates\.t\.en"),
        ('text = "Hello"', 'text = "Hello {name}"', r"t\.en: \{name\} is not known .* accepted: reference"),
        ('text = "Hello"', 'text = "{slip}"', r"\{slip\} is not known with this event"),
        ('text = "Hello"', 'text = "{reference.x}"', "must be a plain name"),
        ('text = "Hello"', 'text = "{reference!r}"', "must be a plain name"),
        ('text = "Hello"', 'text = "{"', r"t\.en"),
        ('text = "Hello"', 'text = " "', "accepted: 1 to 500"),
        ('text = "Hello"', f'text = "{"x" * 490}{{reference}}"', "506 characters with its values"),
        ("intake.request.accepted.v1", "intake.request.dreamt.v1", "there is no event"),
        ('audience = "owner"', 'audience = "cat"', r"templates\.t\.audience"),
        ('audience = "owner"', 'audience = "owner"\ncolour = 1', r"templates\.t\.colour"),
        ("[templates.t]", "[templates.t", "cannot be read"),
    ],
)
def test_a_wrong_wording_is_refused(old: str, new: str, message: str) -> None:
    assert old in GOOD
    with pytest.raises(CatalogueError, match=message):
        Wordings.read(HEAD + GOOD.replace(old, new))


def test_shipped_wordings_are_within_a_text_message_even_with_the_longest_values() -> None:
    for name, template in SHIPPED.templates.items():
        for language in ("zh", "en"):
            text = template.wording(language).text
            values = SHIPPED.cut(dict.fromkeys(SHIPPED.variables, "字" * 1000))
            assert len(text.format_map(values)) <= TEXT_LENGTH_MAX, name


def test_both_languages_tell_the_same_facts() -> None:
    for name, template in SHIPPED.templates.items():
        assert set(names_in(template.zh.text)) == set(names_in(template.en.text)), name


def test_owners_are_told_nothing_that_belongs_to_staff_and_in_chinese_start_with_the_property() -> None:
    for name, template in SHIPPED.templates.items():
        if template.audience == "owner":
            assert template.zh.text.startswith("【{property_name}】您好,"), name
            assert template.en.text.startswith("{property_name}: "), name


def test_no_wording_is_half_translated() -> None:
    for name, template in SHIPPED.templates.items():
        english = template.en.subject + template.en.text
        chinese = template.zh.subject + template.zh.text
        assert english.isascii(), name
        assert sum("一" <= c <= "鿿" for c in chinese) >= 8, name


def test_every_variable_is_used() -> None:
    used = {
        name
        for template in SHIPPED.templates.values()
        for wording in (template.zh, template.en)
        for name in (*names_in(wording.subject), *names_in(wording.text))
    }
    assert set(SHIPPED.variables) == used


def test_the_file_holds_what_was_read() -> None:
    assert Wordings.read(FILE.read_text(encoding="utf-8")).templates == SHIPPED.templates


def test_a_long_value_is_cut_visibly() -> None:
    cut = SHIPPED.cut({"place": "楼" * 200, "reference": "A-1", "unknown": "x"})
    assert cut["place"] == "楼" * 59 + "…"
    assert (cut["reference"], cut["unknown"]) == ("A-1", "x")
