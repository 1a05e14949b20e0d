"""The AsyncAPI 3.0 document of a service, made from its wiring and the event classes."""

from __future__ import annotations

from typing import Any

from shared.events.envelope import LANES, Event
from shared.events.registry import EVENTS
from shared.kernel.topics import topic
from shared.kernel.unit import Wiring
from shared.settings import Settings


def document(wiring: Wiring, settings: Settings) -> dict[str, Any]:
    """Channels are topics: one per producer and lane.

    Every event type of a producer may stand on either lane.
    """
    producers = (wiring.service, *wiring.reads)
    emitted = {name: kind for name, kind in EVENTS.items() if kind.producer() in producers}
    messages = {name: _message(kind) for name, kind in emitted.items()}
    channels = {
        f"{producer}-{lane}": {
            "address": topic(producer, lane, settings.topic_prefix),
            "messages": {
                name: {"$ref": f"#/components/messages/{name}"}
                for name, kind in emitted.items()
                if kind.producer() == producer
            },
        }
        for producer in producers
        for lane in LANES
    }
    operations = {
        f"{'send' if producer == wiring.service else 'receive'}-{producer}-{lane}": {
            "action": "send" if producer == wiring.service else "receive",
            "channel": {"$ref": f"#/channels/{producer}-{lane}"},
        }
        for producer in producers
        for lane in LANES
    }
    return {
        "asyncapi": "3.0.0",
        "info": {"title": f"Guanjia {wiring.service} events", "version": "1"},
        "defaultContentType": "application/json",
        "channels": channels,
        "operations": operations,
        "components": {"messages": messages},
    }


def _message(kind: type[Event]) -> dict[str, Any]:
    return {
        "name": kind.TYPE,
        "summary": (kind.__doc__ or "").strip().split("\n")[0],
        "contentType": "application/json",
        "bindings": {"kafka": {"key": {"type": "string", "description": "<property>:<stream>"}}},
        "payload": kind.model_json_schema(),
    }
