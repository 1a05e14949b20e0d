"""FastStream and aiokafka made to hand over batches as they came, and to poll with patience."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from typing import Any

from aiokafka import AIOKafkaConsumer, ConsumerRecord
from aiokafka.errors import KafkaError
from faststream.kafka.message import KafkaAckableMessage

from shared.kernel.unit import Record

PATIENCE_MS = 500  # how long a poll waits for records; it returns with the first


def be_patient(consumer: AIOKafkaConsumer) -> None:
    """Let an empty poll wait longer than the sleep that follows it: an idle lane turns twice a second."""
    take = consumer.getmany

    async def getmany(*, timeout_ms: int, max_records: int | None) -> Any:
        return await take(timeout_ms=max(timeout_ms, PATIENCE_MS), max_records=max_records)

    consumer.getmany = getmany


async def as_it_came(batch: Any, consumer: AIOKafkaConsumer) -> KafkaAckableMessage:
    """The batch untouched: FastStream's own parser skips a record whose headers are not UTF-8."""
    return KafkaAckableMessage(raw_message=batch, body=b"", headers={}, batch_headers=[], consumer=consumer)


async def raw(message: Any) -> Any:
    """The records themselves, not decoded."""
    return message.raw_message


def records_of(batch: Sequence[ConsumerRecord[Any, Any]]) -> list[Record]:
    """The records as the kernel knows them."""
    return [
        Record(r.topic, r.partition, r.offset, r.key or b"", r.value or b"", tuple(r.headers)) for r in batch
    ]


async def lag_of(consumer: AIOKafkaConsumer) -> int:
    """How many records of its partitions were not taken yet, as far as the broker has told."""
    lag = 0
    for place in consumer.assignment():
        if end := consumer.highwater(place):
            with contextlib.suppress(KafkaError):
                lag += max(0, end - await consumer.position(place))
    return lag
