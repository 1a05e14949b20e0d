"""The three shapes of an event agree, and whatever cannot be read says why."""

from __future__ import annotations

import secrets
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import orjson
import pytest
from cloudevents.core.bindings.kafka import KafkaMessage, from_binary_event
from cloudevents.core.formats.json import JSONFormat

from shared.errors import Bug, Poison, TooLarge
from shared.events.dispatch import WorkOrderAssigned
from shared.events.envelope import Event
from shared.events.intake import RequestAccepted, RequestCancelled, Requester
from shared.kernel import reading, wire
from shared.kernel.unit import Cause, Record
from shared.tenancy import Principal

NOW = datetime(2026, 3, 1, 8, 30, 15, 123_000, tzinfo=UTC)
KEY = wire.DataKey("p1:person:7#1", secrets.token_bytes(32))
CAUSE = Cause(
    id="c-1",
    kind="command",
    property_id="p1",
    stream="r-1",
    lane="urgent",
    payload=None,
    principal=Principal(sub="officer-3"),
    device="desk-2",
    traceparent="00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
)
ACCEPTED = RequestAccepted(
    request_id="r-1",
    contact_id="k-1",
    reference="R1",
    procedure="repair-report",
    catalogue_version="v",
    urgency="urgent",
    urgency_by="rule",
    category="water",
    area="indoor",
    channel="phone",
    first_contact_id="officer-3",
    reported_at=NOW,
    recorded_at=NOW,
    fields={"people": 3, "lift": True, "note": "走廊"},
    personal_key="person:7",
    personal=Requester(name="王小明", phone="+8613800000000", description="水管爆裂"),
)
CANCELLED = RequestCancelled(request_id="r-1", reason="sold", notice_received_at=NOW, cancelled_at=NOW)


def row(event: Event = ACCEPTED, **changes: Any) -> wire.Row:
    given: dict[str, Any] = {
        "id": "e-1",
        "cause": CAUSE,
        "stream": "r-1",
        "lane": "urgent",
        "sequence": 2,
        "after": {"dispatch": 4},
        "now": NOW,
        "service": event.producer(),
        "data_key": KEY,
    }
    return wire.row_of(event, **given | changes)


def record(event: Event = ACCEPTED, **changes: Any) -> Record:
    key, value, headers = wire.to_kafka(row(event, **changes), 17, 12)
    return Record("intake.urgent.v1", 0, 5, key, value, tuple(headers))


def with_header(name: str, value: bytes | None, base: Record | None = None) -> Record:
    base = base or record()
    kept = [h for h in base.headers if h[0] != name]
    return replace(base, headers=(*kept, *([(name, value)] if value is not None else [])))


def test_round_trip_keeps_everything() -> None:
    got = reading.cause_of(record(), {KEY.id: KEY.key})
    assert got.payload == ACCEPTED
    assert (got.id, got.kind, got.property_id, got.stream, got.lane) == (
        "e-1",
        "event",
        "p1",
        "r-1",
        "urgent",
    )
    assert (got.source, got.sequence, got.after, got.occurred_at) == ("intake", 2, {"dispatch": 4}, NOW)
    assert (got.principal.sub, got.device, got.correlation_id) == ("officer-3", "desk-2", "c-1")
    assert got.traceparent == CAUSE.traceparent
    assert got.poison == ""
    assert reading.position_of(record()) == (12, 17)


def test_no_personal_value_is_in_row_or_record() -> None:
    made = row()
    bytes_of_all = repr(made).encode() + repr(wire.to_kafka(made, 1)).encode() + made["data"]
    for secret in ("王小明", "13800000000", "水管爆裂"):
        assert secret.encode() not in bytes_of_all
    assert reading.personal_keys([record(), record(CANCELLED)]) == {KEY.id}


def test_an_erased_key_leaves_the_event_without_its_personal_part() -> None:
    got = reading.cause_of(record(), {})
    assert got.payload == ACCEPTED.model_copy(update={"personal": None})
    assert got.poison == ""


def test_a_unit_that_runs_again_makes_the_same_row_and_never_reuses_a_nonce() -> None:
    assert row() == row()
    assert wire.row_hash(row()) == wire.row_hash(row())
    other = ACCEPTED.model_copy(update={"personal": Requester(name="another")})
    first, second = (orjson.loads(row(e)["data"])["personal"]["nonce"] for e in (ACCEPTED, other))
    assert first != second


def test_the_sealed_part_opens_only_for_its_own_event() -> None:
    moved = with_header("ce_id", b"e-2")
    assert "does not open" in reading.cause_of(moved, {KEY.id: KEY.key}).poison
    assert "does not open" in reading.cause_of(record(), {KEY.id: secrets.token_bytes(32)}).poison


def test_cloudevents_sdk_reads_our_headers() -> None:
    made = record()
    # The library is an independent reader: what it accepts is a CloudEvent to the rest of the world.
    event = from_binary_event(
        KafkaMessage(headers=dict(made.headers), key=made.key, value=made.value), JSONFormat()
    )
    assert event.get_id() == "e-1"
    assert event.get_source() == "/intake"
    assert event.get_type() == "intake.request.accepted.v1"
    assert event.get_subject() == "r-1"
    assert event.get_time() == NOW
    assert event.get_extension("propertyid") == "p1"
    assert event.get_extension("sequence") == "2"
    assert orjson.loads(str(event.get_extension("after"))) == {"dispatch": 4}


