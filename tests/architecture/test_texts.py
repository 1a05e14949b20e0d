"""Every sentence a caller may be refused with can be told in Chinese, and is."""

from __future__ import annotations

import string
from pathlib import Path

import pytest
from babel.messages.pofile import read_po

from tools.texts.__main__ import PO, wanted
from tools.texts.collect import PACKAGES, collect


def places(template: str) -> set[str]:
    """The named places of a template."""
    return {name for _, name, _, _ in string.Formatter().parse(template) if name is not None}


def translations() -> dict[tuple[str, str], str]:
    """The translators' file as it lies there."""
    with PO.open("rb") as file:
        found = read_po(file, locale="zh", abort_invalid=True)
    assert not [m.id for m in found if m.fuzzy and m.id], "a translation is marked as doubtful"
    return {(m.context or "", str(m.id)): str(m.string) for m in found if m.id}


def test_every_refusal_is_said_so_that_it_can_be_translated() -> None:
    assert collect().wrong == []


def test_every_sentence_is_translated_and_none_is_left_over() -> None:
    """If this fails: `python -m tools.texts`, then fill in what `shared/texts/zh.po` lacks."""
    there = translations()
    assert sorted(wanted() - {entry for entry, told in there.items() if told}) == []
    assert sorted(there.keys() - wanted()) == []


def test_a_translation_has_the_places_of_its_template() -> None:
    for (context, template), told in translations().items():
        if context != "field":
            assert places(told) == places(template), template


def test_a_translation_is_chinese() -> None:
    for entry, told in translations().items():
        stripped = "".join(text for text, *_ in string.Formatter().parse(told))
        assert not stripped.strip() or any("\u4e00" <= sign <= "\u9fff" for sign in told) or entry in NEUTRAL


NEUTRAL = {("", "{field}: {reason}"), ("", "{days} {opens}-{closes}")}
"""Nothing but places and signs."""


@pytest.mark.parametrize(
    ("source", "wrong"),
    [
        ("raise Conflict('k', f'{x} is so.')", 1),
        ("raise Conflict('k', 'a' + x)", 1),
        ("raise Conflict('k', 'It is so.', accepted=', '.join(x))", 1),
        ("raise Conflict('k', 'It is so.', accepted=str(x))", 1),
        ("def f():\n    d = f'{x}'\n    raise Conflict('k', d)", 1),
        ("T = {'a': f'{x}'}\nraise Conflict('k', T[x])", 1),
        ("say(x)", 1),
        ("raise Conflict('k', 'It is so.', accepted=listed(x) or 'none')", 0),
        ("raise Conflict('k', say('{x} is so.', x=x) if x else 'It is so.')", 0),
    ],
)
def test_the_collector_finds_what_cannot_be_translated(tmp_path: Path, source: str, wrong: int) -> None:
    for package in PACKAGES:
        (tmp_path / package).mkdir(parents=True)
    (tmp_path / "shared" / "one.py").write_text(source, encoding="utf-8")
    found = collect(tmp_path)
    assert len(found.wrong) == wrong
    assert wrong or found.templates & {"It is so.", "{x} is so."}
