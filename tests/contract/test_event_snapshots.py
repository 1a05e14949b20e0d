"""Events are the contract between services: a type may grow by optional fields, all else is a new version.

The snapshots in `events/` are written by `python -m tools.docs`, which refuses what is not additive. A type
that was never published may be changed freely: delete its snapshot and run it again.
"""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest

from shared.events.registry import EVENTS
from tools.docs.contracts import breaks, shape, text_of, write

FOLDER = Path(__file__).parent / "events"
SNAPSHOTS = sorted(FOLDER.glob("*.json"))


@pytest.mark.parametrize("path", SNAPSHOTS, ids=lambda path: path.stem)
def test_an_event_only_grew(path: Path) -> None:
    event = EVENTS.get(path.stem)
    assert event is not None, (
        f"{path.stem} is gone, but others may still read it; keep it beside the new version"
    )
    broken = breaks(json.loads(path.read_text(encoding="utf-8")), shape(event))
    assert not broken, "\n".join(broken)


def test_the_snapshots_are_of_today() -> None:
    today = {f"{name}.json": text_of(shape(event)) for name, event in EVENTS.items()}
    kept = {path.name: path.read_text(encoding="utf-8") for path in SNAPSHOTS}
    stale = sorted(name for name in today if kept.get(name) != today[name])
    assert not stale, f"run `python -m tools.docs` for {', '.join(stale)}"


def test_names_say_producer_aggregate_fact_and_version() -> None:
    for name, event in EVENTS.items():
        producer, aggregate, fact, version = name.split(".")
        assert producer in event.__module__
        assert aggregate
        assert fact.islower()
        assert version.startswith("v")
        assert version[1:].isdigit()
        assert event.SUBJECT in event.model_fields


EVENT = {
    "type": "intake.thing.done.v1",
    "producer": "intake",
    "subject": "thing_id",
    "schema": {
        "type": "object",
        "required": ["thing_id", "part"],
        "properties": {
            "thing_id": {"type": "string"},
            "note": {"type": "string", "default": ""},
            "urgency": {"enum": ["a", "b"], "type": "string"},
            "part": {"type": "object", "required": ["x"], "properties": {"x": {"type": "integer"}}},
            "personal": {
                "anyOf": [{"type": "object", "properties": {"name": {"type": "string"}}}, {"type": "null"}]
            },
        },
    },
}


def changed(**paths: Any) -> dict[str, Any]:
    """A copy of the event with values set at `a__b__c`; None removes."""
    event = copy.deepcopy(EVENT)
    for path, value in paths.items():
        *outer, last = path.split("__")
        node: Any = event
        for key in outer:
            node = node[int(key) if key.isdigit() else key]
        if value is None:
            del node[last]
        else:
            node[last] = value
    return event


@pytest.mark.parametrize(
    "additive",
    [
        changed(),
        changed(schema__properties__more={"type": "string", "default": ""}),
        changed(schema__properties__part__properties__y={"type": "string"}),
        changed(schema__properties__personal__anyOf__0__properties__phone={"type": "string"}),
    ],
)
def test_an_optional_field_more_is_additive_at_any_depth(additive: dict[str, Any]) -> None:
    assert breaks(EVENT, additive) == []


@pytest.mark.parametrize(
    ("after", "what"),
    [
        (changed(subject="other_id"), "subject changed"),
        (changed(producer="billing"), "producer changed"),
        (changed(schema__properties__note=None), "note was removed"),
        (changed(schema__properties__part__properties__x=None), "part.x was removed"),
        (changed(schema__properties__personal__anyOf__0__properties__name=None), "personal.name was removed"),
        (changed(schema__properties__note__type="integer"), "note changed"),
        (changed(schema__properties__note__default="x"), "note changed"),
        (changed(schema__properties__note__maxLength=10), "note changed"),
        (changed(schema__properties__urgency__enum=["a", "b", "c"]), "urgency changed"),
        (changed(schema__properties__urgency__enum=["a"]), "urgency changed"),
        (changed(schema__required=["thing_id", "part", "note"]), "note is now required"),
        (changed(schema__required=["thing_id"]), "part is no longer required"),
        (
            changed(
                schema__required=["thing_id", "part", "more"],
                schema__properties__more={"type": "string"},
            ),
            "more is new and required",
        ),
        (changed(schema__additionalProperties=False), "the whole changed"),
    ],
)
def test_anything_else_must_be_a_new_version(after: dict[str, Any], what: str) -> None:
    broken = breaks(EVENT, after)
    assert len(broken) == 1
    assert what in broken[0]
    assert broken[0].endswith("make it v2")


def test_writing_takes_what_grew_and_refuses_what_broke(tmp_path: Path) -> None:
    assert write(tmp_path) == []
    path = tmp_path / "intake.request.closed.v1.json"
    snapshot = json.loads(path.read_text(encoding="utf-8"))
    shrunk = copy.deepcopy(snapshot)
    del shrunk["schema"]["properties"]["personal_key"]
    path.write_text(text_of(shrunk), encoding="utf-8")
    assert write(tmp_path) == []
    assert json.loads(path.read_text(encoding="utf-8")) == snapshot
    snapshot["schema"]["properties"]["colour"] = {"type": "string"}
    path.write_text(text_of(snapshot), encoding="utf-8")
    assert write(tmp_path) == ["intake.request.closed.v1: colour was removed; make it v2"]
    assert "colour" in path.read_text(encoding="utf-8")
