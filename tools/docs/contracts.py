"""The shape of an event type as other services may rely on it, and what a change to it would break.

A change is additive when every reader of the old shape can read the new one and the other way round: new
fields must be optional, old ones stay as they are. Anything else needs a new version of the type.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from shared.events.envelope import Event
from shared.events.registry import EVENTS

FOLDER = Path("tests/contract/events")
MAKE_IT_V2 = "make it v2"
Shape = dict[str, Any]


def shape(event: type[Event]) -> Shape:
    """Type, producer, subject and the JSON schema, references written out, without what is only prose."""
    schema = event.model_json_schema()
    return {
        "type": event.TYPE,
        "producer": event.producer(),
        "subject": event.SUBJECT,
        "schema": _plain(schema, schema.get("$defs", {})),
    }


def text_of(snapshot: Shape) -> str:
    """A snapshot as it stands in its file."""
    return json.dumps(snapshot, indent=2, sort_keys=True, ensure_ascii=False) + "\n"


def breaks(old: Shape, new: Shape) -> list[str]:
    """What is not additive, one sentence each, naming the field."""
    found = [
        f"{old['type']}: {part} changed from {old[part]} to {new[part]}; {MAKE_IT_V2}"
        for part in ("type", "producer", "subject")
        if old[part] != new[part]
    ]
    found += [f"{old['type']}: {what}; {MAKE_IT_V2}" for what in _breaks("", old["schema"], new["schema"])]
    return found


def write(folder: Path = FOLDER) -> list[str]:
    """Write the snapshots that are new or grew; returns what was not written because it is not additive."""
    folder.mkdir(parents=True, exist_ok=True)
    refused: list[str] = []
    for type_name, event in sorted(EVENTS.items()):
        path, new = folder / f"{type_name}.json", shape(event)
        broken = breaks(json.loads(path.read_text(encoding="utf-8")), new) if path.exists() else []
        if not broken:
            path.write_text(text_of(new), encoding="utf-8")
        refused += broken
    return refused


def _plain(node: Any, definitions: dict[str, Any]) -> Any:
    """The schema with references written out; titles and descriptions are prose and left away."""
    if isinstance(node, list):
        return [_plain(item, definitions) for item in node]
    if not isinstance(node, dict):
        return node
    if "$ref" in node:
        rest = {key: value for key, value in node.items() if key != "$ref"}
        node = {**definitions[node["$ref"].rsplit("/", 1)[-1]], **rest}
    plain = {}
    for key, value in node.items():
        if key == "properties":
            plain[key] = {name: _plain(inner, definitions) for name, inner in value.items()}
        elif key not in ("title", "description", "$defs"):
            plain[key] = _plain(value, definitions)
    return plain


def _breaks(path: str, old: Any, new: Any) -> Iterator[str]:
    if isinstance(old, dict) and isinstance(new, dict) and "properties" in old and "properties" in new:
        yield from _object_breaks(path, old, new)
    elif isinstance(old, dict) and isinstance(new, dict) and set(old) == set(new):
        for key in sorted(old):
            yield from _breaks(path, old[key], new[key])
    elif isinstance(old, list) and isinstance(new, list) and len(old) == len(new):
        for before, after in zip(old, new, strict=True):
            yield from _breaks(path, before, after)
    elif old != new:
        before, after = (json.dumps(value, ensure_ascii=False) for value in (old, new))
        yield f"{path or 'the whole'} changed from {before} to {after}"


def _object_breaks(path: str, old: Shape, new: Shape) -> Iterator[str]:
    before, after = old["properties"], new["properties"]
    required_before, required_after = set(old.get("required", ())), set(new.get("required", ()))
    for name in sorted(before):
        where = f"{path}.{name}".lstrip(".")
        if name not in after:
            yield f"{where} was removed"
            continue
        if (name in required_before) != (name in required_after):
            yield f"{where} is {'no longer' if name in required_before else 'now'} required"
        yield from _breaks(where, before[name], after[name])
    for name in sorted(set(after) - set(before)):
        if name in required_after:
            yield f"{path}.{name}".lstrip(".") + " is new and required"
    rest = {"properties", "required"}
    yield from _breaks(
        path,
        {key: value for key, value in old.items() if key not in rest},
        {key: value for key, value in new.items() if key not in rest},
    )
