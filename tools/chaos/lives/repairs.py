"""Repairs that do not go straight: refused, nobody at home, called back, opened again, joined, on paper.

(P016, P029, P031, P033, P127, J7.)
"""

from __future__ import annotations

import asyncio
from random import Random
from typing import Any

from tools.chaos.desk import ChaosDesk
from tools.client import Json
from tools.demo.faults import EMERGENCIES, INDOOR, PUBLIC, URGENT, Fault
from tools.demo.group import Owner
from tools.demo.repairs import Repairs
from tools.demo.story import Story

BELL_SECONDS = 3 * 60 + 2  # nobody rings again before (P016)
BLOCK = 2
WAYS = {"first": "phone", "second": "visit", "rain": "phone"}


class DeeperRepairs(Repairs):
    """The plays of one property; every choice comes from the seed."""

    def __init__(self, desk: ChaosDesk, story: Story, random: Random) -> None:
        super().__init__(desk, story)
        self.chaos = desk
        self.random = random

    @property
    def owner(self) -> Owner:
        """Somebody of the property."""
        return self.random.choice(self.desk.estate.owners)

    # --- refused, and nobody at home ----------------------------------------------------------------------

    async def refused_slip(self) -> None:
        """The department gives the slip back; head, office and desk pass it on; the owner is told (P029)."""
        fault, owner = self.random.choice(PUBLIC), self.owner
        request = await self.report("hotline", owner, fault)
        order = await self._assigned(await self.slip(request))
        await self.desk.step(order, "collect", "technician")
        why = {"reason": "不属本部门"}
        await self.desk.step(order, "return-undone", "technician", **why)
        if self.random.random() < 0.3:
            await self.desk.step(order, "carry-on", "department_head", reason="再看一次")
            await self.desk.step(order, "return-undone", "technician", **why)
        await self.desk.step(order, "sign-undone", "department_head")
        await self.desk.step(order, "pass-undone", "office")
        await self.desk.step(order, "tell-undone", "cs_officer", reason="已向业主解释")
        await self._told_undone(request)
        if self.random.random() < 0.5:
            await self.satisfied(request, owner)
        else:
            await self._once_more(request, order, fault)
            await self.satisfied(request, owner)

    async def nobody_home(self) -> None:
        """Two bells three minutes apart, nobody opens; the second visit finds the owner (P016)."""
        fault, owner = self.random.choice(INDOOR), self.owner
        request = await self.report("hotline", owner, fault, "repair-indoor")
        order = await self._on_site(await self.slip(request))
        await self.desk.step(order, "ring", "technician")
        await asyncio.sleep(BELL_SECONDS)
        await self.desk.step(order, "ring", "technician")
        await self.desk.step(order, "no-show", "technician", reason="无人应门")
        await self.desk.step(order, "contact", "technician")
        await self.desk.step(order, "arrive", "technician")
        await self._repaired_at_home(request, await self._into_home(order), fault, owner)
        await self.satisfied(request, owner)

    # --- called back --------------------------------------------------------------------------------------

    async def not_satisfied(self) -> None:
        """The callback finds the fault back: a new slip, done again, called back again (P031)."""
        fault, owner = self.random.choice(PUBLIC), self.owner
        request = await self.public_repair(fault, owner, "hotline")
        order = await self.desk.work_order(request["id"])
        await self._unhappy(request, await self._callback(order, "first"))
        await self._content(request, await self._redone(request, order, fault))

    async def called_back(self) -> None:
        """An urgent repair is called back twice, once face to face and once by telephone (P031, P127)."""
        fault, owner = self.random.choice(URGENT), self.owner
        request = await self.public_repair(fault, owner, "hotline")
        await self._content(request, await self.desk.work_order(request["id"]))

    async def leak(self) -> None:
        """A leak is called back, and once more after rain; sometimes it came through again (P031)."""
        fault, owner = next(f for f in PUBLIC if not f.hazard), self.owner
        request = await self._leaking(fault, owner)
        order = await self.slip(request)
        await self.public_work(order, fault)
        await self.closed(request, order)
        await self._content(request, order)
        supervisor = self.desk.as_role("cs_supervisor")
        await supervisor.post("dispatch", f"{self.desk.base}/rain-events", {})
        callback = await self._callback(order, "rain")
        if callback["status"] != "DUE":
            return  # it had rained before, and he was asked then
        if self.random.random() < 0.5:
            await self._satisfied_by(request, callback, "phone")
        else:
            await self._unhappy(request, callback)
            await self._content(request, await self._redone(request, order, fault))

    # --- joined, and on paper -----------------------------------------------------------------------------

    async def joined(self) -> None:
        """Two owners tell the same: one request waits for the other and ends with it (J7)."""
        fault, owner = self.random.choice(PUBLIC), self.owner
        incident = await self.report("hotline", owner, fault)
        order = await self.slip(incident)
        again = await self.report("window", self.owner, fault)
        own = await self.slip(again)
        await self.desk.on_request(again, "join", incident_id=incident["id"], reason="同一故障")
        await self.desk.order_until(own["work_order_id"], "the slip given back", status="CANCELLED")
        await self.public_work(order, fault)
        await self.closed(incident, order)
        await self.satisfied(incident, owner)
        await self.desk.request_until(again["id"], "the end with the other request", status="JOINED")

    async def on_paper(self) -> None:
        """During an outage numbers went out on paper: one is used by a report, the other void (P033)."""
        supervisor, path = self.desk.as_role("cs_supervisor"), f"{self.desk.base}/slips/paper-blocks"
        holder = self.desk.on_duty("cs_officer").id
        block = await supervisor.post(
            "dispatch", path, {"count": BLOCK, "issued_to": holder, "reason": "系统中断"}
        )
        used, unused = block["open"]
        fault, owner = self.random.choice(EMERGENCIES if self.random.random() < 0.3 else PUBLIC), self.owner
        request = await self._told(fault, owner, paper_slip=used)
        order = await self.slip(request)
        self.chaos.note_sheet(used, request["id"])
        if order["slip"] != used:
            self.chaos.note("paper-lost", request["id"], f"it was on paper {used} and got {order['slip']}")
        body = {"number": int(unused.rpartition("-")[2]), "reason": "未使用"}
        await supervisor.post("dispatch", f"{path}/{block['block_id']}/void", body)
        self.chaos.note_sheet(unused, "")

    # --- in common ----------------------------------------------------------------------------------------

    async def _told(self, fault: Fault, owner: Owner, **fields: Any) -> Json:
        contact = await self.ring("hotline", owner)
        body: Json = {
            "procedure": "repair-report",
            "category": fault.category,
            "area": fault.area,
            "description": fault.zh,
            "hazard": fault.hazard,
            "person_id": owner.id,
            "place": fault.place,
            "fields": {"part": fault.part, "tariff_told": True, **fields},
        }
        return await self.accepted(contact, body, fault.zh, fault.en)

    async def _leaking(self, fault: Fault, owner: Owner) -> Json:
        return await self._told(fault, owner, leak=True)

    async def _repaired_at_home(self, request: Json, order: Json, fault: Fault, owner: Owner) -> None:
        await self._item(order, fault)
        await self._quote(request, order, fault)
        await self.consent(request, order)
        await self.desk.step(order, "start", "technician")
        await self.desk.step(order, "complete", "technician", cleaned=True)
        await self._sign(order, owner)
        await self.pay_charge(request)
        await self.closed(request, order)

    async def _told_undone(self, request: Json) -> None:
        """Intake has heard that the slip ended without work: the owner decides what follows."""
        await self.desk.request_until(request["id"], "the refusal", stage="TO_CONFIRM")

    async def _once_more(self, request: Json, before: Json, fault: Fault) -> Json:
        await self.desk.on_request(request, "reopen", reason="业主不同意退单")
        return await self._redone(request, before, fault)

    async def _redone(self, request: Json, before: Json, fault: Fault) -> Json:
        """The new slip, and its work to the end."""

        async def look() -> Json | None:
            order = await self.desk.work_order(request["id"])
            return order if order["work_order_id"] != before["work_order_id"] else None

        order = await self.desk.wait_for(look, "a new slip")
        await self.public_work(order, fault)
        await self.closed(request, order)
        return order

    async def _callbacks(self, order: Json) -> list[Json]:
        """All callbacks of a slip so far."""
        page = await self.desk.as_role("cs_officer").get(
            "dispatch",
            f"{self.desk.base}/callbacks",
            work_order_id=order["work_order_id"],
            open_only="false",
        )
        found: list[Json] = page["items"]
        return found

    async def _callback(self, order: Json, round: str) -> Json:
        """The callback of that round, once it is due or over."""

        async def look() -> Json | None:
            own = [one for one in await self._callbacks(order) if one["round"] == round]
            return next((one for one in own if one["status"] != "AWAITING_RAIN"), None)

        return await self.desk.wait_for(look, f"the callback of the round {round}")

    async def _content(self, request: Json, order: Json) -> None:
        """Every callback that is due finds the owner satisfied; the last one ends the request (J7)."""

        async def look() -> Json | None:
            for callback in await self._callbacks(order):
                if callback["status"] == "DUE":
                    if self.random.random() < 0.3:
                        await self._call(callback, "attempt", request, result="not_reached")
                    await self._satisfied_by(request, callback, WAYS[callback["round"]])
            found = await self.desk.read_request(request["id"])
            return found if found["status"] == "SATISFIED" else None

        await self.desk.wait_for(look, "the callbacks and the request satisfied")
        await self.desk.request_until(request["id"], "the request satisfied", status="SATISFIED")

    async def _satisfied_by(self, request: Json, callback: Json, how: str) -> None:
        await self._call(callback, "opinion", request, opinion="satisfied", method=how)
        if how == "phone":
            await self._countersign(callback)

    async def _unhappy(self, request: Json, callback: Json) -> None:
        said = {"opinion": "not_satisfied", "problem": "came_back", "words": "修了又坏"}
        await self._call(callback, "opinion", request, **said)
        await self._countersign(callback)
        path = f"{self.desk.base}/callbacks/{callback['id']}/read-notice"
        await self.desk.as_role("repair_supervisor").post("dispatch", path, {})

    async def _countersign(self, callback: Json) -> None:
        path = f"{self.desk.base}/callbacks/{callback['id']}/sign"
        await self.desk.as_role("cs_supervisor").post("dispatch", path, {})

    async def _call(self, callback: Json, what: str, request: Json, **body: Any) -> None:
        first = self.desk.person(request["first_contact_id"]) or self.desk.on_duty("cs_officer")
        path = f"{self.desk.base}/callbacks/{callback['id']}/{what}"
        await self.desk.speaks(first).post("dispatch", path, body)
