"""A notify process in a test: its committer and senders over real stores, and events to feed it."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

from services.notify import repository
from services.notify.app import wiring
from services.notify.domain.message import Message
from services.notify.loops import Senders
from shared.catalogue.load import Catalogue
from shared.clock import Clock, SystemClock
from shared.events.dispatch import StaffContact, WorkOrderIssued
from shared.events.envelope import Event, Lane
from shared.events.intake import PropertyConfigured, RequestAccepted, RequestAmended, Requester
from shared.kernel import stores
from shared.kernel.kinds import Kinds
from shared.kernel.runtime import Runtime, build
from shared.kernel.unit import Applied, Cause, Outcome
from shared.settings import Role, Settings
from shared.tasks import end
from tests import events
from tools.gateway.server import Running

GARDEN = "garden"
AWAKE = {"quiet.from": "00:00", "quiet.until": "00:00"}
WANG = Requester(name="王小明", phone="+8613800138000", email="wang@example.org")
MAIL_ONLY = Requester(name="王小明", email="wang@example.org")
LI = StaffContact(staff_id="s7", name="李师傅", phone="+8613900139000", email="li@example.org")
_KINDS = Kinds(repository.KINDS)


class Notify:
    """One process."""

    def __init__(self, runtime: Runtime) -> None:
        self.runtime = runtime
        self.db = runtime.db
        self._sequences: dict[tuple[str, str, str], itertools.count[int]] = {}

    async def feed(
        self, event: Event, stream: str, property_id: str = GARDEN, lane: Lane | None = None
    ) -> Outcome:
        """Hand in the next event of its producer on this stream."""
        source = event.producer()
        sequence = next(self._sequences.setdefault((property_id, stream, source), itertools.count(1)))
        cause = Cause(
            id=f"{property_id}-{stream}-{source}-{sequence}",
            kind="event",
            property_id=property_id,
            stream=stream,
            lane=lane or self.runtime.lane,
            payload=event,
            source=source,
            sequence=sequence,
            occurred_at=self.runtime.clock.now(),
        )
        [outcome] = await self.runtime.committer.submit([cause])
        assert isinstance(outcome, Applied), outcome
        return outcome

    async def configure(self, property_id: str = GARDEN, **changes: Any) -> None:
        """Open the property, without quiet hours unless told otherwise."""
        values: dict[str, Any] = {
            "property_id": property_id,
            "name_zh": "花园小区",
            "name_en": "The Garden",
            "zone": "Asia/Shanghai",
            "profile": "garden",
            "currency": "CNY",
            "settings": AWAKE,
        }
        await self.feed(PropertyConfigured(**(values | changes)), f"property:{property_id}", property_id)

    async def messages(self, **query: Any) -> list[Message]:
        """Stored messages, oldest first."""
        rows = await self.db[repository.MESSAGES].find(query).sort("created_at").to_list(10_000)
        return [_KINDS.aggregate(Message, row) for row in rows]

    async def states(self) -> dict[str, int]:
        """How many messages are in which state."""
        rows = await (await self.db[repository.MESSAGES].aggregate([{"$sortByCount": "$state"}])).to_list(10)
        return {row["_id"]: row["count"] for row in rows}

    async def events(self, type_name: str) -> list[dict[str, Any]]:
        """What was emitted of a type."""
        return await self.db["outbox"].find({"type": type_name}).to_list(10_000)

    @asynccontextmanager
    async def sending(self) -> AsyncIterator[None]:
        """The senders run."""
        task = asyncio.create_task(Senders(self.runtime).run())
        try:
            yield
        finally:
            await end([task])


@asynccontextmanager
async def notify(
    settings: Settings, role: Role = "front", clock: Clock | None = None
) -> AsyncIterator[Notify]:
    """A process with its committer running."""
    flow = wiring(lambda: settings)
    runtime = build(flow, role, settings, clock or SystemClock(), Catalogue.shipped())
    await stores.prepare(runtime.client, runtime.db, flow, settings, runtime.catalogue)
    runtime.committer.start()
    try:
        yield Notify(runtime)
    finally:
        await runtime.committer.stop(5)
        await runtime.client.close()


def corrected(at: datetime) -> RequestAmended:
    """Place and number of a request are put right."""
    return RequestAmended(
        request_id="r1",
        reason="wrong number",
        place="3-2-1802",
        amended_at=at,
        personal=MAIL_ONLY,
        personal_key="person:wang",
    )


def accepted(request_id: str, **changes: Any) -> RequestAccepted:
    """A repair of Mr Wang's."""
    now = datetime.now(UTC)
    values: dict[str, Any] = {
        "request_id": request_id,
        "contact_id": "c1",
        "reference": "GD-1042",
        "procedure": "repair-report",
        "catalogue_version": Catalogue.shipped().procedure("repair-report", "garden").version,
        "urgency": "urgent",
        "urgency_by": "rule",
        "category": "plumbing",
        "area": "indoor",
        "place": "3-2-1801",
        "channel": "hotline",
        "first_contact_id": "",
        "reported_at": now,
        "recorded_at": now,
        "personal": WANG,
        "personal_key": "person:wang",
    }
    return RequestAccepted(**(values | changes))


def issued(request_id: str, **changes: Any) -> WorkOrderIssued:
    """Its slip, with Mr Li."""
    own = {"urgency": "urgent", "place": "3-2-1801", "assignee_id": "s7", "personal": LI}
    return events.issued(request_id, datetime.now(UTC), **own | changes)


def taken(servers: Running) -> list[str]:
    """Keys the text-message gateway took."""
    return [row["key"] for row in servers.sms_receipts.rows() if row["outcome"] == "accepted"]
