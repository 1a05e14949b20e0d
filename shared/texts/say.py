"""Sentences for people, which can be told in another language than English later.

`say("The slip {number} is not open.", number=7)` is the English sentence, a `str` like any other, and it
remembers template and facts, so that whoever answers a caller tells it in his language. Nothing is translated
here and no file is read: domain code may say what it likes. The Chinese stands in `shared/texts/zh.po`.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol


class Voice(Protocol):
    """A language as the texts need it; `shared.texts.voices` has them."""

    separator: str

    def translated(self, template: str, context: str = "") -> str:
        """The template in this language, or itself where there is no translation."""
        ...

    def choose(self, zh: str, en: str) -> str:
        """The one of the two that is in this language."""
        ...


class Spoken(str):
    """The English text, which can be told in other languages."""

    __slots__ = ()

    def told(self, voice: Voice) -> str:
        """The text in that language."""
        raise NotImplementedError


class Said(Spoken):
    """A template and the facts for its named places."""

    __slots__ = ("facts", "template")
    template: str
    facts: dict[str, object]

    def told(self, voice: Voice) -> str:
        """The translated template with the facts, each in that language if it is a text of ours too."""
        facts = {name: tell(fact, voice) for name, fact in self.facts.items()}
        return voice.translated(self.template).format_map(facts)


class Listed(Spoken):
    """Several things, with commas between."""

    __slots__ = ("items",)
    items: tuple[str, ...]

    def told(self, voice: Voice) -> str:
        """The things with the commas of that language."""
        return voice.separator.join(str(tell(item, voice)) for item in self.items)


class Word(Spoken):
    """A code of ours, such as a state or a role, that has a name in every language."""

    __slots__ = ("code", "exact")
    code: str
    exact: bool

    def told(self, voice: Voice) -> str:
        """The name; with the code behind it where a caller has to send exactly that."""
        key = self.code.lower()
        name = voice.translated(key, "word")
        if name == key:
            return str(self)
        return f"{name} ({self.code})" if self.exact else name


class Either(Spoken):
    """A text that its author wrote in both languages, such as a label of the catalogue."""

    __slots__ = ("en", "zh")
    zh: str
    en: str

    def told(self, voice: Voice) -> str:
        """The one of the two."""
        return voice.choose(self.zh, self.en)


class AsIs(Spoken):
    """What is the same in every language: an amount, a header, an id."""

    __slots__ = ()

    def told(self, voice: Voice) -> str:
        """Itself."""
        return str(self)


def say(template: str, /, **facts: object) -> Said:
    """A sentence. The template is a literal with places like `{number}`, also `{at:%H:%M}`."""
    said = Said(template.format_map(facts))
    said.template, said.facts = template, facts
    return said


def listed(items: Iterable[str]) -> Listed:
    """These things, one after the other: ids, columns, words."""
    things = tuple(items)
    said = Listed(", ".join(things))
    said.items = things
    return said


def word(code: str) -> Word:
    """The name of a code, for reading."""
    said = Word(code.replace("_", " "))
    said.code, said.exact = code, False
    return said


def words(codes: Iterable[str]) -> Listed:
    """The names of codes that a caller may send, each with its code."""
    return listed([_exactly(code) for code in codes])


def either(zh: str, en: str) -> Either:
    """What is written in both languages already."""
    said = Either(en or zh)
    said.zh, said.en = zh or en, en or zh
    return said


def as_is(thing: object) -> AsIs:
    """What needs no translation."""
    return AsIs(thing)


def tell(thing: object, voice: Voice) -> object:
    """A fact as that language has it: what is no text of ours stays as it is."""
    return thing.told(voice) if isinstance(thing, Spoken) else thing


def _exactly(code: str) -> Word:
    said = Word(code)
    said.code, said.exact = code, True
    return said
