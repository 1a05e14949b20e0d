"""A small service for kernel tests: it counts what reaches a request, and says when the count is high."""

from __future__ import annotations

import base64
import itertools
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from pydantic import BaseModel, SecretStr
from pymongo.asynchronous.database import AsyncDatabase

from shared.catalogue.load import Catalogue
from shared.clock import Clock, ManualClock
from shared.errors import Conflict
from shared.events.billing import RequestSettled
from shared.events.dispatch import WorkPaidOff
from shared.events.envelope import Event, Lane
from shared.events.intake import RequestReopened
from shared.ids import new_id
from shared.kernel import stores
from shared.kernel.batch import BatchRunner
from shared.kernel.committer import Committer
from shared.kernel.runtime import Runtime, build
from shared.kernel.unit import Cause, Command, Handler, Index, Record, Unit, Wiring
from shared.kernel.vault import Vault
from shared.kernel.wire import row_of, to_kafka
from shared.mongo.client import connect
from shared.mongo.indexes import ensure_indexes
from shared.settings import Role, Settings
from shared.tenancy import Principal

START = datetime(2026, 3, 1, 8, 0, tzinfo=UTC)
PROPERTY = "garden"
CLERK = Principal("clerk")


@dataclass(frozen=True, slots=True)
class Tally:
    """How often a request was touched, and by what, in order."""

    property_id: str
    id: str
    version: int = 0
    count: int = 0
    seen: tuple[str, ...] = ()
    number: int = 0


class Count(Command):
    """Count one; `to` chooses the tally, `fail` how to go wrong."""

    NAME = "billing.count"
    to: str
    fail: str = ""
    number: bool = False
    number_of: str = ""
    open: str = ""
    timer_after_seconds: int = 0
    chain: str = ""
    step: int = 0


class Ring(Command):
    """What a timer of these tests does."""

    NAME = "billing.ring"
    to: str
    label: str = "ring"
    fail: bool = False


class Counted(BaseModel):
    """The answer."""

    version: int
    count: int
    number: int = 0


async def _touch(unit: Unit, id: str, label: str) -> Tally:
    tally = await unit.load(Tally, id) or Tally(PROPERTY, id)
    tally = replace(tally, count=tally.count + 1, seen=(*tally.seen, label))
    unit.save(tally)
    return tally


async def count(unit: Unit) -> None:
    """Handle Count."""
    command = unit.cause.payload
    assert isinstance(command, Count)
    tally = await _touch(unit, command.to, unit.cause.key or unit.cause.id)
    if command.number:
        of = command.number_of or unit.derived_id("slip")
        number = await unit.number("slip", of=of, year=2026)
        tally = replace(tally, version=tally.version + 1, number=number)
        unit.save(tally)
    settled = RequestSettled(request_id=command.to, work_order_id="w", settled_at=unit.now)
    unit.emit(settled)
    if command.open:
        unit.open(command.open, settled)
    if command.timer_after_seconds:
        due = unit.now + timedelta(seconds=command.timer_after_seconds)
        label = f"step{command.step}"
        key = f"{command.chain or 'ring'}{command.step}"
        unit.start_timer(key, due, Ring(to=command.to, label=label), chain=command.chain, step=command.step)
    if command.fail == "refuse":
        raise Conflict("no", "not now")
    if command.fail == "bug":
        raise ZeroDivisionError
    unit.answer(Counted(version=tally.version + 1, count=tally.count, number=tally.number))


async def ring(unit: Unit) -> None:
    """Handle Ring."""
    command = unit.cause.payload
    assert isinstance(command, Ring)
    if command.fail:
        raise ZeroDivisionError
    await _touch(unit, command.to, command.label)
    unit.emit(RequestSettled(request_id=command.to, work_order_id="w", settled_at=unit.now))


broken: set[str] = set()
"""Reasons (of RequestReopened) for which the handler raises, so that a test can break and mend it."""


async def on_event(unit: Unit) -> None:
    """Handle every event: write down its producer and sequence."""
    event = unit.cause.payload
    assert isinstance(event, RequestReopened | WorkPaidOff)
    if isinstance(event, RequestReopened) and event.reason in broken:
        raise ZeroDivisionError
    if isinstance(event, RequestReopened) and event.reason == "malformed":
        await unit.look_by(Tally, "$nonsense", "x")  # the store refuses it
    await _touch(unit, event.request_id, f"{unit.cause.source}:{unit.cause.sequence}")
    bulky = isinstance(event, RequestReopened) and event.reason == "bulky"
    order = "w" * (200_000 if bulky else 1)  # more than an event may have
    unit.emit(RequestSettled(request_id=event.request_id, work_order_id=order, settled_at=unit.now))


