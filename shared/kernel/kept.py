"""What a consumer keeps of what it received: positions per partition, and the seals that relays announce."""

from __future__ import annotations

import contextlib
from collections.abc import Awaitable, Callable, Mapping, Sequence

import orjson
from aiokafka.abc import ConsumerRebalanceListener
from pymongo import UpdateOne
from pymongo.asynchronous.database import AsyncDatabase
from pymongo.errors import PyMongoError

from shared.clock import Clock
from shared.events.envelope import Lane
from shared.kernel.journal import RECEIVED, WITNESSES, Document
from shared.kernel.reading import announced_by, position_of
from shared.kernel.received import Received
from shared.kernel.unit import Record

Key = tuple[str, int]  # producer, partition
WRITE_EVERY = 4  # looks of half a second


class Kept:
    """The `received` rows and the `witnesses` of one lane."""

    def __init__(
        self, db: AsyncDatabase[Document], lane: Lane, producer_of: Mapping[str, str], clock: Clock
    ) -> None:
        self._db = db
        self._lane = lane
        self._producer_of = producer_of
        self._clock = clock
        self.received: dict[Key, Received] = {}
        self._touched: set[Key] = set()
        self._looks = 0

    async def keep(self, records: Sequence[Record]) -> None:
        """Note what was received, to be written by `write`; store the seals announced."""
        for record in records:
            producer = self._producer_of.get(record.topic, "")
            previous, position = position_of(record)
            if position and (producer, record.partition) not in self.received:
                self.received[producer, record.partition] = await self._load(producer, record.partition)
            if position and self.received[producer, record.partition].take(previous, position):
                self._touched.add((producer, record.partition))
        witnesses = [w for r in records if (w := self._witness(r)) is not None]
        if witnesses:
            await self._witnessed(witnesses)

    async def write_now_and_then(self) -> bool:
        """Called at every look of the consumer; writes every two seconds, and says so."""
        self._looks += 1
        if self._looks % WRITE_EVERY:
            return False
        await self.write()
        return True

    async def write(self) -> None:
        """What was received since the last time, as facts that no late or repeated write takes back.

        Written now and then only: what is not written yet is at worst sent once more.
        """
        touched, self._touched = self._touched, set()
        writes: list[UpdateOne] = []
        for producer, partition in touched & self.received.keys():
            has = self.received[producer, partition]
            known: Document = {"producer": producer, "lane": self._lane, "partition": partition}
            change = {
                "$max": {"position": has.position},
                "$set": known | {"beyond": [list(b) for b in has.beyond]},
            }
            writes.append(UpdateOne({"_id": f"{producer}:{self._lane}:{partition}"}, change, upsert=True))
        if writes:
            try:
                await self._db[RECEIVED].bulk_write(writes, ordered=False)
            except BaseException:
                self._touched |= touched
                raise

    async def write_if_store_is_there(self) -> None:
        """At the end of a turn: what cannot be written is sent once more."""
        with contextlib.suppress(PyMongoError):
            await self.write()

    def forget(self) -> None:
        """Another replica may have gone on: read again what was received, before more is noted."""
        self.received.clear()
        self._touched.clear()

    async def _load(self, producer: str, partition: int) -> Received:
        row = await self._db[RECEIVED].find_one({"_id": f"{producer}:{self._lane}:{partition}"})
        return Received() if row is None else Received(row["position"], [(a, u) for a, u in row["beyond"]])

    def _witness(self, record: Record) -> Document | None:
        producer = announced_by(record)
        if producer is None or producer != self._producer_of.get(record.topic):
            return None
        try:
            body = orjson.loads(record.value)
            n, digest = int(body["n"]), bytes.fromhex(body["hash"])
        except (orjson.JSONDecodeError, KeyError, TypeError, ValueError):
            return None
        witness = {"_id": f"{producer}:{self._lane}:{n}", "producer": producer, "lane": self._lane, "n": n}
        return witness | {"hash": digest, "seen_at": self._clock.now()}

    async def _witnessed(self, witnesses: list[Document]) -> None:
        """Kept as first seen: a later announcement of another past does not replace it."""
        writes = [UpdateOne({"_id": w.pop("_id")}, {"$setOnInsert": w}, upsert=True) for w in witnesses]
        await self._db[WITNESSES].bulk_write(writes, ordered=False)


class Forget(ConsumerRebalanceListener):  # type: ignore[misc]
    """After a rebalance another replica may have gone on with a partition: read again what was received."""

    def __init__(self, kept: Kept, tell: Callable[[], Awaitable[None]]) -> None:
        self._kept = kept
        self._tell = tell

    async def on_partitions_revoked(self, revoked: object) -> None:
        await self._tell()
        await self._kept.write_if_store_is_there()
        self._kept.forget()

    async def on_partitions_assigned(self, assigned: object) -> None:
        self._kept.forget()
