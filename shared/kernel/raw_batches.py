"""FastStream made to hand over batches as they came, and to poll with patience."""

from __future__ import annotations

from typing import Any

from aiokafka import AIOKafkaConsumer
from faststream.kafka.message import KafkaAckableMessage

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
