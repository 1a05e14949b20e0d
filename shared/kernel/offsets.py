"""Where a consumer goes on after a restart: what is durable, told to the broker now and then.

Not after every batch: the broker would spend a fifth of its work on it, and the next batch would wait. What
it was not told yet is read once more, and recognised by `progress` (guarantee 4).
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence

from aiokafka import AIOKafkaConsumer
from aiokafka import TopicPartition as Place
from aiokafka.errors import KafkaError

from shared.kernel.unit import Record

log = logging.getLogger(__name__)
TELL_SECONDS_MAX = 2.0  # a broker that is away keeps nobody waiting


class Offsets:
    """The offsets of one log; the log of a broker that has forgotten gets an `Offsets` of its own."""

    def __init__(self, consumer: AIOKafkaConsumer | None = None) -> None:
        self._consumer = consumer
        self._next: dict[Place, int] = {}
        self._ended = False

    def note(self, records: Sequence[Record]) -> None:
        """These are durable, and so is all before them in their partitions."""
        if not self._ended:
            for record in records:
                self._next[Place(record.topic, record.partition)] = record.offset + 1

    def end(self) -> None:
        """What comes now was given up: nothing after it may be told."""
        self._ended = True

    async def tell(self) -> None:
        """Let the broker keep what was noted since the last time; what it does not take is told again."""
        if self._consumer is None or not self._next:
            return
        told, self._next = self._next, {}
        mine = {place: offset for place, offset in told.items() if place in self._consumer.assignment()}
        try:
            async with asyncio.timeout(TELL_SECONDS_MAX):
                await self._consumer.commit(mine)
        except (KafkaError, TimeoutError) as error:
            log.info("offsets are told later: %s", type(error).__name__)
            self._next = mine | self._next
