"""The relay: takes the journal's new rows from a change stream to Kafka, one relay per service and lane.

A row is published the moment the stream shows it; confirmations are awaited in order, and what is
confirmed is sealed together with the checkpoint. Nothing is lost: after any error it goes on from the
checkpoint, and where the stream cannot (history lost), from the rows that no seal holds. Repeats are
recognised by the readers.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import TYPE_CHECKING

from aiokafka.errors import (
    InvalidProducerEpoch,
    KafkaError,
    OutOfOrderSequenceNumber,
    ProducerFenced,
)
from pymongo.asynchronous.database import AsyncDatabase
from pymongo.errors import PyMongoError

from shared.clock import Clock
from shared.errors import Bug, Transient
from shared.events.envelope import Lane
from shared.kernel.incarnation import Incarnation
from shared.kernel.journal import Document, SecondRelay
from shared.kernel.lease import Lease
from shared.kernel.relay_session import Session
from shared.observability.metrics import RELAY_ERRORS
from shared.settings import Settings
from shared.tasks import honour_cancellation

if TYPE_CHECKING:
    from shared.kernel.runtime import Runtime

log = logging.getLogger(__name__)

RETRY_SECONDS = (0.05, 2.0)
FATAL_TRIES_MAX = 3
_FATAL = (OutOfOrderSequenceNumber, InvalidProducerEpoch, ProducerFenced)

Alarm = Callable[[str], None]


class Relay:
    """Runs for the life of the process. Ends by itself only if another process of its name has started."""

    def __init__(
        self,
        *,
        service: str,
        lane: Lane,
        db: AsyncDatabase[Document],
        settings: Settings,
        clock: Clock,
        incarnation: Incarnation,
        beat: Callable[[str], None] = lambda name: None,
        alarm: Alarm = log.critical,
    ) -> None:
        self.service = service
        self.lane = lane
        self.db = db
        self.settings = settings
        self.clock = clock
        self.incarnation = incarnation
        self.alarm = alarm
        self._beat = beat
        self._lease = Lease(db, f"relay.{lane}", f"{service}-{settings.replica}", settings.lease_seconds)

    @classmethod
    def of(cls, runtime: Runtime, incarnation: Incarnation) -> Relay:
        """The relay of a process."""
        return cls(
            service=runtime.service,
            lane=runtime.lane,
            db=runtime.db,
            settings=runtime.settings,
            clock=runtime.clock,
            incarnation=incarnation,
            beat=runtime.beat,
        )

    def beat(self) -> None:
        """The relay makes progress (or rests because there is nothing to do)."""
        self._beat("relay")

    async def run(self) -> None:
        """Until a process of the same name takes over. Raises Bug if the producer fails for good."""
        wait, fatal = RETRY_SECONDS[0], 0
        while True:
            honour_cancellation()
            session = Session(self)
            try:
                if not await self._turn():
                    self.alarm(
                        f"{self.service}: another relay of lane {self.lane} has this name; this one stops"
                    )
                    return
                await session.run()
            except SecondRelay as error:
                log.warning("relay %s.%s: %s", self.service, self.lane, error)
                await self._lease.hold(ask=True)  # its turn had passed while it was held up
            except _FATAL as error:
                fatal = 1 if session.sealed else fatal + 1
                self._failed("producer", error)
            except (KafkaError, Transient, OSError) as error:
                self._failed("broker", error)
            except PyMongoError as error:
                self._failed("database", error)
            if fatal >= FATAL_TRIES_MAX:
                raise Bug(f"{self.service}: the producer of lane {self.lane} failed {fatal} times in a row")
            wait = RETRY_SECONDS[0] if session.sealed else min(wait * 2, RETRY_SECONDS[1])
            await asyncio.sleep(wait)

    async def _turn(self) -> bool:
        """Wait until it is this replica's turn; False if another process has its name."""
        while not await self._lease.hold():
            if self._lease.replaced:
                return False
            honour_cancellation()
            self.beat()  # resting is what this replica has to do
            await asyncio.sleep(self.settings.lease_seconds / 3)
        return True

    async def hold_lease(self) -> None:
        """Until this replica's turn ends: then another relays the lane."""
        while await self._lease.hold():
            honour_cancellation()
            await asyncio.sleep(self.settings.lease_seconds / 3)
        raise Transient("another replica relays this lane")

    def _failed(self, what: str, error: Exception) -> None:
        RELAY_ERRORS.labels(self.service, self.lane, what).inc()
        log.warning("relay %s.%s starts again from its checkpoint: %r", self.service, self.lane, error)