def test_an_event_made_by_an_event_is_the_service_acting() -> None:
    cause = replace(CAUSE, kind="event", correlation_id="c-0")
    made = row(CANCELLED, cause=cause)
    assert (made["actor"], made["device"]) == ("system", "")
    assert (made["correlation_id"], made["causation_id"]) == ("c-0", "c-1")


def test_limits_and_own_mistakes() -> None:
    long = CANCELLED.model_copy(update={"reason": "x" * 2_000})
    with pytest.raises(TooLarge):
        row(long, bytes_max=2_000)
    assert len(row(long, bytes_max=3_000)["data"]) <= 3_000
    with pytest.raises(Bug, match="data key"):
        row(ACCEPTED, data_key=None)
    with pytest.raises(Bug, match="belongs to intake"):
        row(CANCELLED, service="billing")


def test_an_unknown_type_of_a_known_producer_only_counts_as_seen() -> None:
    got = reading.cause_of(with_header("ce_type", b"intake.request.painted.v9"), {})
    assert got.payload is None
    assert got.poison == ""
    assert got.sequence == 2


@pytest.mark.parametrize(
    ("broken", "reason"),
    [
        (with_header("ce_id", None), "missing header ce_id"),
        (with_header("ce_subject", b"\xff\xfe"), "ce_subject is not UTF-8"),
        (with_header("ce_specversion", b"0.3"), "specversion"),
        (with_header("ce_source", b"/dispatch"), "ce_type and ce_source"),
        (with_header("ce_type", b"weather.rain.v1"), "ce_type and ce_source"),
        (with_header("ce_type", b"intake"), "ce_type and ce_source"),
        (with_header("ce_lane", b"slow"), "ce_lane"),
        (with_header("ce_propertyid", b"p2"), "key must be"),
        (with_header("ce_sequence", b"-1"), "ce_sequence"),
        (with_header("ce_sequence", "٣".encode()), "ce_sequence"),
        (with_header("ce_after", b'{"dispatch": "4"}'), "ce_after"),
        (with_header("ce_after", b'{"dispatch": true}'), "ce_after"),
        (with_header("ce_after", b"[1]"), "ce_after"),
        (with_header("ce_after", b"{"), "ce_after"),
        (with_header("ce_time", b"yesterday"), "ce_time"),
        (with_header("ce_time", b"2026-03-01T08:00:00"), "offset"),
        (with_header("ce_actor", b"a" * 201), "ce_actor"),
        (with_header("content-type", b"application/cloudevents+json"), "structured"),
        (with_header("content-type", b"text/plain"), "content-type"),
        (replace(record(), headers=(*record().headers, ("ce_id", b"e-9"))), "stands twice"),
        (replace(record(), key=b""), "key must be"),
        (replace(record(), key=b"\xff"), "not UTF-8"),
    ],
)
def test_without_a_stream_it_is_poison_with_a_reason(broken: Record, reason: str) -> None:
    with pytest.raises(Poison, match=reason):
        reading.cause_of(broken, {})


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (b"", "not JSON"),
        (b"\xff", "not JSON"),
        (b"[]", "JSON object"),
        (b"{}", "request_id: missing"),
        (b'{"personal": {"name": "clear text"}}', "not sealed"),
        (b'{"personal": {"key": "p2:person:7#1", "nonce": "", "text": ""}}', "another property"),
        (b'{"personal": {"key": "p1:person:7#1", "nonce": "**", "text": ""}}', "does not open"),
    ],
)
def test_with_a_stream_the_reason_holds_back_that_stream_alone(value: bytes, reason: str) -> None:
    got = reading.cause_of(replace(record(), value=value), {KEY.id: KEY.key})
    assert reason in got.poison
    assert got.payload is None
    assert got.stream == "r-1"


def test_a_reason_never_repeats_a_value() -> None:
    body = orjson.loads(record(CANCELLED).value) | {"cancelled_at": "secret-value"}
    got = reading.cause_of(replace(record(CANCELLED), value=orjson.dumps(body)), {})
    assert "cancelled_at" in got.poison
    assert "secret-value" not in got.poison


def test_seal_announcements_are_no_events() -> None:
    assert reading.announced_by(record()) is None
    assert reading.announced_by(with_header("ce_type", b"billing.journal.sealed.v1")) == "billing"
    assert reading.announced_by(with_header("ce_type", b"\xff")) is None
    assert reading.announced_by(replace(record(), headers=())) is None


def test_position_of_a_record_without_one_is_zero() -> None:
    assert reading.position_of(with_header("ce_position", None)) == (12, 0)
    assert reading.position_of(with_header("ce_position", b"9" * 30)) == (12, 0)
    assert reading.position_of(with_header("ce_previous", b"-4")) == (0, 17)


def test_another_producer_keeps_its_own_source() -> None:
    event = WorkOrderAssigned(
        work_order_id="w-1", request_id="r-1", assignee_id="t", reason="cannot", assigned_at=NOW, slip="S1"
    )
    got = reading.cause_of(record(event, data_key=None, after={}), {})
    assert (got.source, got.payload, got.after) == ("dispatch", event, {})
