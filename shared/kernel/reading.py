"""How an event is read: from a Kafka record to the cause that a consumer's unit runs for.

In two steps, so that one look into the vault serves a whole batch: `personal_keys`, then `cause_of`.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import cast

import orjson
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from pydantic import ValidationError

from shared.errors import Poison
from shared.events.envelope import LANES, PRODUCERS, Event
from shared.events.registry import event_class
from shared.ids import is_id
from shared.kernel.unit import Cause, Record
from shared.tenancy import SYSTEM, Principal

STREAM_CHARS_MAX = 200
_TYPE = re.compile(r"^[a-z]+(\.[a-z_]+)+\.v[0-9]+$")
_ANNOUNCEMENT = re.compile(r"^([a-z]+)\.journal\.sealed\.v1$")
_REQUIRED = ("specversion", "id", "type", "source", "time", "propertyid", "sequence", "lane")


def personal_keys(records: Iterable[Record]) -> set[str]:
    """Ids of the data keys that these records name; what cannot be read is left for `cause_of` to explain."""
    found: set[str] = set()
    for record in records:
        if b'"personal"' not in record.value:
            continue
        try:
            personal = orjson.loads(record.value).get("personal")
            if isinstance(personal, dict) and isinstance(personal.get("key"), str):
                found.add(personal["key"])
        except (orjson.JSONDecodeError, AttributeError):
            continue
    return found


def cause_of(record: Record, keys: Mapping[str, bytes]) -> Cause:
    """The cause a consumer runs for. `keys` by key id; a missing one means erased.

    Raises Poison if the record does not even say which stream it belongs to. A record that does, but cannot
    be read, comes with the reason in `poison`, so that it holds back its stream alone. A type that this
    version does not know, of a producer it knows, has no payload: it only counts as seen.
    """
    headers = _headers(record)
    missing = [name for name in _REQUIRED if not headers.get("ce_" + name)]
    if missing:
        raise Poison("missing header " + ", ".join("ce_" + name for name in missing))
    if headers["ce_specversion"] != "1.0":
        raise Poison("ce_specversion must be 1.0")
    source = headers["ce_source"].removeprefix("/")
    type_name = headers["ce_type"]
    if source not in PRODUCERS or not _TYPE.match(type_name) or type_name.split(".", 1)[0] != source:
        raise Poison("ce_type and ce_source must name one known producer")
    if headers["ce_lane"] not in LANES:
        raise Poison("ce_lane must be urgent or routine")
    property_id, stream = _stream(record.key, headers["ce_propertyid"])
    payload, poison = None, ""
    try:
        payload = _payload(record.value, type_name, headers["ce_id"], property_id, keys)
    except Poison as error:
        poison = str(error)
    return Cause(
        id=_bounded(headers, "ce_id"),
        kind="event",
        property_id=property_id,
        stream=stream,
        lane=headers["ce_lane"],
        payload=payload,
        principal=Principal(sub=_bounded(headers, "ce_actor") or SYSTEM.sub),
        device=_bounded(headers, "ce_device"),
        source=source,
        sequence=_count(headers["ce_sequence"], "ce_sequence"),
        after=_after(headers.get("ce_after", "")),
        occurred_at=_moment(headers["ce_time"]),
        correlation_id=_bounded(headers, "ce_correlationid"),
        traceparent=_bounded(headers, "ce_traceparent"),
        record=record,
        poison=poison,
    )


def position_of(record: Record) -> tuple[int, int]:
    """`previous` and `position` of the record (see `to_kafka`); 0 where it carries none that can be read."""
    previous = position = 0
    for name, raw in record.headers:
        if name == "ce_position" and raw.isdigit() and len(raw) <= 18:
            position = int(raw)
        elif name == "ce_previous" and raw.isdigit() and len(raw) <= 18:
            previous = int(raw)
    return previous, position


def announced_by(record: Record) -> str | None:
    """The producer, if the record is no event but the announcement of a seal."""
    for name, raw in record.headers:
        if name == "ce_type":
            match = _ANNOUNCEMENT.match(raw.decode("utf-8", "replace"))
            return match.group(1) if match else None
    return None


def _open(part: object, event: str, property_id: str, keys: Mapping[str, bytes]) -> object:
    match part:
        case None:
            return None
        case {"key": str(key_id), "nonce": str(nonce), "text": str(text)}:
            pass
        case _:
            raise Poison("the personal part is not sealed")
    if not key_id.startswith(property_id + ":"):
        raise Poison("the personal part names a data key of another property")
    key = keys.get(key_id)
    if key is None:
        return None
    try:
        plain = AESGCM(key).decrypt(
            base64.b64decode(nonce, validate=True),
            base64.b64decode(text, validate=True),
            f"{event}\x1f{key_id}".encode(),
        )
        return cast("object", orjson.loads(plain))
    except (InvalidTag, ValueError) as error:
        raise Poison("the personal part does not open: altered, or sealed for another event") from error


def _payload(
    value: bytes, type_name: str, event: str, property_id: str, keys: Mapping[str, bytes]
) -> Event | None:
    try:
        body = orjson.loads(value)
    except orjson.JSONDecodeError as error:
        raise Poison(f"the value is not JSON: {error.msg} at {error.pos}") from error
    if not isinstance(body, dict):
        raise Poison("the value must be a JSON object")
    known = event_class(type_name)
    if known is None:
        return None
    if "personal" in body:
        body["personal"] = _open(body["personal"], event, property_id, keys)
    try:
        return known.model_validate(body)
    except ValidationError as error:
        problems = error.errors(include_url=False, include_context=False, include_input=False)[:5]
        where = "; ".join(f"{'.'.join(map(str, p['loc']))}: {p['type']}" for p in problems)
        raise Poison(f"invalid {type_name}: {where}") from error


def _headers(record: Record) -> dict[str, str]:
    found: dict[str, str] = {}
    for name, raw in record.headers:
        lower = name.lower()
        if not lower.startswith("ce_") and lower != "content-type":
            continue
        if lower in found:
            raise Poison(f"header {lower} stands twice")
        try:
            found[lower] = raw.decode()
        except UnicodeDecodeError as error:
            raise Poison(f"header {lower} is not UTF-8") from error
    content_type = found.get("content-type", "").split(";", 1)[0].strip().lower()
    if content_type.startswith("application/cloudevents"):
        raise Poison("structured mode is not accepted: send binary mode")
    if content_type != "application/json":
        raise Poison("content-type must be application/json")
    return found


def _stream(key: bytes, property_id: str) -> tuple[str, str]:
    try:
        owner, _, stream = key.decode().partition(":")
    except UnicodeDecodeError as error:
        raise Poison("the key is not UTF-8") from error
    if owner != property_id or not is_id(owner) or not 0 < len(stream) <= STREAM_CHARS_MAX:
        raise Poison("the key must be <ce_propertyid>:<stream>")
    return owner, stream


def _bounded(headers: Mapping[str, str], name: str) -> str:
    text = headers.get(name, "")
    if len(text) > STREAM_CHARS_MAX:
        raise Poison(f"{name} is longer than {STREAM_CHARS_MAX} characters")
    return text


def _count(text: str, name: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= 18 and int(text) > 0):
        raise Poison(f"{name} must be a positive number")
    return int(text)


def _after(text: str) -> dict[str, int]:
    try:
        after = orjson.loads(text) if text else {}
    except orjson.JSONDecodeError as error:
        raise Poison("ce_after is not JSON") from error
    if not isinstance(after, dict):
        raise Poison("ce_after must be a JSON object")
    if not all(p in PRODUCERS and type(n) is int and n >= 0 for p, n in after.items()):
        raise Poison("ce_after must map known producers to counts")
    return after


def _moment(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise Poison("ce_time is not an RFC 3339 time") from error
    if moment.tzinfo is None:
        raise Poison("ce_time must carry an offset")
    return moment
