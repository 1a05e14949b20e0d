"""Dispatch on a real MongoDB, with a clock that is moved by hand.

Events in, HTTP calls in, timers when they are due.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import jwt
import orjson

from services.dispatch.app import WIRING, service
from services.dispatch.handlers.rules import first_order_id
from services.dispatch.rollup import LoadRollUp
from shared.catalogue.load import Catalogue
from shared.clock import ManualClock
from shared.events.envelope import Event, Lane
from shared.events.intake import PropertyConfigured, RequestAccepted
from shared.http.app import make_app
from shared.ids import derived_id
from shared.kernel import stores
from shared.kernel.runtime import Runtime, build
from shared.kernel.unit import Applied, Cause, Outcome
from shared.settings import Settings
from tests.connected.dispatch_neighbours import Neighbours
from tests.connected.sweeping import sweeper_of

PROPERTY = "villa"
START = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)  # a Monday, nine in the morning in Shanghai
RULES = Catalogue.shipped()
Json = dict[str, Any]


class Desk(Neighbours):
    """One property of dispatch, and those who work there."""

    def __init__(self, runtime: Runtime, clock: ManualClock) -> None:
        self.runtime = runtime
        self.clock = clock
        self.db = runtime.db
        self._sequences: dict[tuple[str, str], int] = defaultdict(int)
        self._sweeper = sweeper_of(runtime)
        app = make_app(runtime, service.routers)
        self.http = httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://dispatch")

    # --- events -------------------------------------------------------------------------------------------

    def cause(
        self,
        event: Event,
        stream: str,
        lane: Lane = "routine",
        property_id: str = PROPERTY,
        after: Mapping[str, int] | None = None,
    ) -> Cause:
        """The next event of its producer on a stream."""
        key = (f"{property_id}:{stream}", event.producer())
        self._sequences[key] += 1
        return Cause(
            id=derived_id("desk", *key, self._sequences[key]),
            kind="event",
            property_id=property_id,
            stream=stream,
            lane=lane,
            payload=event,
            source=event.producer(),
            sequence=self._sequences[key],
            after=after or {},
            occurred_at=self.clock.now(),
        )

    async def hear(self, event: Event, stream: str = "", lane: Lane = "routine", **more: Any) -> Outcome:
        """Dispatch hears of something; it must be applied."""
        cause = self.cause(event, stream or getattr(event, "request_id", ""), lane, **more)
        [outcome] = await self.runtime.committer.submit([cause])
        assert isinstance(outcome, Applied), outcome
        return outcome

    async def open_property(
        self, property_id: str = PROPERTY, profile: str = "villa", **changes: Any
    ) -> None:
        """Intake has configured the property."""
        event = PropertyConfigured(
            property_id=property_id,
            name_zh="松湖",
            name_en="Pine Lake",
            zone="Asia/Shanghai",
            profile=profile,
            currency="CNY",
            duty_chain=("duty_officer", "director"),
        )
        event = event.model_copy(update=changes)
        await self.hear(event, f"property:{property_id}", property_id=property_id)

    def accepted(self, request_id: str = "r1", **changes: Any) -> RequestAccepted:
        """A general plumbing report from a home, now."""
        name = changes.get("procedure", "repair-indoor")
        now = self.clock.now()
        values: Json = {
            "request_id": request_id,
            "contact_id": f"c-{request_id}",
            "reference": "AB12",
            "procedure": name,
            "catalogue_version": RULES.procedure(name, changes.pop("profile", "villa")).version,
            "urgency": "general",
            "urgency_by": "rule",
            "category": "car-hire" if name == "car-hire" else "plumbing",
            "area": "public" if name == "car-hire" else "indoor",
            "unit_id": "l1-3",
            "building": "L1",
            "place": "L1-3, kitchen",
            "channel": "hotline",
            "first_contact_id": "cs-1",
            "reported_at": now,
            "recorded_at": now,
            "zone": "Asia/Shanghai",
        }
        return RequestAccepted(**{**values, **changes})

    async def report(self, request_id: str = "r1", **changes: Any) -> str:
        """A report is accepted; the id of its work order."""
        event = self.accepted(request_id, **changes)
        await self.hear(event, lane="routine" if event.urgency == "general" else "urgent")
        return first_order_id(PROPERTY, request_id)

    # --- people -------------------------------------------------------------------------------------------

    def token(self, *roles: str, sub: str = "", property_id: str = PROPERTY) -> str:
        """A token of somebody with these roles."""
        until = int((self.clock.now() + timedelta(days=365)).timestamp())
        grants = [{"scope": f"property:{property_id}", "role": role, "until": until} for role in roles]
        claims = {"sub": sub or roles[0], "iss": "guanjia", "aud": "guanjia", "exp": until, "grants": grants}
        secret = self.runtime.settings.jwt_secret.get_secret_value()
        return jwt.encode(claims, secret, algorithm="HS256")

    async def call(
        self, role: str, method: str, path: str, body: Json | None = None, *, sub: str = "", **more: Any
    ) -> httpx.Response:
        """One call by somebody with that role."""
        headers = {"Authorization": f"Bearer {self.token(role, sub=sub)}", **more.pop("headers", {})}
        url = f"/v1/properties/{PROPERTY}/{path}"
        return await self.http.request(method, url, json=body, headers=headers, **more)

    async def take(
        self, role: str, order_id: str, action: str, body: Json | None = None, **more: Any
    ) -> Json:
        """A step that must succeed; the order afterwards."""
        answer = await self.call(role, "POST", f"work-orders/{order_id}/{action}", body or {}, **more)
        assert answer.status_code == 200, answer.text
        found: Json = answer.json()
        return found

    async def into_home(self, order_id: str, companion_id: str = "") -> Json:
        """Called, at the door, rung, the form confirmed, inside (P016, P017)."""
        await self.take("technician", order_id, "contact", {"note": "after two"})
        await self.take("technician", order_id, "arrive")
        await self.take("technician", order_id, "ring")
        await self.take("technician", order_id, "show-form", {"confirmed": True})
        return await self.take("technician", order_id, "enter", {"companion_id": companion_id})

    async def work_done(self, order_id: str, sub: str) -> Json:
        """A repair in a public place, from its collection to the last screw; the signatures follow."""
        await self.take("technician", order_id, "collect", sub=sub)
        await self.take("technician", order_id, "contact", sub=sub)
        await self.take("technician", order_id, "arrive", sub=sub)
        item = {"item": "washer", "materials": []}
        await self.take("technician", order_id, "confirm-item", item, sub=sub)
        await self.take("technician", order_id, "start", sub=sub)
        return await self.take("technician", order_id, "complete", sub=sub)

    async def sign_work(self, order_id: str) -> Json:
        """Who has the slip signs for the work (P022)."""
        by = (await self.read(order_id))["assignee_id"]
        return await self.take("technician", order_id, "sign", {"signer": "technician"}, sub=by)

    async def refused(self, role: str, order_id: str, action: str, body: Any = None, **more: Any) -> Json:
        """A step that must be refused and change nothing; the problem."""
        before = (await self.read(order_id))["version"]
        answer = await self.call(role, "POST", f"work-orders/{order_id}/{action}", body or {}, **more)
        assert answer.status_code in (403, 409, 422), answer.text
        assert (await self.read(order_id))["version"] == before
        problem: Json = answer.json() | {"status": answer.status_code}
        return problem

    async def steps(self) -> list[str]:
        """The names of all steps told, in their order."""
        rows = await self.told("work_order.step_taken")
        return [orjson.loads(row["data"])["step"] for row in rows]

    async def read(self, order_id: str, role: str = "cs_officer") -> Json:
        """The order as that role sees it."""
        answer = await self.call(role, "GET", f"work-orders/{order_id}")
        assert answer.status_code == 200, answer.text
        found: Json = answer.json()
        return found

    async def staff(self, department: str, *people: tuple[str, str], hours: int = 8, **changes: Any) -> None:
        """People (id, role) of a department, all on shift from now on."""
        now = self.clock.now()
        rows = [
            {
                "staff_id": staff_id,
                "name": f"Name {staff_id}",
                "phone": f"+86138001380{n:02d}",
                "email": f"{staff_id}@villa.example",
                "role": role,
                "skills": ["plumber", "electrician", "concierge"],
                **changes,
            }
            for n, (staff_id, role) in enumerate(people)
        ]
        shifts = [
            {
                "staff_id": staff_id,
                "starts_at": (now - timedelta(hours=1)).isoformat(),
                "ends_at": (now + timedelta(hours=hours)).isoformat(),
            }
            for staff_id, _ in people
        ]
        for path, name, body in (("staff", "staff", rows), ("shifts", "shifts", shifts)):
            answer = await self.call("administrator", "POST", path, {"department": department, name: body})
            assert answer.status_code == 200, answer.text

    # --- time and what was told ---------------------------------------------------------------------------

    async def pass_time(self, **by: float) -> int:
        """Time passes and what is due happens; how many timers fired."""
        self.clock.advance(timedelta(**by))
        fired = 0
        while done := await self._sweeper.sweep():
            fired += done
        return fired

    async def told(self, type_name: str = "", stream: str = "") -> list[Json]:
        """The events dispatch has emitted, in their order; who works here only where its stream is asked."""
        query: Json = {"property_id": PROPERTY, "stream": {"$not": {"$regex": "^roster:"}}}
        if stream:
            query["stream"] = stream
        rows = (
            await self.db["outbox"].find(query).sort([("time", 1), ("stream", 1), ("sequence", 1)]).to_list()
        )
        return [r for r in rows if not type_name or r["type"] == f"dispatch.{type_name}.v1"]

    async def roll_up(self) -> None:
        """The loads are rolled up, and looked at afresh."""
        await LoadRollUp(self.runtime).roll_up()
        await self.forget_looks()

    async def forget_looks(self) -> None:
        """What was looked at is some seconds old; here it is read again."""
        cache = self.runtime.committer._runner._cache  # type: ignore[attr-defined]
        cache._entries.clear()


@asynccontextmanager
async def open_desk(settings: Settings, **changes: Any) -> AsyncIterator[Desk]:
    """A desk in databases of its own."""
    clock = ManualClock(START)
    settings = settings.model_copy(update=changes)
    runtime = build(WIRING, "front", settings, clock, Catalogue.shipped())
    await stores.prepare(runtime.client, runtime.db, WIRING, settings, runtime.catalogue)
    runtime.committer.start()
    desk = Desk(runtime, clock)
    try:
        await desk.open_property()
        yield desk
    finally:
        await desk.http.aclose()
        await runtime.committer.stop(5)
        await runtime.client.close()


@asynccontextmanager
async def open_garden(settings: Settings) -> AsyncIterator[Desk]:
    """A garden estate: slips are pushed, customer service goes in with the worker."""
    async with open_desk(settings) as made:
        await made.open_property(profile="garden")
        people = [("tech-1", "technician"), ("tech-2", "technician"), ("boss-1", "repair_supervisor")]
        await made.staff("engineering", *people, hours=20)
        await made.staff("service", ("cs-1", "cs_officer"), ("cs-2", "cs_officer"), hours=20)
        yield made


async def garden_report(desk: Desk, **changes: object) -> str:
    """An urgent report in the garden; the id of its work order."""
    return await desk.report(profile="garden", urgency="urgent", **changes)


async def called(desk: Desk, order_id: str, hours: int = 2) -> datetime:
    """The owner was called; the time agreed."""
    at = desk.clock.now() + timedelta(hours=hours)
    await desk.take("technician", order_id, "contact", {"appointment_at": at.isoformat(), "note": "x"})
    return at
