"""The languages we answer in: which one a caller asks for, and the translated texts of each.

The Chinese is read once from `zh.po`, the file translators edit; there is no step between. What has no
translation is told in English; a test of the architecture keeps the file complete.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache, lru_cache
from importlib.resources import files
from typing import Literal, get_args

from babel import negotiate_locale
from babel.messages.pofile import read_po
from werkzeug.datastructures import LanguageAccept
from werkzeug.http import parse_accept_header

from shared.texts.say import Spoken

Language = Literal["en", "zh"]
LANGUAGES: tuple[Language, ...] = get_args(Language)
HEADER_CHARS_MAX = 200
"""What stands behind in a longer Accept-Language is not looked at."""


class Words:
    """One language: its translations by context and English template. English needs none."""

    def __init__(self, language: Language, texts: Mapping[tuple[str, str], str]) -> None:
        self.language = language
        self.separator = "、" if language == "zh" else ", "
        self._texts = texts

    def translated(self, template: str, context: str = "") -> str:
        """The template in this language, or itself where there is no translation."""
        return self._texts.get((context, template), template)

    def choose(self, zh: str, en: str) -> str:
        """The one of the two that is in this language."""
        return zh if self.language == "zh" else en

    def tell(self, text: str) -> str:
        """A text of ours in this language: what was said with places, or a sentence without any."""
        return text.told(self) if isinstance(text, Spoken) else self.translated(text)


@cache
def voice(language: Language) -> Words:
    """The language with its texts."""
    return Words(language, {} if language == "en" else _texts(language))


def _texts(language: Language) -> dict[tuple[str, str], str]:
    with files("shared.texts").joinpath(f"{language}.po").open("rb") as file:
        catalog = read_po(file, locale=language, abort_invalid=True)
    return {
        (message.context or "", str(message.id)): str(message.string)
        for message in catalog
        if message.id and message.string
    }


@lru_cache(maxsize=256)
def negotiated(accept_language: str, default: Language) -> Language:
    """The language of ours a caller likes best (RFC 9110, 12.5.4), or the default if he likes none."""
    ranges = parse_accept_header(accept_language[:HEADER_CHARS_MAX], LanguageAccept)
    liked = [tag.replace("_", "-") for tag, quality in ranges if quality > 0]
    found = (negotiate_locale(liked, list(LANGUAGES), sep="-") or default).lower()
    return "zh" if found == "zh" else "en"
