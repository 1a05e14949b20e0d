"""What is wrong with a field of a body, in the caller's language.

pydantic says it in English, with a type and its facts; the translators' file has a sentence for each type
(context `field`). A validator of ours says it with `ValueError(say(...))`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from shared.texts.say import Spoken, Voice, tell, words

REASON_CHARS_MAX = 300
QUOTED = re.compile(r"'([^']*)'")


class Reason(Spoken):
    """The reason pydantic gives, with its type and facts."""

    __slots__ = ("facts", "type")
    type: str
    facts: Mapping[str, object]

    def told(self, voice: Voice) -> str:
        """Our own sentence if a validator of ours refused, otherwise that of the type."""
        own = self.facts.get("error")
        if isinstance(own, Exception) and own.args:
            return str(tell(own.args[0], voice))
        template = voice.translated(self.type, "field")
        if template == self.type:
            return str(self)
        facts = _Facts(self.facts)
        if "expected" in facts:
            facts["expected"] = Choices(facts["expected"]).told(voice)
        return template.format_map(facts)


class Choices(Spoken):
    """The values of a choice, as pydantic lists them: `'open' or 'closed'`."""

    __slots__ = ()

    def told(self, voice: Voice) -> str:
        """The values with their names in that language."""
        values = QUOTED.findall(str(self))
        return voice.choose(zh=words(values).told(voice) if values else str(self), en=str(self))


class _Facts(dict[str, object]):
    def __missing__(self, name: str) -> str:
        return "?"


def reason(error: Mapping[str, Any]) -> Reason:
    """What one of pydantic's errors says."""
    said = Reason(str(error["msg"])[:REASON_CHARS_MAX])
    said.type, said.facts = str(error["type"]), error.get("ctx") or {}
    return said


def accepted(error: Mapping[str, Any]) -> str:
    """What would be accepted: the values of a choice, otherwise what the reason says already."""
    expected = str((error.get("ctx") or {}).get("expected", ""))
    return Choices(expected) if expected else reason(error)


def field_of(location: Sequence[str | int]) -> str:
    """The name of the field, with dots."""
    parts = [str(part) for part in location if part not in {"body", "query", "path", "header"}]
    return ".".join(parts) or str(location[0] if location else "body")
