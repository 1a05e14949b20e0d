"""A billing process in a test: committer and HTTP over real stores; intake and dispatch played by hand."""

from __future__ import annotations

import itertools
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import jwt

from services.billing.app import WIRING, service
from shared.catalogue.load import Catalogue
from shared.clock import Clock, SystemClock
from shared.events.dispatch import QuoteLine, WorkCancelled, WorkCompleted, WorkQuoted
from shared.events.envelope import Amount, Event, Lane
from shared.events.intake import PropertyConfigured, RequestAccepted
from shared.http.app import make_app
from shared.kernel import stores
from shared.kernel.runtime import Runtime, build
from shared.kernel.unit import Applied, Cause, Outcome
from shared.settings import Settings

VILLA = "villa"


class Billing:
    """One process."""

    def __init__(self, runtime: Runtime) -> None:
        self.runtime = runtime
        self.db = runtime.db
        self.app = make_app(runtime, service.routers)
        self._sequences: dict[tuple[str, str, str], itertools.count[int]] = {}

    # --- HTTP ---------------------------------------------------------------------------------------------

    def client(self, role: str, property_id: str = VILLA, sub: str = "") -> httpx.AsyncClient:
        """A person with a role, calling; named after the role."""
        settings = self.runtime.settings
        until = int((datetime.now(UTC) + timedelta(hours=1)).timestamp())
        grant = {"scope": f"property:{property_id}", "role": role, "until": until}
        claims = {
            "sub": sub or role,
            "iss": settings.jwt_issuer,
            "aud": settings.jwt_audience,
            "exp": until,
            "grants": [grant],
        }
        token = jwt.encode(claims, settings.jwt_secret.get_secret_value(), algorithm="HS256")
        return httpx.AsyncClient(
            transport=httpx.ASGITransport(self.app),
            base_url=f"http://billing/v1/properties/{property_id}",
            headers={"Authorization": f"Bearer {token}"},
        )

    async def get(self, path: str, role: str = "finance", property_id: str = VILLA, **params: Any) -> Any:
        """Read something that must be there."""
        async with self.client(role, property_id) as client:
            answer = await client.get(path, params=params)
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def post(
        self,
        path: str,
        body: dict[str, Any],
        role: str,
        property_id: str = VILLA,
        headers: dict[str, str] | None = None,
    ) -> httpx.Response:
        """Ask for something."""
        async with self.client(role, property_id) as client:
            return await client.post(path, json=body, headers=headers)

    # --- events -------------------------------------------------------------------------------------------

    async def feed(
        self, event: Event, stream: str, property_id: str = VILLA, lane: Lane = "routine"
    ) -> Outcome:
        """Hand in the next event of its producer on this stream; what came of it."""
        source = event.producer()
        sequence = next(self._sequences.setdefault((property_id, stream, source), itertools.count(1)))
        cause = Cause(
            id=f"{property_id}-{stream}-{source}-{sequence}",
            kind="event",
            property_id=property_id,
            stream=stream,
            lane=lane,
            payload=event,
            source=source,
            sequence=sequence,
            occurred_at=self.runtime.clock.now(),
        )
        [outcome] = await self.runtime.committer.submit([cause])
        return outcome

    async def applied(self, event: Event, stream: str, **where: Any) -> None:
        """Hand in an event that must be applied."""
        outcome = await self.feed(event, stream, **where)
        assert isinstance(outcome, Applied), outcome

    async def configure(
        self, property_id: str = VILLA, profile: str = "villa", currency: str = "CNY"
    ) -> None:
        """Open the property."""
        event = PropertyConfigured(
            property_id=property_id,
            name_zh="别墅",
            name_en="Villa",
            zone="Asia/Shanghai",
            profile=profile,
            currency=currency,
        )
        await self.applied(event, f"property:{property_id}", property_id=property_id)

    async def accept(self, request_id: str, procedure: str = "repair-indoor", **changes: Any) -> None:
        """A request was accepted."""
        where = {k: changes.pop(k) for k in ("property_id", "lane") if k in changes}
        now = self.runtime.clock.now()
        fields: dict[str, Any] = {
            "request_id": request_id,
            "contact_id": "c1",
            "reference": "100",
            "procedure": procedure,
            "catalogue_version": Catalogue.shipped().procedure(procedure, "villa").version,
            "urgency": "general",
            "urgency_by": "rule",
            "category": "plumbing",
            "area": "indoor",
            "channel": "hotline",
            "first_contact_id": "lin",
            "reported_at": now,
            "recorded_at": now,
        }
        await self.applied(RequestAccepted(**{**fields, **changes}), request_id, **where)

    def quoted(self, request_id: str, *lines: QuoteLine, **changes: Any) -> WorkQuoted:
        """The work is quoted: a tap and three half hours, 130.00, unless told otherwise."""
        default = (QuoteLine(code="tap-replacement"), QuoteLine(code="labour-half-hour", quantity=3))
        fields: dict[str, Any] = {
            "work_order_id": f"w-{request_id}",
            "request_id": request_id,
            "quote_id": f"q-{request_id}",
            "procedure": "repair-indoor",
            "slip": "2026-000001",
            "lines": lines or default,
            "quoted_by": "zhao",
            "quoted_at": self.runtime.clock.now(),
        }
        return WorkQuoted(**{**fields, **changes})

    def hired(self, request_id: str, price: int = 80_000) -> WorkQuoted:
        """A partner's price for a car, with its deposit."""
        line = QuoteLine(code="car-hire", amount=cny(price))
        more: dict[str, Any] = {"deposit_percent": 10, "partner": "dida", "procedure": "car-hire"}
        return self.quoted(request_id, line, **more)

    def completed(self, request_id: str, minor: int | None) -> WorkCompleted:
        """The work is done."""
        return WorkCompleted(
            work_order_id=f"w-{request_id}",
            request_id=request_id,
            kind="repair",
            quote_id=f"q-{request_id}",
            amount=None if minor is None else cny(minor),
            completed_at=self.runtime.clock.now(),
        )

    def cancelled(self, request_id: str, *, in_time: bool) -> WorkCancelled:
        """A cancellation took effect."""
        now = self.runtime.clock.now()
        return WorkCancelled(
            work_order_id=f"w-{request_id}",
            request_id=request_id,
            slip="2026-000001",
            reason="plans",
            notice_received_at=now,
            confirmed_at=now,
            in_time=in_time,
        )

    async def emitted(self, request_id: str) -> list[str]:
        """The events of a request's stream, in their order."""
        rows = self.db["outbox"].find({"property_id": VILLA, "stream": request_id}).sort("sequence", 1)
        return [row["type"].removeprefix("billing.").removesuffix(".v1") async for row in rows]


