"""Watches how full the embedded broker is, and says when it has to be recycled.

Its fetches get slower with every record batch in a partition until nothing is delivered any more, and its
memory only grows. End offsets are an upper bound of the number of batches; only when that bound is passed
are the batches really counted, by their headers. Recycling costs little: the relays publish again what is
not confirmed.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass, field
from pathlib import Path

from aiokafka import TopicPartition
from aiokafka.client import AIOKafkaClient
from aiokafka.errors import KafkaError
from aiokafka.protocol.fetch import FetchRequest

FETCH_BYTES = 4 * 1024 * 1024
FETCH_WAIT_MS = 2_000
RESIDENT_MIB_MAX = 2_048
_HEADER = struct.Struct(">qi")  # base offset, bytes after these two fields
_DELTA = struct.Struct(">i")
_DELTA_AT = 23  # last offset delta, in a batch of format 2
_BATCH_BYTES_MIN = 61


@dataclass(slots=True)
class Counted:
    """A partition as far as it has been counted."""

    batches: int = 0
    offset: int = 0


@dataclass(slots=True)
class BatchCounter:
    """Record batches in the partitions of one broker process; a new process needs a new counter."""

    bootstrap_servers: str
    _counted: dict[TopicPartition, Counted] = field(default_factory=dict)

    async def most(self, limit: int) -> int:
        """The batches of the fullest partition; exact when above `limit`, else an upper bound."""
        client = AIOKafkaClient(bootstrap_servers=self.bootstrap_servers)
        try:
            await client.bootstrap()
            partitions = await _partitions(client)
            return max([await self._partition(client, tp, limit) for tp in partitions], default=0)
        finally:
            await client.close()

    async def _partition(self, client: AIOKafkaClient, tp: TopicPartition, limit: int) -> int:
        counted = self._counted.setdefault(tp, Counted())
        end, _ = await _fetch(client, tp, counted.offset, 1, 1)
        bound = counted.batches + end - counted.offset
        while bound > limit:
            end, data = await _fetch(client, tp, counted.offset, FETCH_BYTES, FETCH_WAIT_MS)
            batches, offset = count_batches(data, counted.offset)
            if not batches:
                break
            counted.batches += batches
            counted.offset = offset
            bound = counted.batches + max(0, end - counted.offset)
            if counted.batches > limit:
                break
        return bound


async def _partitions(client: AIOKafkaClient) -> list[TopicPartition]:
    cluster = await client.fetch_all_metadata()
    return [TopicPartition(t, p) for t in cluster.topics() for p in cluster.partitions_for_topic(t) or ()]


async def _fetch(
    client: AIOKafkaClient, tp: TopicPartition, offset: int, size: int, wait_ms: int
) -> tuple[int, bytes]:
    """The end offset and the raw batches from an offset on."""
    node = client.cluster.leader_for_partition(tp)
    if node is None or node < 0:
        return offset, b""
    request = FetchRequest(wait_ms, 1, size, 0, [(tp.topic, [(tp.partition, offset, size)])])
    response = await client.send(node, request)
    for _, partitions in response.topics:
        for partition in partitions:
            error, end, data = partition[1], partition[2], partition[-1]
            if error:
                raise KafkaError(f"fetch of {tp.topic}-{tp.partition} failed with code {error}")
            return max(end, offset), data or b""
    return offset, b""


def count_batches(data: bytes, offset: int) -> tuple[int, int]:
    """How many whole record batches these bytes hold, and the offset after the last of them."""
    batches = position = 0
    while position + _BATCH_BYTES_MIN <= len(data):
        base, size = _HEADER.unpack_from(data, position)
        if position + _HEADER.size + size > len(data):
            break
        offset = base + _DELTA.unpack_from(data, position + _DELTA_AT)[0] + 1
        batches += 1
        position += _HEADER.size + size
    return batches, offset


def resident_mib(pid: int) -> int:
    """Memory a process holds, in MiB; 0 when it is not there."""
    try:
        for line in Path(f"/proc/{pid}/status").read_text().splitlines():
            if line.startswith("VmRSS:"):
                return int(line.split()[1]) // 1024
    except OSError:
        pass
    return 0
