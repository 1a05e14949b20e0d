"""Takes due messages of one queue, hands them to their channels, and reports what came of it.

A message is marked `sending` with its attempt number before its channel is called; so a crash leaves a trace
from which the next sender decides (kernel T10). Nothing of one channel waits for another, and emergencies
have a queue, connections and calls of their own.
"""

from __future__ import annotations

import asyncio
import logging
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from typing import Protocol

from pymongo.errors import PyMongoError

from services.notify import metrics, repository
from services.notify.breaker import Breaker
from services.notify.channels.base import Channel, Outgoing
from services.notify.directory import Directory
from services.notify.domain.commands import RESULTS_MAX, AttemptResult, RecordAttempts
from services.notify.domain.delivery import IDEMPOTENT, Result, reclaim
from services.notify.domain.message import ChannelName, Message, Queue
from services.notify.domain.quiet import held
from services.notify.domain.retry import RetryRule
from shared.clock import Clock
from shared.ids import derived_id, new_id
from shared.kernel.unit import Applied, Cause, Duplicate, Outcome
from shared.tasks import told_to_end

log = logging.getLogger(__name__)
TAKEN_MAX = 500  # messages claimed in one go
GOODBYE_SECONDS = 5.0  # a stopping process waits so long for answers that are on their way


class Submits(Protocol):
    """The committer, as far as a sender needs it."""

    async def submit(self, causes: Sequence[Cause]) -> Sequence[Outcome]:
        """The outcomes, once durable."""
        ...


@dataclass(frozen=True, slots=True)
class Pace:
    """How a sender works: its rule of retries and its times."""

    retry: RetryRule
    poll: timedelta
    lease: timedelta
    key_memory: timedelta


