"""What is wrong with a field of a body, in the caller's language.

pydantic says it in English, with a type and its facts; the translators' file has a sentence for each type
(context `field`). A validator of ours says it with `ValueError(say(...))`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from shared.texts.say import Said, Spoken, Voice, say, tell, words

REASON_CHARS_MAX = 300
MOMENT = say("a date and time with its offset, such as 2026-03-01T08:00:00+08:00")
SHAPES: Mapping[str, Said] = {
    "date": say("a date such as 2026-03-01"),
    "datetime": MOMENT,
    "timezone": MOMENT,
    "time": say("a time of day such as 08:30"),
    "int": say("a whole number"),
    "float": say("a number"),
    "decimal": say("a number"),
    "bool": say("true or false"),
}
"""What a field takes, by the first word of the type of pydantic's error."""
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
    """What would be accepted: the values of a choice, the shape, the bound; else the reason says it."""
    facts, type = error.get("ctx") or {}, str(error["type"])
    if expected := str(facts.get("expected", "")):
        return Choices(expected)
    shape, _, wrong = type.partition("_")
    if shape in SHAPES and wrong not in {"future", "past"}:
        return SHAPES[shape]
    return _bound(type, facts) or reason(error)


def _bound(type: str, facts: Mapping[str, object]) -> Said | None:
    match type:
        case "greater_than_equal":
            return say("at least {least}", least=facts["ge"])
        case "less_than_equal":
            return say("at most {most}", most=facts["le"])
        case "string_too_long":
            return say("at most {most} characters", most=facts["max_length"])
        case "string_too_short":
            return say("at least {least} characters", least=facts["min_length"])
        case "too_long":
            return say("at most {most} of them", most=facts["max_length"])
        case "too_short":
            return say("at least {least} of them", least=facts["min_length"])
        case _:
            return None


def field_of(location: Sequence[str | int]) -> str:
    """The name of the field, with dots."""
    parts = [str(part) for part in location if part not in {"body", "query", "path", "header"}]
    return ".".join(parts) or str(location[0] if location else "body")
