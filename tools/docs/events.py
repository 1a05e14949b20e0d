"""Makes `docs/events.md`: every event type, who tells it, who reads it, its fields; personal ones marked."""

from __future__ import annotations

import importlib
import types
from collections.abc import Iterator, Mapping
from typing import Literal, Union, get_args, get_origin

from pydantic import BaseModel

from shared.events.envelope import PRODUCERS, Event, Personal
from shared.events.registry import EVENTS
from shared.kernel.unit import Wiring
from tools.docs.markdown import GENERATED, page, table

KEPT_BY_THE_KERNEL = ("personal_key",)


def readers() -> dict[str, list[str]]:
    """Event type -> the services that do something with it, as their wiring says."""
    found: dict[str, list[str]] = {}
    for service in PRODUCERS:
        wiring: Wiring = importlib.import_module(f"services.{service}.app").WIRING
        for event in wiring.events:
            found.setdefault(event.TYPE, []).append(service)
    return found


def render(reads: Mapping[str, list[str]]) -> str:
    """The whole document."""
    lines = [
        GENERATED,
        "",
        "# Events",
        "",
        "Facts in the past tense, CloudEvents 1.0 on Kafka, one topic for each producer and lane. Additive",
        "changes keep the version; anything else is a new version, read side by side. A field marked",
        "*personal* is sealed with the data key of its person or request, and gone once that key is deleted.",
        "",
    ]
    for producer in PRODUCERS:
        types_of = {name: event for name, event in sorted(EVENTS.items()) if event.producer() == producer}
        rows = [
            (f"[{n}](#{_anchor(n)})", _first_line(e), ", ".join(reads.get(n, ())))
            for n, e in types_of.items()
        ]
        lines += [f"## From {producer}", "", *table(("type", "fact", "read by"), rows)]
        for name, event in types_of.items():
            lines += _event(name, event, reads)
    return page(lines)


def _event(name: str, event: type[Event], reads: Mapping[str, list[str]]) -> Iterator[str]:
    yield f"### {name}"
    yield ""
    readers_of = ", ".join(reads.get(name, ())) or "nobody yet"
    yield f"{_prose(event)} Subject: `{event.SUBJECT}`. Read by: {readers_of}."
    yield ""
    yield from table(("field", "type", "required", "personal"), _rows(event))


def _rows(model: type[BaseModel], prefix: str = "", personal: bool = False) -> Iterator[tuple[object, ...]]:
    for name, field in model.model_fields.items():
        if name in KEPT_BY_THE_KERNEL:
            continue
        inner = _personal_part(field.annotation) if name == "personal" else None
        if inner is not None:
            yield from _rows(inner, f"{prefix}{name}.", True)
        else:
            mark = "personal" if personal else ""
            yield f"`{prefix}{name}`", _type(field.annotation), field.is_required(), mark


def _personal_part(annotation: object) -> type[Personal] | None:
    for option in (annotation, *get_args(annotation)):
        if isinstance(option, type) and issubclass(option, Personal):
            return option
    return None


def _type(annotation: object) -> str:
    origin, inner = get_origin(annotation), get_args(annotation)
    if origin is Literal:
        return ", ".join(f'"{value}"' for value in inner)
    if origin in (Union, types.UnionType):
        return " or ".join(_type(option) for option in inner if option is not type(None)) + (
            ", or null" if type(None) in inner else ""
        )
    if origin is dict:
        return f"map of {_type(inner[1])}"
    if origin is tuple:
        return f"list of {_type(inner[0])}"
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return "{" + ", ".join(annotation.model_fields) + "}"
    names = {"datetime": "moment with offset", "str": "text", "int": "integer", "bool": "boolean"}
    name = getattr(annotation, "__name__", str(annotation))
    return names.get(name, name.lower())


def _prose(event: type[Event]) -> str:
    text = " ".join((event.__doc__ or "").split())
    return text if text.endswith(".") else text + "."


def _first_line(event: type[Event]) -> str:
    return _prose(event).split(". ")[0].rstrip(".")


def _anchor(name: str) -> str:
    return name.replace(".", "")