class Sender:
    """The sender of one queue in this process; `wake` is set when messages may have become due."""

    def __init__(
        self,
        queue: Queue,
        db: repository.Database,
        committer: Submits,
        clock: Clock,
        directory: Directory,
        channels: Mapping[ChannelName, Channel],
        breakers: Mapping[ChannelName, Breaker],
        pace: Pace,
    ) -> None:
        self.queue: Queue = queue
        self.wake = asyncio.Event()
        self._db = db
        self._committer = committer
        self._clock = clock
        self._directory = directory
        self._channels = channels
        self._breakers = breakers
        self._pace = pace
        self._calls: Counter[ChannelName] = Counter()
        self._in_hand: dict[str, bool] = {}  # by message: whether quiet hours had held it back
        self._left_over = False
        self._tasks: set[asyncio.Task[None]] = set()

    async def run(self, beat: Callable[[], None]) -> None:
        """Send until cancelled; then wait a little for answers that are on their way."""
        try:
            while not told_to_end():
                self.wake.clear()
                taken = await self._take_if_store_is_there(beat)
                if not taken or not self._left_over:
                    with suppress(TimeoutError):
                        async with asyncio.timeout(self._pace.poll.total_seconds()):
                            await self.wake.wait()
            raise asyncio.CancelledError
        finally:
            if self._tasks:
                await asyncio.wait(self._tasks, timeout=GOODBYE_SECONDS)
            for channel in self._channels.values():
                await channel.close()

    async def take(self) -> int:
        """Claim what is due and start to send it; how many messages were moved on."""
        now = self._clock.now()
        property_ids = await self._directory.property_ids()
        room = {c: self._room(c) for c in (*self._channels, *self._absent()) if self._room(c) > 0}
        self._left_over = True  # so that the end of a call looks again, unless all was taken
        if not property_ids or not room:
            return 0
        # What is due is mostly of one channel: while one is busy, no more is read than it can take.
        limit = min([TAKEN_MAX, *(room[c] for c in room if self._calls[c])])
        found = await repository.due(self._db, property_ids, self.queue, list(room), now, limit)
        again, repeat, unknown, quiet = self._sorted(found, room)
        claim_id, until = new_id(), now + self._pace.lease
        claimed = await repository.claim(self._db, again, claim_id, now, until)
        claimed += await repository.claim(self._db, repeat, claim_id, now, until, repeated=True)
        await repository.hold(self._db, quiet, now)
        self._start(claimed, {m.id for m in again if m.state == "held"})
        if unknown:
            await self._report(unknown, [Result("unknown", "sender_died")] * len(unknown))
        self._left_over = len(found) == limit or len(claimed) + len(quiet) + len(unknown) < len(found)
        return len(claimed) + len(quiet)

    # --- choosing ---------------------------------------------------------------------------------------

    async def _take_if_store_is_there(self, beat: Callable[[], None]) -> int:
        try:
            taken = await self.take()
        except PyMongoError as error:
            log.warning("sender %s: the store is away: %s", self.queue, type(error).__name__)
            return 0
        beat()
        return taken

    def _absent(self) -> tuple[ChannelName, ...]:
        """Channels that are not set up here: their messages are taken only to go on to the next channel."""
        every: tuple[ChannelName, ...] = ("sms", "email", "training")
        return tuple(c for c in every if c not in self._channels)

    def _room(self, channel: ChannelName) -> int:
        known = self._channels.get(channel)
        if known is None:
            return TAKEN_MAX
        return max(0, known.calls_max - self._calls[channel]) * known.batch_max

    def _way(self, message: Message) -> ChannelName:
        """The channel that is really used: nothing of a training property leaves the machine."""
        return "training" if self._directory.is_training(message.property_id) else message.current.channel

    def _sorted(
        self, found: Sequence[Message], room: Mapping[ChannelName, int]
    ) -> tuple[list[Message], list[Message], list[Message], list[Message]]:
        """What to send, to send once more and marked, to give to a person, and to hold (quiet hours)."""
        left = Counter(room)
        again: list[Message] = []
        repeat: list[Message] = []
        unknown: list[Message] = []
        quiet: list[Message] = []
        now = self._clock.now()
        for message in found:
            way = self._way(message)
            if message.id in self._in_hand or left[way] <= 0:
                continue
            if message.state == "sending":
                choice = reclaim(message, self._pace.retry, now, self._pace.key_memory)
                {"again": again, "repeat": repeat, "unknown": unknown}[choice].append(message)
                left[way] -= 1
                continue
            waits = held(message, self._directory.quiet(message.property_id), now)
            if waits is not message:
                quiet.append(waits)
                continue
            again.append(message)
            left[way] -= 1
        return again, repeat, unknown, quiet

    # --- sending ----------------------------------------------------------------------------------------

    def _start(self, claimed: Sequence[Message], held_back: Collection[str]) -> None:
        by_way: dict[ChannelName, list[Message]] = defaultdict(list)
        for message in claimed:
            by_way[self._way(message)].append(message)
            self._in_hand[message.id] = message.id in held_back
        for way, messages in by_way.items():
            size = self._channels[way].batch_max if way in self._channels else TAKEN_MAX
            for start in range(0, len(messages), size):
                self._calls[way] += 1
                task = asyncio.create_task(self._deliver(way, messages[start : start + size]))
                self._tasks.add(task)
                task.add_done_callback(self._tasks.discard)

    async def _deliver(self, way: ChannelName, messages: Sequence[Message]) -> None:
        try:
            await self._report(messages, await self._call(way, messages))
        except Exception:
            log.exception(
                "sender %s: a report failed; the messages come again when their claim ends", self.queue
            )
        finally:
            self._calls[way] -= 1
            for message in messages:
                self._in_hand.pop(message.id, None)
            if self._left_over:
                self.wake.set()

    async def _call(self, way: ChannelName, messages: Sequence[Message]) -> Sequence[Result]:
        channel = self._channels.get(way)
        if channel is None:
            return [Result("rejected", "no_channel")] * len(messages)
        loop, breaker = asyncio.get_running_loop(), self._breakers[way]
        if self.queue != "emergency" and not breaker.allows(loop.time()):
            return [Result("failed", "circuit_open")] * len(messages)
        try:
            async with asyncio.timeout(self._pace.lease.total_seconds() * 0.8):
                results = await channel.deliver([_outgoing(m) for m in messages])
        except Exception as error:
            log.exception("channel %s failed", way)
            reason = "timeout" if isinstance(error, TimeoutError) else "channel_error"
            results = [Result("failed" if way in IDEMPOTENT else "unknown", reason)] * len(messages)
        breaker.note(loop.time(), worked=any(r.outcome in ("accepted", "rejected") for r in results))
        return results

    async def _report(self, messages: Sequence[Message], results: Sequence[Result]) -> None:
        """Submit the results, those of one stream together, and count them."""
        streams: dict[tuple[str, str], list[tuple[Message, Result]]] = defaultdict(list)
        for message, result in zip(messages, results, strict=True):
            streams[message.property_id, message.stream].append((message, result))
        causes = [
            _cause(pairs[start : start + RESULTS_MAX])
            for pairs in streams.values()
            for start in range(0, len(pairs), RESULTS_MAX)
        ]
        for outcome in await self._committer.submit(causes):
            if not isinstance(outcome, Applied | Duplicate):
                log.error("sender %s: a report was not taken: %s", self.queue, type(outcome).__name__)
        now = self._clock.now()
        for message, result in zip(messages, results, strict=True):
            channel = result.channel or message.channel
            metrics.ATTEMPTS.labels(self.queue, channel, result.outcome).inc()
            on_time = message.attempt == 1 and not self._in_hand.get(message.id)
            if result.outcome == "accepted" and on_time:
                metrics.DELAY.labels(self.queue).observe((now - message.created_at).total_seconds())


def _outgoing(message: Message) -> Outgoing:
    return Outgoing(
        key=message.current.key,
        address=message.current.address,
        language=message.language,
        subject=message.subject,
        text=message.text,
        template=message.provider_template,
        params=message.params,
        repeated=message.repeats > 0,
        traceparent=message.traceparent,
    )


def _cause(pairs: Sequence[tuple[Message, Result]]) -> Cause:
    first = pairs[0][0]
    results = tuple(
        AttemptResult(
            message_id=message.id,
            number=message.attempt,
            channel=result.channel or message.channel,
            outcome=result.outcome,
            reason=result.reason,
            retry_after_seconds=result.retry_after_seconds,
        )
        for message, result in pairs
    )
    parts = [f"{r.message_id}:{r.number}:{r.outcome}" for r in results]
    return Cause(
        id=derived_id("attempts", *parts),
        kind="command",
        property_id=first.property_id,
        stream=first.stream,
        lane=first.lane,
        payload=RecordAttempts(results=results),
        traceparent=first.traceparent,
        emergency=first.queue == "emergency",
        repeatable=True,
    )
