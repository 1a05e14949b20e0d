"""From type string to event class and back: the only look-up."""

from __future__ import annotations

import inspect
from types import ModuleType

from shared.events import (
    billing,
    dispatch,
    dispatch_callbacks,
    dispatch_reports,
    dispatch_roster,
    dispatch_slips,
    intake,
    intake_cases,
    intake_complaints,
    intake_emergency,
    intake_guide,
    intake_special,
    intake_watch,
    notify,
)
from shared.events.envelope import Event


def _classes(module: ModuleType) -> list[type[Event]]:
    found = [c for _, c in inspect.getmembers(module, inspect.isclass) if issubclass(c, Event)]
    return [c for c in found if c.__module__ == module.__name__ and "TYPE" in vars(c)]


EVENTS: dict[str, type[Event]] = {
    c.TYPE: c
    for module in (
        intake,
        intake_cases,
        intake_complaints,
        intake_emergency,
        intake_guide,
        intake_special,
        intake_watch,
        dispatch,
        dispatch_callbacks,
        dispatch_reports,
        dispatch_roster,
        dispatch_slips,
        billing,
        notify,
    )
    for c in _classes(module)
}


def event_class(type_name: str) -> type[Event] | None:
    """The class of a type string, or None for a type this version does not know."""
    return EVENTS.get(type_name)