def cny(minor: int) -> Amount:
    """So many fen."""
    return Amount(amount_minor=minor, currency="CNY")


def body(minor: int) -> dict[str, Any]:
    """So many fen, in a body."""
    return {"amount_minor": minor, "currency": "CNY"}


@asynccontextmanager
async def billing(settings: Settings, clock: Clock | None = None) -> AsyncIterator[Billing]:
    """A front process with its committer running and a property open."""
    runtime = build(WIRING, "front", settings, clock or SystemClock(), Catalogue.shipped())
    await stores.prepare(runtime.client, runtime.db, WIRING, settings, runtime.catalogue)
    runtime.committer.start()
    try:
        process = Billing(runtime)
        await process.configure()
        yield process
    finally:
        await runtime.committer.stop(5)
        await runtime.client.close()


async def owing(desk: Billing, request_id: str = "r1") -> None:
    """130.00 is owed for a repair, and finance has noted it."""
    await desk.accept(request_id)
    await desk.applied(desk.quoted(request_id), request_id)
    answer = await desk.post(f"quotes/q-{request_id}/consent", {"total": body(13_000)}, "technician")
    assert answer.status_code == 200, answer.text
    await desk.applied(desk.completed(request_id, 13_000), request_id)
    await noted(desk, request_id)


async def noted(desk: Billing, request_id: str) -> None:
    """Finance notes every charge of a request that waits for it."""
    for charge in (await desk.get(f"requests/{request_id}/account", "finance"))["charges"]:
        if charge["hands"] == "finance":
            answer = await desk.post(f"charges/{charge['charge_id']}/note", {}, "finance")
            assert answer.status_code == 200, answer.text


async def pay(desk: Billing, minor: int, request_id: str = "r1", role: str = "cashier", **more: Any) -> Any:
    fields = {"request_id": request_id, "purpose": "charge", "amount": body(minor), "method": "cash"}
    return await desk.post("payments", {**fields, **more}, role)


async def disputed(desk: Billing) -> dict[str, Any]:
    """The deposit of 80.00 for a car that was cancelled late: somebody has to decide."""
    await desk.accept("r1", "car-hire", area="public")
    await desk.applied(desk.hired("r1"), "r1")
    await desk.post("quotes/q-r1/consent", {}, "butler")
    await pay(desk, 8_000, purpose="deposit")
    await desk.applied(desk.cancelled("r1", in_time=False), "r1")
    found: list[dict[str, Any]] = (await desk.get("deposits", "director", status="DISPUTED"))["items"]
    [deposit] = found
    return deposit


async def zero(desk: Billing) -> dict[str, int]:
    """The trial balance, which must be zero; what is not zero in it."""
    answer = await desk.get("ledger/trial-balance")
    assert answer["sum_minor"] == 0
    return {a["account"]: a["balance_minor"] for a in answer["accounts"] if a["balance_minor"]}
