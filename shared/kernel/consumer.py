"""The consumer of a lane: one raw batch subscriber over all topics the service reads (FastStream, aiokafka).

A batch becomes causes for the committer; only when every outcome is durable are its offsets the broker's.
A record that cannot be read is parked. What was received is kept, to say what a forgetful broker has lost.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any

from aiokafka import AIOKafkaConsumer, ConsumerRecord
from aiokafka import TopicPartition as Place
from faststream import AckPolicy
from faststream.kafka import KafkaBroker, TopicPartition
from pymongo.asynchronous.database import AsyncDatabase
from pymongo.errors import PyMongoError

from shared.clock import Clock
from shared.errors import Poison, Transient
from shared.events.envelope import Lane
from shared.kernel import topics
from shared.kernel.committer import Committer
from shared.kernel.fuse import Fuse
from shared.kernel.incarnation import Incarnation
from shared.kernel.journal import RECEIVED, Document
from shared.kernel.kept import Forget, Kept
from shared.kernel.offsets import Offsets
from shared.kernel.raw_batches import as_it_came, be_patient, lag_of, raw, records_of
from shared.kernel.reading import announced_by, cause_of, personal_keys
from shared.kernel.received import Gaps
from shared.kernel.replay import Confirmation
from shared.kernel.unit import Cause, Failed, Parked, Record
from shared.kernel.vault import Vault
from shared.observability.metrics import CONSUMED, CONSUMER_GAPS, CONSUMER_LAG
from shared.settings import Settings
from shared.tasks import honour_cancellation, whole

if TYPE_CHECKING:
    from shared.kernel.runtime import Runtime

log = logging.getLogger(__name__)
_quiet = logging.getLogger("guanjia.broker")
_quiet.setLevel(logging.WARNING)

POLL_MS = 5  # FastStream sleeps as long again after an empty poll, so this is latency
WATCH_SECONDS = 0.5
RETRY_SECONDS = (0.1, 2.0)
FETCH_BYTES_MAX = 8 * 1024 * 1024
HEARTBEATS_PER_SESSION = 3
POLL_INTERVAL_MS_MAX = 300_000


class LaneConsumer:
    """Runs for the life of the process."""

    def __init__(
        self,
        *,
        service: str,
        lane: Lane,
        reads: Sequence[str],
        db: AsyncDatabase[Document],
        settings: Settings,
        clock: Clock,
        vault: Vault,
        committer: Committer,
        incarnation: Incarnation,
        records_max: int,
        beat: Callable[[str], None] = lambda name: None,
        alarm: Callable[[str], None] = log.critical,
    ) -> None:
        self._service = service
        self._lane = lane
        self._db = db
        self._settings = settings
        self._clock = clock
        self._vault = vault
        self._committer = committer
        self._incarnation = incarnation
        self._records_max = records_max
        self._beat = beat
        self._labels = (service, lane)
        self._producer_of = {topics.topic(p, lane, settings.topic_prefix): p for p in reads}
        self._group = topics.group(service, lane, settings.topic_prefix)
        self._kept = Kept(db, lane, self._producer_of, clock)
        self._fuse = Fuse(db, service, lane, settings.fuse_parked_max, clock, alarm)
        self._gaps = Gaps()
        self._progressed = True
        self._offsets = Offsets()
        self._consumer: AIOKafkaConsumer | None = None

    @classmethod
    def of(cls, runtime: Runtime, incarnation: Incarnation) -> LaneConsumer:
        """The consumer of a process."""
        settings = runtime.settings
        return cls(
            service=runtime.service,
            lane=runtime.lane,
            reads=runtime.wiring.reads,
            db=runtime.db,
            settings=settings,
            clock=runtime.clock,
            vault=runtime.vault,
            committer=runtime.committer,
            incarnation=incarnation,
            records_max=settings.records_max(runtime.role) * settings.commits_in_flight_max,
            beat=runtime.beat,
        )

    async def run(self) -> None:
        """Until cancelled; then the batch in flight is finished."""
        self._stopping = False
        await self._incarnation.check()
        await self._fuse.load()
        broker = KafkaBroker(
            self._settings.kafka_bootstrap_servers,
            client_id=self._group,
            graceful_timeout=self._settings.shutdown_seconds,
            logger=_quiet,
            apply_types=False,
            allow_auto_create_topics=False,
        )
        subscriber = self._subscribe(broker, await self._partitions())
        try:
            await whole(broker.start())
            self._consumer, self._offsets = subscriber.consumer, Offsets(subscriber.consumer)
            be_patient(self._consumer)
            await self._watch(subscriber)
        finally:
            self._consumer, self._stopping = None, True
            await self._offsets.tell()
            await broker.stop()
            await self._kept.write_if_store_is_there()

    async def _watch(self, subscriber: Any) -> None:
        """Beside the batches: a broker that has forgotten, gaps, fuse and metrics."""
        consumer: AIOKafkaConsumer = subscriber.consumer
        known = ""
        while True:
            honour_cancellation()
            if await self._kept.write_now_and_then():
                await self._offsets.tell()
            if self._incarnation.current != known:
                known = self._incarnation.current
                await self._new_incarnation(consumer, known)
            await self._look(consumer, subscriber)
            await self._ask_for_gaps()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(WATCH_SECONDS):
                    await self._incarnation.wait_change(known)

    # --- the broker's side --------------------------------------------------------------------------------

    async def _partitions(self) -> list[Place]:
        """Every partition of the topics that are read."""
        async with topics.sending(self._settings, self._group, self._incarnation.check) as asking:
            return [Place(t, p) for t in self._producer_of for p in sorted(await asking.partitions_for(t))]

    def _subscribe(self, broker: KafkaBroker, partitions: Sequence[Place]) -> Any:
        settings = self._settings
        where: dict[str, Any] = {"listener": Forget(self._kept, self._tell)}
        names = list(self._producer_of)
        if settings.kafka_assignment == "all":
            names, where = [], {"partitions": [TopicPartition(p.topic, p.partition) for p in partitions]}

        async def parse(batch: Any) -> Any:
            return await as_it_came(batch, subscriber.consumer)

        subscriber: Any = broker.subscriber(
            *names,
            **where,
            group_id=self._group,
            batch=True,
            max_records=self._records_max,
            batch_timeout_ms=POLL_MS,
            auto_offset_reset="earliest",
            ack_policy=AckPolicy.MANUAL,
            no_reply=True,
            fetch_max_wait_ms=settings.fetch_max_wait_ms(self._lane),
            fetch_max_bytes=FETCH_BYTES_MAX,
            session_timeout_ms=settings.session_timeout_ms,
            heartbeat_interval_ms=settings.session_timeout_ms // HEARTBEATS_PER_SESSION,
            max_poll_interval_ms=POLL_INTERVAL_MS_MAX,
            parser=parse,
            decoder=raw,
        )
        subscriber(self._batch)
        return subscriber

    async def _tell(self) -> None:
        await self._offsets.tell()

    async def _new_incarnation(self, consumer: AIOKafkaConsumer, name: str) -> None:
        """Another log, in which old offsets mean nothing: read it from its start, say what is lacking."""
        row_id = f"incarnation:{self._lane}"
        stored = await self._db[RECEIVED].find_one({"_id": row_id})
        if stored is None or stored["incarnation"] != name:
            for place in consumer.assignment():
                consumer.seek(place, 0)
            self._offsets = Offsets(consumer)
            await self._db[RECEIVED].replace_one({"_id": row_id}, {"incarnation": name}, upsert=True)
        await self._confirm(name)

    async def _confirm(self, incarnation: str) -> None:
        """Say per producer what this group has without a gap, so that the relays send the rest."""
        has: dict[str, dict[int, int]] = {producer: {} for producer in self._producer_of.values()}
        async for row in self._db[RECEIVED].find({"producer": {"$in": list(has)}, "lane": self._lane}):
            has.setdefault(row["producer"], {})[row["partition"]] = row["position"]
        await self._say(Confirmation(self._group, incarnation, p, self._lane, h) for p, h in has.items())

    async def _ask_for_gaps(self) -> None:
        """The log itself has lost something: ask for it. Mostly it has come before our patience ends."""
        asked: dict[str, dict[int, tuple[int, int]]] = {}
        due = self._gaps.due(self._kept.received, self._clock.now().timestamp())
        for (producer, partition), gap in due.items():
            asked.setdefault(producer, {})[partition] = gap
        name = self._incarnation.current
        if asked:
            await self._say(Confirmation(self._group, name, p, self._lane, {}, g) for p, g in asked.items())

    async def _say(self, confirmations: Iterable[Confirmation]) -> None:
        topic = topics.confirmed_topic(self._settings.topic_prefix)
        async with topics.sending(self._settings, self._group, self._incarnation.check) as sending:
            for said in confirmations:
                await sending.send_and_wait(topic, said.to_bytes(), self._group.encode(), 0)

    async def _look(self, consumer: AIOKafkaConsumer, subscriber: Any) -> None:
        """Metrics, heartbeat, fuse. A loop that takes none of the records there makes the process unready."""
        lag = await lag_of(consumer)
        CONSUMER_LAG.labels(*self._labels).set(lag)
        CONSUMER_GAPS.labels(*self._labels).set(sum(bool(r.beyond) for r in self._kept.received.values()))
        stopped = await self._fuse.stopped()
        self._rest(stopped=stopped)
        if any(not task.done() for task in subscriber.tasks) and (stopped or self._progressed or lag == 0):
            self._progressed = False
            self._beat("consumer")

    def _rest(self, *, stopped: bool) -> None:
        """Take no more of any partition, also of those that were assigned meanwhile; or go on."""
        if (consumer := self._consumer) is None:
            return
        if stopped:
            consumer.pause(*consumer.assignment())
        elif paused := consumer.paused() & consumer.assignment():
            consumer.resume(*paused)

    # --- a batch ------------------------------------------------------------------------------------------

    async def _batch(self, batch: Sequence[ConsumerRecord[Any, Any]]) -> None:
        """Until every record of it is durable, with a wait before each new try: nothing is parked here."""
        records = records_of(batch)
        wait, offsets = RETRY_SECONDS[0], self._offsets
        while True:
            try:
                await self._process(records)
                break
            except Exception as error:
                if self._stopping:
                    offsets.end()  # they stay where they are; the next process begins with this batch
                    raise
                ours = not isinstance(error, PyMongoError | Transient)
                log.warning("%s: a batch waits: %s", self._group, type(error).__name__, exc_info=ours)
                await asyncio.sleep(wait)
                wait = min(2 * wait, RETRY_SECONDS[1])
        CONSUMED.labels(*self._labels).inc(len(records))
        self._progressed = True
        offsets.note(records)
        if self._stopping:
            await offsets.tell()

    async def _process(self, records: Sequence[Record]) -> None:
        events = [r for r in records if announced_by(r) is None]
        keys = await self._vault.fetch(personal_keys(events))
        causes: list[Cause] = []
        for record in events:
            try:
                causes.append(self._checked(cause_of(record, keys)))
            except Poison as error:
                await self._committer.park_raw(record, str(error))
                self._fuse.note(Parked(str(error)))
        outcomes = await self._committer.submit(causes)
        if any(isinstance(outcome, Failed) for outcome in outcomes):
            raise Transient("the committer has stopped")  # not durable: the offsets must not move on
        for outcome in outcomes:
            self._fuse.note(outcome)
        if await self._fuse.blow_if_due():
            self._rest(stopped=True)
        await self._kept.keep(records)

    def _checked(self, cause: Cause) -> Cause:
        """Raises Poison if the record stands on a topic of another producer or lane."""
        if cause.record is None or self._producer_of.get(cause.record.topic) != cause.source:
            raise Poison("ce_source is not the producer of this topic")
        if cause.lane != self._lane:
            raise Poison("ce_lane is not the lane of this topic")
        return cause
