"""Dispatch, intake and billing side by side, with things in every state a refusal needs."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import httpx

from shared.clock import ManualClock
from shared.kernel.runtime import Runtime
from shared.settings import Settings
from tests import sample_files as files
from tests.connected.attachment_kit import Sender
from tests.connected.billing_kit import Billing, billing
from tests.connected.dispatch_desk import START, Desk, Json, open_desk
from tests.connected.intake_kit import Estate, new_property, running
from tests.connected.promise_kit import arranged, at

ITEM = {"item": "tap", "materials": []}
LINES = {"lines": [{"code": "tap-replacement"}]}


@dataclass
class World:
    """Dispatch, intake and billing, each with things in the states the cases need."""

    desk: Desk
    estate: Estate
    billing: Billing
    ids: dict[str, str] = field(default_factory=dict)

    async def step(self, order: str, action: str, role: str, sub: str = "", **sent: Any) -> httpx.Response:
        """A step of a slip."""
        return await self.desk.call(
            role, "POST", f"work-orders/{self.ids[order]}/{action}", sent, sub=sub or f"{role}-1"
        )

    async def post(self, path: str, role: str, sent: Json, sub: str = "lin") -> httpx.Response:
        """A call to intake."""
        async with self.estate.client(role, sub=sub) as client:
            return await client.post(path.format(**self.ids), json=sent)

    async def attach(self, name: str) -> httpx.Response:
        """A file that was uploaded, to be added to a request."""
        async with self.estate.client("cs_officer") as client:
            return await Sender(self.estate, client).add(self.ids["request"], self.ids[name])


@asynccontextmanager
async def refusing_world(settings: Settings) -> AsyncIterator[World]:
    """Everything stands where the cases need it; whatever is refused changes nothing, so they share it."""
    async with AsyncExitStack() as stack:
        desk = await stack.enter_async_context(open_desk(settings))
        runtime, url = await stack.enter_async_context(running(settings, ManualClock(START)))
        money = await stack.enter_async_context(billing(settings))
        made = World(desk, Estate(runtime, url, new_property()), money)
        await slips(made)
        await requests(made)
        yield made


async def slips(world: World) -> None:
    """Slips of a garden estate, where customer service goes in with the worker."""
    desk, ids = world.desk, world.ids
    await desk.open_property(profile="garden")
    people = [("tech-1", "technician"), ("tech-2", "technician"), ("boss-1", "repair_supervisor")]
    await desk.staff("engineering", *people, hours=20)
    await desk.staff("service", ("cs-1", "cs_officer"), hours=20)
    ids["issued"] = await desk.report("issued", profile="garden")
    ids["not ordered"] = await desk.report("unordered", profile="garden", urgency="urgent", channel="patrol")
    ids["at the door"] = await desk.report("door", profile="garden", urgency="urgent")
    for action, sent in (("contact", {}), ("arrive", {}), ("ring", {}), ("show-form", {"confirmed": True})):
        await desk.take("technician", ids["at the door"], action, sent, sub="tech-1")
    await desk.take("technician", ids["not ordered"], "contact", sub="tech-1")
    for name in ("consented", "repaired"):
        ids[name] = await desk.report(name, profile="garden", urgency="urgent")
        await desk.into_home(ids[name], "cs-1")
        await desk.take("technician", ids[name], "confirm-item", ITEM)
        await desk.consent(await desk.take("technician", ids[name], "quote", LINES), 4_000)
    await desk.take("technician", ids["repaired"], "start")
    await desk.take("technician", ids["repaired"], "complete", {"cleaned": True})
    public = {"procedure": "repair-report", "area": "public", "first_contact_id": "lin"}
    done = await desk.report("done", **public)
    await desk.take("repair_supervisor", done, "assign", {"staff_id": "tech-1"}, sub="boss-1")
    await desk.work_done(done, "tech-1")
    for missing in (await desk.read(done))["signatures_missing"]:
        sub = {"repair_supervisor": "boss-1", "cs_officer": "cs-1"}.get(missing, "tech-1")
        await desk.take(missing, done, "sign", {"signer": missing}, sub=sub)
    found = (await desk.call("cs_officer", "GET", f"callbacks?work_order_id={done}")).json()["items"]
    ids["callback"] = found[0]["id"]
    path = f"callbacks/{ids['callback']}/opinion"
    answer = await desk.call("cs_officer", "POST", path, {"opinion": "satisfied"}, sub="lin")
    assert answer.status_code == 200, answer.text


async def requests(world: World) -> None:
    """Requests of another estate, with files."""
    estate, ids = world.estate, world.ids
    await estate.open()
    ids["request"] = (await estate.accept())["id"]
    ids["emergency"] = (await estate.accept(urgency="emergency", hazard="flooding"))["id"]
    ids["arranged"] = await arranged(estate)
    ids["promised"] = await arranged(estate)
    await estate.act(ids["promised"], "promise", "cs_officer", promised_at=at(estate, 3))
    await estate.passes(timedelta(hours=4))
    ids["told"] = await estate.called(ids["promised"])
    async with estate.client("cs_officer") as client:
        sender = Sender(estate, client)
        ids["svg"] = await sender.upload(files.SVG_WITH_SCRIPT)
        ids["heic"] = await sender.upload(files.heic())
        ids["scan"] = (await sender.attach(ids["request"], files.scan(), "scan"))["id"]


async def standing(runtime: Runtime) -> dict[str, tuple[int, int]]:
    """How many of everything there are, and their versions; and how much was told."""
    found = {}
    for name in (*sorted(set(runtime.wiring.kinds.values())), "outbox", "timers"):
        sums = {"$group": {"_id": None, "count": {"$sum": 1}, "versions": {"$sum": "$version"}}}
        rows = await (await runtime.db[name].aggregate([sums])).to_list()
        found[name] = (rows[0]["count"], rows[0]["versions"]) if rows else (0, 0)
    return found


async def refusals(world: World, service: str, query: Json, role: str = "property_manager") -> httpx.Response:
    """What that service remembers having refused."""
    if service == "dispatch":
        await world.desk.runtime.denials.flush()
        return await world.desk.call(role, "GET", "refusals", params=query)
    if service == "billing":
        await world.billing.runtime.denials.flush()
        async with world.billing.client(role) as client:
            return await client.get("/refusals", params=query)
    await world.estate.runtime.denials.flush()
    async with world.estate.client(role) as client:
        return await client.get("/refusals", params=query)
