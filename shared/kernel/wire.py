"""How an event is written: the journal row, and the Kafka record made from it..

The journal row holds the final JSON; its personal part is already sealed (AES-256-GCM) with a data key that
can be deleted. On Kafka it is a CloudEvent 1.0 in binary mode.
"""

from __future__ import annotations

import base64
import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any

import bson
import orjson
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from shared.errors import Bug, TooLarge
from shared.events.envelope import Event, Lane
from shared.ids import derived_id
from shared.kernel.unit import Cause
from shared.tenancy import SYSTEM
from shared.texts.say import say

EVENT_BYTES_MAX = 256 * 1024
CONTENT_TYPE = b"application/json"

Row = dict[str, Any]
Headers = list[tuple[str, bytes]]


@dataclass(frozen=True, slots=True)
class DataKey:
    """A data key (32 bytes) and its id `<property>:<name>#<generation>`, which stands beside the sealed."""

    id: str
    key: bytes


def event_id(service: str, cause: Cause, ordinal: int) -> str:
    """The id of the unit's n-th event: the same at each run, another in each service the cause reaches."""
    return derived_id(service, cause.id, ordinal)


def row_of(
    event: Event,
    *,
    id: str,
    cause: Cause,
    stream: str,
    lane: Lane,
    sequence: int,
    after: Mapping[str, int],
    now: datetime,
    service: str,
    data_key: DataKey | None = None,
    bytes_max: int = EVENT_BYTES_MAX,
) -> Row:
    """The journal row. Raises TooLarge over the limit, Bug for a foreign type or a missing key."""
    if event.producer() != service:
        raise Bug(f"{service} emitted {event.TYPE}, which belongs to {event.producer()}")
    data = _body(event, id, data_key)
    if len(data) > bytes_max:
        facts = {"event": event.TYPE, "length": len(data), "most": bytes_max}
        raise TooLarge("event-too-large", say("{event} has {length} bytes; at most {most} fit", **facts))
    spoken = cause.kind != "event"  # what a service does because of an event, nobody asked for in person
    return {
        "_id": id,
        "property_id": cause.property_id,
        "stream": stream,
        "lane": lane,
        "sequence": sequence,
        "type": event.TYPE,
        "subject": event.subject(),
        "time": now,
        "after": dict(after),
        "correlation_id": cause.correlation_id or cause.id,
        "causation_id": cause.id,
        "actor": cause.principal.sub if spoken else SYSTEM.sub,
        "device": cause.device if spoken else "",
        "traceparent": cause.traceparent,
        "data": data,
    }


def row_hash(row: Row) -> bytes:
    """SHA-256 over the BSON of the whole row: what a seal remembers of it."""
    return sha256(bson.encode(row)).digest()


def to_kafka(row: Row, position: int, previous: int = 0) -> tuple[bytes, bytes, Headers]:
    """Key, value and headers: CloudEvents 1.0, binary mode.

    `position` counts the events of a lane; `previous` is the position before it in the same partition: a
    reader sees by itself whether something between is missing.
    """
    attributes = {
        "specversion": "1.0",
        "id": row.get("event_id", row["_id"]),  # a row that goes in the place of another keeps the event's id
        "type": row["type"],
        "source": "/" + row["type"].split(".", 1)[0],
        "subject": row["subject"],
        "time": row["time"].isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "propertyid": row["property_id"],
        "sequence": str(row["sequence"]),
        "correlationid": row["correlation_id"],
        "causationid": row["causation_id"],
        "traceparent": row["traceparent"],
        "after": orjson.dumps(row["after"]).decode() if row["after"] else "",
        "actor": row["actor"],
        "device": row["device"],
        "lane": row["lane"],
        "position": str(position),
        "previous": str(previous),
    }
    headers: Headers = [("ce_" + name, text.encode()) for name, text in attributes.items() if text]
    headers.append(("content-type", CONTENT_TYPE))
    return f"{row['property_id']}:{row['stream']}".encode(), row["data"], headers


def announcement_of(service: str, seal: Row, digest: bytes) -> tuple[bytes, bytes, Headers]:
    """Key, value and headers that tell the readers of a lane about a seal; `digest` is its hash."""
    attributes = {
        "specversion": "1.0",
        "id": derived_id("seal", service, seal["_id"]),
        "type": f"{service}.journal.sealed.v1",
        "source": f"/{service}",
        "subject": seal["_id"],
        "time": seal["sealed_at"].isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "lane": seal["lane"],
    }
    headers: Headers = [("ce_" + name, text.encode()) for name, text in attributes.items()]
    headers.append(("content-type", CONTENT_TYPE))
    value = orjson.dumps({"lane": seal["lane"], "n": seal["n"], "hash": digest.hex()})
    return f"seal:{seal['lane']}".encode(), value, headers


def _body(event: Event, event_id: str, data_key: DataKey | None) -> bytes:
    personal = getattr(event, "personal", None)
    serialise = event.__pydantic_serializer__.to_json
    if personal is None:
        return serialise(event)
    if not event.personal_key or data_key is None:
        raise Bug(f"{event.TYPE} has personal data but no data key")
    plain = personal.__pydantic_serializer__.to_json(personal)
    nonce, text = _seal(plain, event_id, data_key)
    part = {
        "key": data_key.id,
        "nonce": base64.b64encode(nonce).decode(),
        "text": base64.b64encode(text).decode(),
    }
    return b"".join((serialise(event, exclude={"personal"})[:-1], b',"personal":', orjson.dumps(part), b"}"))


def _seal(plain: bytes, event: str, data_key: DataKey) -> tuple[bytes, bytes]:
    """Nonce and ciphertext.

    The nonce is made from the event id and the text: a unit that runs again makes the same row, and one that
    runs again on a newer basis (same id, other text) still never uses a nonce twice with one key.
    """
    aad = f"{event}\x1f{data_key.id}".encode()
    nonce = hmac.digest(data_key.key, b"nonce\x1f" + aad + b"\x1f" + plain, "sha256")[:12]
    return nonce, AESGCM(data_key.key).encrypt(nonce, plain, aad)
