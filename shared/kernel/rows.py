"""The kernel's own rows as stored: timers, early events, parked events, and records byte for byte."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from hashlib import sha256
from typing import Any

from shared.events.envelope import LANES
from shared.ids import derived_id
from shared.kernel.plan import StreamPlan, empty_record
from shared.kernel.unit import Cause, Record


def timer_row(id: str, plan: StreamPlan, cause: Cause, timer: Any) -> dict[str, Any]:
    """A timer as stored: when, what, and on which stream."""
    return {
        "_id": id,
        "property_id": cause.property_id,
        "stream": cause.stream,
        "lane": plan.progress.lane,
        "urgency": 0 if plan.progress.lane == "urgent" else 1,
        "due_at": timer.due_at,
        "command": type(timer.command).NAME,
        "body": timer.command.model_dump_json(),
        "chain": timer.chain,
        "step": timer.step,
        "correlation_id": cause.correlation_id or cause.id,
        "traceparent": cause.traceparent,
    }


def record_fields(record: Record) -> dict[str, Any]:
    """A record as stored: as it came, byte for byte."""
    return {
        "topic": record.topic,
        "partition": record.partition,
        "offset": record.offset,
        "key": record.key,
        "value": record.value,
        "headers": [[name, value] for name, value in record.headers],
    }


def lane_of_topic(topic: str) -> str:
    """The lane of `<producer>.<lane>.v1`; empty for any other topic."""
    lane = topic.rsplit(".", 2)[-2] if topic.count(".") >= 2 else ""
    return lane if lane in LANES else ""


def hash_of(record: Record) -> str:
    """Short hash of a record's value, to know it again after the broker has forgotten its offsets."""
    return sha256(record.value).hexdigest()[:16]


def record_of(fields: Mapping[str, Any]) -> Record:
    """The record of stored fields."""
    headers = tuple((name, bytes(value)) for name, value in fields["headers"])
    return Record(
        fields["topic"],
        fields["partition"],
        fields["offset"],
        bytes(fields["key"]),
        bytes(fields["value"]),
        headers,
    )


def waiting_row(id: str, cause: Cause, now: datetime) -> dict[str, Any]:
    """An early event as stored."""
    return {
        "_id": id,
        "property_id": cause.property_id,
        "stream": cause.stream,
        "lane": cause.lane,
        "source": cause.source,
        "sequence": cause.sequence,
        "since": now,
        "record": record_fields(cause.record or empty_record()),
    }


def parked_row(id: str, cause: Cause, reason: str, lane: str, now: datetime) -> dict[str, Any]:
    """What could not be applied, as stored: reason, origin and the event itself."""
    payload = type(cause.payload)
    return {
        "_id": id,
        "property_id": cause.property_id,
        "stream": cause.stream,
        "lane": lane,
        "kind": cause.kind,
        "source": cause.source,
        "sequence": cause.sequence,
        "type": getattr(payload, "TYPE", getattr(payload, "NAME", "")),
        "reason": reason,
        "state": "parked",
        "parked_at": now,
        "command": cause.payload.model_dump_json() if cause.kind == "timer" and cause.payload else "",
        "record": record_fields(cause.record or empty_record()),
    }


def unreadable_timer_row(timer: Mapping[str, Any], now: datetime) -> dict[str, Any]:
    """A timer whose command this release does not know or cannot read, as a parked one is stored."""
    return {
        "_id": derived_id("parked", timer["_id"], timer["due_at"].isoformat()),
        "property_id": timer["property_id"],
        "stream": timer["stream"],
        "lane": timer["lane"],
        "kind": "timer",
        "source": "",
        "sequence": 0,
        "type": timer["command"],
        "reason": "this release cannot read the command of the timer",
        "state": "parked",
        "parked_at": now,
        "command": timer["body"],
        "record": record_fields(empty_record()),
    }


def raw_row(record: Record, reason: str, now: datetime) -> dict[str, Any]:
    """A record that names no stream, as stored; the same record has the same id."""
    return {
        "_id": f"raw:{record.topic}:{record.partition}:{record.offset}:{hash_of(record)}",
        "kind": "raw",
        "property_id": "",
        "stream": "",
        "lane": lane_of_topic(record.topic),
        "reason": reason,
        "state": "parked",
        "parked_at": now,
        "record": record_fields(record),
        "type": "",
        "source": "",
        "sequence": 0,
    }
