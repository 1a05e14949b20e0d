"""A text of ours as JSON and back, for the way between two processes: still to be told in any language."""

from __future__ import annotations

from typing import Any

from shared.texts.say import AsIs, Said, Spoken, as_is, say


def packed(text: object) -> Any:
    """What JSON can carry: templates with their facts, what is the same everywhere, plain sentences."""
    match text:
        case Said():
            return {"template": text.template, "facts": {k: packed(v) for k, v in text.facts.items()}}
        case AsIs():
            return {"as_is": str(text)}
        case Spoken():
            raise TypeError(f"{type(text).__name__} is not sent")
        case str() | int():
            return text
    raise TypeError(f"{type(text).__name__} is not sent")


def unpacked(found: Any) -> Any:
    """The text again."""
    if not isinstance(found, dict):
        return found
    if "as_is" in found:
        return as_is(found["as_is"])
    return say(found["template"], **{name: unpacked(fact) for name, fact in found["facts"].items()})
