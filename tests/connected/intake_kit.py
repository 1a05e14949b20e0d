"""Intake over real HTTP on a real database, and the events of the other services as its consumers hand
them on.
"""

from __future__ import annotations

import itertools
import secrets
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import httpx
import jwt

from services.intake.app import service
from services.intake.days import DayChecks
from shared.catalogue.load import Catalogue
from shared.clock import Clock, ManualClock, SystemClock
from shared.events.dispatch import StaffContact, StaffRecorded
from shared.events.envelope import Event, Lane
from shared.http.app import make_app
from shared.kernel import stores
from shared.kernel.runtime import Runtime, build
from shared.kernel.unit import Applied, Cause, Outcome
from shared.settings import Settings
from tests.connected.sweeping import sweeper_of
from tests.serving import serving
from tests.stack import SessionStack
from tests.waiting import PATIENCE_SECONDS

Json = dict[str, Any]
SECRET = "test-secret-that-is-long-enough-for-hs256"
DEPARTMENTS = {
    "technician": "engineering",
    "repair_supervisor": "engineering",
    "department_head": "engineering",
    "butler": "butler",
    "director": "management",
    "property_manager": "management",
}
ALL_ROLES = ("cs_officer", "cs_supervisor", "administrator")
ZONE = ZoneInfo("Asia/Shanghai")
PROPERTY: Json = {
    "name_zh": "别墅",
    "name_en": "Villa",
    "zone": ZONE.key,
    "profile": "tower",
    "currency": "CNY",
    "duty_chain": ["duty_officer", "director"],
}


def token(property_id: str, *roles: str, sub: str = "lin", **claims: Any) -> str:
    """A bearer token for one property."""
    until = int((datetime.now(UTC) + timedelta(days=400)).timestamp())  # tests move their clocks
    grants = [{"scope": f"property:{property_id}", "role": role, "until": until} for role in roles]
    said: Json = {"sub": sub, "iss": "guanjia", "aud": "guanjia", "exp": until, "grants": grants}
    return jwt.encode(said | claims, SECRET, algorithm="HS256")


