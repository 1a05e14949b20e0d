"""All four services in one process on a real MongoDB, with one clock that is moved by hand.

People speak to them over HTTP; their events are handed on in order, as the broker would; timers fire when
they are due.
"""

from __future__ import annotations

import importlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx

from shared.catalogue.load import Catalogue
from shared.clock import ManualClock
from shared.events.envelope import PRODUCERS
from shared.http.app import make_app
from shared.kernel import stores
from shared.kernel.reading import cause_of, personal_keys
from shared.kernel.runtime import Runtime, Service, build
from shared.kernel.unit import Applied, Duplicate, Record
from shared.kernel.wire import to_kafka
from shared.settings import Settings
from tests.connected.intake_kit import PROPERTY, Json, new_property, token
from tests.connected.sweeping import sweeper_of

START = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)  # a Monday, nine in the morning in Shanghai


class Town:
    """One property with everything."""

    def __init__(self) -> None:
        self.clock = ManualClock(START)
        self.property_id = new_property()
        self.runtimes: dict[str, Runtime] = {}
        self._services: dict[str, Service] = {}
        self._http: dict[str, httpx.AsyncClient] = {}
        self._known: set[str] = set()

    async def start(self, settings: Settings) -> None:
        """Prepare the stores, start the committers, answer HTTP."""
        for name in PRODUCERS:
            service: Service = importlib.import_module(f"services.{name}.app").service
            runtime = build(service.wiring, "front", settings, self.clock, Catalogue.shipped())
            await stores.prepare(runtime.client, runtime.db, service.wiring, settings, runtime.catalogue)
            runtime.committer.start()
            self._services[name], self.runtimes[name] = service, runtime
            transport = httpx.ASGITransport(make_app(runtime, service.routers))
            self._http[name] = httpx.AsyncClient(transport=transport, base_url=f"http://{name}")

    async def stop(self) -> None:
        """Let go of the stores."""
        for name, runtime in self.runtimes.items():
            await self._http[name].aclose()
            await runtime.committer.stop(5)
            await runtime.client.close()

    async def open(self, **changed: Any) -> None:
        """The property with a unit and its people on shift, each id a role, by department."""
        await self.call("intake", "administrator", "PUT", "", PROPERTY | {"profile": "villa"} | changed)
        await self.call("intake", "administrator", "POST", "/units/bulk", {"units": [{"label": "3-2-1801"}]})

    async def employ(self, department: str, *roles: str) -> None:
        """People of a department over HTTP, on shift for the day; their ids are their roles."""
        now = self.clock.now()
        staff = [
            {"staff_id": role, "name": role, "phone": "+8613900139000", "role": role, "skills": ["general"]}
            for role in roles
        ]
        shift = {
            "starts_at": (now - timedelta(hours=1)).isoformat(),
            "ends_at": (now + timedelta(hours=20)).isoformat(),
        }
        shifts = [{"staff_id": role, **shift} for role in roles]
        for kind, rows in (("staff", staff), ("shifts", shifts)):
            body = {"department": department, kind: rows}
            await self.call("dispatch", "administrator", "POST", f"/{kind}", body)

    async def send(
        self, service: str, who: str, method: str, path: str, body: Json | None = None
    ) -> httpx.Response:
        """One call by the person of that role, whose id it is too; what it caused is told to everybody."""
        headers = {"Authorization": f"Bearer {token(self.property_id, who, sub=who)}"}
        url = f"/v1/properties/{self.property_id}{path}"
        answer = await self._http[service].request(method, url, json=body, headers=headers)
        await self.tell()
        return answer

    async def call(self, service: str, who: str, method: str, path: str, body: Json | None = None) -> Json:
        """A call that has to succeed."""
        answer = await self.send(service, who, method, path, body)
        assert answer.is_success, answer.text
        found: Json = answer.json()
        return found

    async def tell(self) -> None:
        """Hand on every event to all who read its producer, until nothing new is said."""
        while any([await self._tell(name) for name in self.runtimes]):
            pass

    async def _tell(self, producer: str) -> bool:
        found = self.runtimes[producer].db["outbox"].find({"property_id": self.property_id})
        rows = [r async for r in found.sort([("time", 1), ("sequence", 1)]) if r["_id"] not in self._known]
        self._known |= {row["_id"] for row in rows}
        records = []
        for number, row in enumerate(rows, 1):
            key, value, headers = to_kafka(row, number, number - 1)
            records.append(Record(f"{producer}.{row['lane']}.v1", 0, number, key, value, tuple(headers)))
        for name, service in self._services.items():
            if records and producer in service.wiring.reads:
                runtime = self.runtimes[name]
                keys = await runtime.vault.fetch(personal_keys(records))
                outcomes = await runtime.committer.submit([cause_of(record, keys) for record in records])
                assert all(isinstance(one, Applied | Duplicate) for one in outcomes), outcomes
        return bool(rows)

    async def pass_time(self, **by: float) -> None:
        """Time passes, timers fire, and what they cause is told."""
        self.clock.advance(timedelta(**by))
        while sum([await self._sweep(runtime) for runtime in self.runtimes.values()]):
            await self.tell()

    async def _sweep(self, runtime: Runtime) -> int:
        return await sweeper_of(runtime).sweep()

    async def accept(self, who: str = "cs_officer", **body: Any) -> Json:
        """A request by telephone that is accepted."""
        told = {"contact": {"channel": "hotline"}, "requester": {"name": "王小明", "phone": "13800138000"}}
        return await self.call("intake", who, "POST", "/requests", {"unit_id": "3-2-1801", **told, **body})

    async def act(self, request_id: str, who: str, action: str, **body: Any) -> Json:
        """A step on a request, a moment later."""
        self.clock.advance(timedelta(milliseconds=1))
        return await self.call("intake", who, "POST", f"/requests/{request_id}/{action}", body)

    async def work(self, order_id: str, who: str, action: str, **body: Any) -> Json:
        """A step on a slip, a moment later."""
        self.clock.advance(timedelta(milliseconds=1))
        return await self.call("dispatch", who, "POST", f"/work-orders/{order_id}/{action}", body)

    async def read(self, request_id: str) -> Json:
        """A request as the desk reads it."""
        return await self.call("intake", "cs_officer", "GET", f"/requests/{request_id}")

    async def orders(self, request_id: str) -> list[Json]:
        """Its slips."""
        found = await self.call("dispatch", "cs_officer", "GET", f"/work-orders?request_id={request_id}")
        items: list[Json] = found["items"]
        return items

    async def messages(self, request_id: str) -> list[tuple[str, str]]:
        """Who was told what about it: recipient and template."""
        query = {"property_id": self.property_id, "request_id": request_id}
        rows = self.runtimes["notify"].db["messages"].find(query).sort("created_at", 1)
        return [(row["recipient"], row["template"]) async for row in rows]


@asynccontextmanager
async def town(settings: Settings) -> AsyncIterator[Town]:
    """A town that runs, its property not opened yet."""
    made = Town()
    await made.start(settings)
    try:
        yield made
    finally:
        await made.stop()