EVENTS: Mapping[type[Event], Handler] = {RequestReopened: on_event, WorkPaidOff: on_event}
WIRING = Wiring(
    service="billing",
    reads=("intake", "dispatch"),
    kinds={Tally: "tallies"},
    commands={Count: count, Ring: ring},
    events=EVENTS,
    indexes=(Index("tallies", (("property_id", 1), ("id", 1)), serves="tests"),),
    timers=frozenset({Ring.NAME}),
)


class Kit:
    """A committer over a database, with causes to feed it."""

    def __init__(self, db: AsyncDatabase[dict[str, Any]], clock: Clock | None = None, **options: Any) -> None:
        self.db = db
        self.clock = clock or ManualClock(START)
        self.vault = Vault(db.client[db.name + "_vault"], b"k" * 32, self.clock)
        self.committer = self.make(**options)
        self._ids = itertools.count(1)

    def make(self, **options: Any) -> Committer:
        """Another committer over the same stores, as another process would have."""
        runner = BatchRunner(
            self.db, WIRING, self.vault, self.clock, commit_timeout_seconds=4, event_bytes_max=100_000
        )
        defaults: dict[str, Any] = {
            "batch_records_max": 100,
            "commits_in_flight_max": 2,
            "tries_max": 3,
            "queue_records_max": 1000,
            "queue_urgent_reserve": 10,
        }
        return Committer(self.db, runner, self.clock, **{**defaults, **options})

    async def prepare(self) -> None:
        """Collections and indexes; the committer runs."""
        from shared.kernel.numbers import INDEXES
        from shared.kernel.stores import PLAIN

        await ensure_indexes(self.db, (*WIRING.indexes, *INDEXES), collections=sorted({*PLAIN, "tallies"}))
        self.committer.start()

    def command(
        self, command: Command, stream: str, *, key: str = "", lane: Lane = "routine", emergency: bool = False
    ) -> Cause:
        """A command of the clerk's."""
        return Cause(
            id=key or f"command-{next(self._ids)}",
            kind="command",
            property_id=PROPERTY,
            stream=stream,
            lane=lane,
            payload=command,
            principal=CLERK,
            key=key,
            body_hash=command.model_dump_json(),
            emergency=emergency,
        )

    async def tally(self, id: str) -> dict[str, Any]:
        """The stored tally."""
        row = await self.db["tallies"].find_one({"_id": f"{PROPERTY}:{id}"})
        assert row is not None
        return row

    async def count(self, collection: str, query: dict[str, Any] | None = None) -> int:
        """Documents of a collection."""
        return await self.db[collection].count_documents(query or {})


@asynccontextmanager
async def open_kit(url: str, clock: Clock | None = None) -> AsyncIterator[Kit]:
    """A committer over an empty database of this server."""
    client = connect(url, "tests")
    made = Kit(client["kernel_" + new_id()], clock)
    await made.prepare()
    yield made
    await made.committer.stop(5)
    for name in (made.db.name, made.db.name + "_vault"):
        await client.drop_database(name)
    await client.close()


def event(
    source: str, stream: str, sequence: int, after: Mapping[str, int] | None = None, reason: str = "r"
) -> Cause:
    """An event as a consumer would hand it on, with a real record."""
    body: Event
    if source == "intake":
        body = RequestReopened(request_id=stream, reason=reason, reopened_at=START)
    else:
        body = WorkPaidOff(work_order_id="w", request_id=stream, closed_at=START)
    id = f"{source}-{stream}-{sequence}"
    maker = Cause(id=id, kind="command", property_id=PROPERTY, stream=stream, lane="routine", payload=None)
    row = row_of(
        body,
        id=id,
        cause=maker,
        stream=stream,
        lane="routine",
        sequence=sequence,
        after=after or {},
        now=START,
        service=source,
    )
    key, value, headers = to_kafka(row, sequence)
    record = Record(f"{source}.routine.v1", 0, sequence, key, value, tuple(headers))
    return Cause(
        id=id,
        kind="event",
        property_id=PROPERTY,
        stream=stream,
        lane="routine",
        payload=body,
        source=source,
        sequence=sequence,
        after=after or {},
        occurred_at=START,
        record=record,
    )


@asynccontextmanager
async def process_of(settings: Settings, role: Role, clock: Clock, **changes: Any) -> AsyncIterator[Runtime]:
    """A process of this service, its committer running, its loops not."""
    key = SecretStr(base64.urlsafe_b64encode(b"k" * 32).decode())
    own = settings.model_copy(update={"vault_master_key": key, **changes})
    made = build(WIRING, role, own, clock, Catalogue.shipped())
    await stores.prepare(made.client, made.db, WIRING, own, made.catalogue)
    made.committer.start()
    yield made
    await made.committer.stop(5)
    await made.client.close()


async def seen(runtime: Runtime, id: str) -> list[str]:
    """What reached a tally, in order."""
    row = await runtime.db["tallies"].find_one({"_id": f"{PROPERTY}:{id}"})
    return [] if row is None else row["seen"]