@dataclass(slots=True)
class Estate:
    """One property of a running intake, empty until something is recorded."""

    runtime: Runtime
    url: str
    property_id: str
    _sequences: dict[tuple[str, str], itertools.count[int]] = field(default_factory=dict)

    @property
    def root(self) -> str:
        """The address of the property."""
        return f"{self.url}/v1/properties/{self.property_id}"

    def client(self, *roles: str, sub: str = "lin") -> httpx.AsyncClient:
        """A client of somebody with these roles (all that a desk needs, if none are given)."""
        bearer = token(self.property_id, *(roles or ALL_ROLES), sub=sub)
        return httpx.AsyncClient(
            base_url=self.root,
            headers={"Authorization": f"Bearer {bearer}", "User-Agent": "desk-1"},
            timeout=PATIENCE_SECONDS,
            verify=False,  # plain HTTP: no certificates to load
        )

    async def open(self, *, days: bool = False, **changed: Any) -> None:
        """The property with two units and their people."""
        async with self.client() as client:
            answer = await client.put(self.root, json=PROPERTY | changed)
            assert answer.status_code == 200, answer.text
            if not days:  # the daily look at what is signed is watched by its own tests
                await self.runtime.db["timers"].delete_many({"property_id": self.property_id})
            else:
                await DayChecks(self.runtime).look()
            units = [{"label": "3-2-1801"}, {"label": "3-2-1802"}]
            assert (await client.post("/units/bulk", json={"units": units})).status_code == 201

    def repair(self, **changed: Any) -> Json:
        """A general repair with its call."""
        return {
            "procedure": "repair-report",
            "category": "plumbing",
            "unit_id": "3-2-1801",
            "description": "The tap drips",
            "fields": {"part": "kitchen tap", "tariff_told": True},
            "requester": {"name": "王小明", "phone": "13800138000"},
            "contact": {"channel": "hotline"},
            **changed,
        }

    async def accept(self, **changed: Any) -> Json:
        """A request that was accepted."""
        async with self.client() as client:
            answer = await client.post("/requests", json=self.repair(**changed))
        assert answer.status_code == 201, answer.text
        body: Json = answer.json()
        return body

    async def read(self, request_id: str) -> Json:
        """A request as the desk reads it."""
        async with self.client() as client:
            answer = await client.get(f"/requests/{request_id}")
        assert answer.status_code == 200, answer.text
        body: Json = answer.json()
        return body

    async def hear(self, event: Event, stream: str, *, lane: Lane = "routine") -> Outcome:
        """The next event of a producer on a stream, as the consumer submits it."""
        source = event.producer()
        count = self._sequences.setdefault((source, stream), itertools.count(1))
        sequence = next(count)
        cause = Cause(
            id=f"{self.property_id}-{stream}-{source}-{sequence}",
            kind="event",
            property_id=self.property_id,
            stream=stream,
            lane=lane,
            payload=event,
            source=source,
            sequence=sequence,
            occurred_at=self.runtime.clock.now(),
        )
        [outcome] = await self.runtime.committer.submit([cause])
        return outcome

    async def told(self, *events: Event, stream: str) -> None:
        """Several events, each of which has to be applied."""
        for event in events:
            outcome = await self.hear(event, stream)
            assert isinstance(outcome, Applied), outcome

    async def sweep(self, moment: datetime) -> int:
        """Fire this property's timers that are due at a moment, as the sweeper does; how many were due."""
        await self.runtime.db["timers"].delete_many({"property_id": {"$ne": self.property_id}})
        return await sweeper_of(self.runtime, ManualClock(moment)).sweep()

    async def passes(self, by: timedelta) -> int:
        """Time passes and its timers fire, as often as new ones become due; how many were looked at."""
        clock = self.runtime.clock
        assert isinstance(clock, ManualClock)
        clock.advance(by)
        total = 0
        while fired := await self.sweep(clock.now()):
            total += fired
        return total

    def next_day(self, hour: int = 10) -> None:
        """It becomes that hour of the next day at the property."""
        clock = self.runtime.clock
        assert isinstance(clock, ManualClock)
        local = clock.now().astimezone(ZONE)
        clock.advance(local.replace(hour=hour, minute=0, second=0, microsecond=0) + timedelta(days=1) - local)

    async def employ(self, **roles: str) -> None:
        """Dispatch tells who works here: staff id = role, in the department the role suggests."""
        for staff_id, role in roles.items():
            department = DEPARTMENTS.get(role, "customer_service")
            event = StaffRecorded(
                staff_id=staff_id,
                department=department,
                role=role,
                recorded_at=self.runtime.clock.now(),
                personal_key=f"person:{staff_id}",
                personal=StaffContact(staff_id=staff_id, name=staff_id, phone="+8613900139000"),
            )
            await self.told(event, stream=f"roster:{department}")

    async def act(self, request_id: str, action: str, *roles: str, sub: str = "lin", **body: Any) -> Json:
        """A step on a request that has to succeed; a moment later than what was before."""
        if isinstance(self.runtime.clock, ManualClock):
            self.runtime.clock.advance(timedelta(milliseconds=1))
        async with self.client(*roles, sub=sub) as client:
            answer = await client.post(f"/requests/{request_id}/{action}", json=body)
        assert answer.status_code == 200, answer.text
        found: Json = answer.json()
        return found

    async def refused(self, request_id: str, action: str, *roles: str, sub: str = "lin", **body: Any) -> Json:
        """A step that is refused: the problem, after a check that nothing was changed by it."""
        before = await self.counts(), await self.read(request_id)
        async with self.client(*roles, sub=sub) as client:
            answer = await client.post(f"/requests/{request_id}/{action}", json=body)
        assert 400 <= answer.status_code < 500, answer.text
        assert (await self.counts(), await self.read(request_id)) == before
        problem: Json = answer.json()
        return problem | {"kind": problem["type"].rsplit("/", 1)[1]}

    async def timeline(self, request_id: str) -> list[Json]:
        """What stands in a request's timeline."""
        async with self.client() as client:
            answer = await client.get(f"/requests/{request_id}/timeline", params={"limit": 200})
        lines: list[Json] = answer.json()["items"]
        return lines

    async def called(self, request_id: str, **changed: Any) -> str:
        """A call to the owner about a request, reached; the contact's id."""
        body = {
            "channel": "callback",
            "direction": "out",
            "result": "reached",
            "about_request_id": request_id,
            **changed,
        }
        async with self.client() as client:
            answer = await client.post("/contacts", json=body)
        assert answer.status_code == 201, answer.text
        return str(answer.json()["id"])

    async def confirm(self, request_id: str, *roles: str, sub: str = "lin", **body: Any) -> Json:
        """The owner was called back, and is satisfied."""
        contact_id = await self.called(request_id)
        roles = roles or ("cs_officer",)
        return await self.act(request_id, "confirm", *roles, sub=sub, contact_id=contact_id, **body)

    async def journal(self, stream: str) -> list[str]:
        """The types of the events intake told on a stream, in their order."""
        rows = self.runtime.db["outbox"].find({"property_id": self.property_id, "stream": stream})
        return [row["type"] async for row in rows.sort("sequence", 1)]

    async def counts(self) -> dict[str, int]:
        """How many documents of this property each collection holds."""
        names = (
            "requests",
            "contacts",
            "timeline",
            "outbox",
            "commands",
            "people",
            "units",
            "phones",
            "timers",
        )
        db = self.runtime.db
        return {name: await db[name].count_documents({"property_id": self.property_id}) for name in names}


@asynccontextmanager
async def running(settings: Settings, clock: Clock | None = None) -> AsyncIterator[tuple[Runtime, str]]:
    """The front process of intake on a free port, without its broker."""
    runtime = build(service.wiring, "front", settings, clock or SystemClock(), Catalogue.shipped())
    await stores.prepare(runtime.client, runtime.db, service.wiring, settings, runtime.catalogue)
    runtime.committer.start()
    try:
        async with serving(make_app(runtime, service.routers)) as url:
            yield runtime, url
    finally:
        await runtime.committer.stop(5)
        await runtime.client.close()


@contextmanager
def own_settings(stack: SessionStack) -> Iterator[Settings]:
    """Databases for all tests of a module: each test has a property of its own in them."""
    prefix = f"t{secrets.token_hex(4)}_"
    yield stack.settings(database_prefix=prefix, topic_prefix=prefix.replace("_", "."))
    stack.forget(prefix, prefix.replace("_", "."))


def new_property() -> str:
    """The id of a property nobody has used."""
    return f"villa-{secrets.token_hex(5)}"
