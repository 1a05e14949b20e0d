"""Repairs as the demonstration plays them.

Emergencies, public places, homes, withdrawals and cancellations (P018 to P023).
"""

from __future__ import annotations

from typing import Any

from tools.client import Json
from tools.demo.faults import Fault
from tools.demo.group import Owner
from tools.demo.plays import Plays

SIGNERS = {
    "owner": ("业主", "owner"),
    "technician": ("维修人员", "technician"),
    "repair_supervisor": ("维修主管", "repair supervisor"),
}


class Repairs(Plays):
    """The plays around something broken."""

    async def report(
        self, channel: str, owner: Owner | None, fault: Fault, procedure: str = "repair-report"
    ) -> Json:
        """A fault is reported and accepted."""
        contact = await self.ring(channel, owner)
        body: Json = {
            "procedure": procedure,
            "category": fault.category,
            "area": fault.area,
            "description": fault.zh,
            "hazard": fault.hazard,
            "fields": {"part": fault.part, "tariff_told": True},
        }
        if owner is not None:
            body |= {"person_id": owner.id}
        body |= (
            {"unit_id": owner.unit_id}
            if owner is not None and fault.area == "indoor"
            else {"place": fault.place}
        )
        if fault.hazard and owner is None:
            del body["fields"]  # in an emergency place and what are enough (P020)
        return await self.accepted(contact, body, fault.zh, fault.en)

    async def emergency(self, fault: Fault, owner: Owner | None, channel: str) -> Json:
        """Staff go at once; the paper follows (P020). Ends with the work closed, nothing owed."""
        request = await self.report(channel, owner, fault)
        order = await self.slip(request)
        await self.step(order, "arrive", "technician", f"{self.worker(order)} 到场", "on site")
        await self.step(
            order, "start", "technician", "先处理, 后补手续", "work begins at once, paper follows"
        )
        await self.step(order, "complete", "technician", "险情排除", "the danger is over")
        await self._item(order, fault)
        await self._sign(order)
        return await self.closed(request, order)

    async def public_repair(self, fault: Fault, owner: Owner, channel: str) -> Json:
        """A repair in a public area: no price, the supervisor signs (P021)."""
        request = await self.report(channel, owner, fault)
        order = await self.slip(request)
        await self.public_work(order, fault)
        return await self.closed(request, order)

    async def public_work(self, order: Json, fault: Fault) -> None:
        """The work of a slip in a public area, to its signature."""
        order = await self._on_site(order)
        await self._item(order, fault, materials=[])
        await self.step(order, "start", "technician", "开始维修", "repair begins")
        await self.step(order, "complete", "technician", "修好", "repaired")
        await self._sign(order)

    async def indoor_repair(self, fault: Fault, owner: Owner, channel: str) -> Json:
        """A repair in a home: quote, consent, three signatures, payment at the desk (P022)."""
        request = await self.report(channel, owner, fault, "repair-indoor")
        order = await self._into_home(await self._on_site(await self.slip(request)))
        await self._item(order, fault)
        await self._quote(request, order, fault)
        await self.consent(request, order)
        await self.step(
            order, "start", "technician", "业主同意后开始维修", "repair begins after the owner agreed"
        )
        await self.step(
            order, "complete", "technician", "修好, 清理现场", "repaired and cleaned up", cleaned=True
        )
        await self._sign(order, owner)
        await self.pay_charge(request)
        return await self.closed(request, order)

    async def withdrawn_repair(self, fault: Fault, owner: Owner, channel: str) -> Json:
        """The owner objects to the price and withdraws on site; the slip keeps its number (P023)."""
        request = await self.report(channel, owner, fault, "repair-indoor")
        order = await self._into_home(await self._on_site(await self.slip(request)))
        await self._item(order, fault)
        quote = await self._quote(request, order, fault)
        await self.desk.money(f"quotes/{quote['quote_id']}/refuse", "technician", reason="价格太高")
        self.story.tell("billing", "业主不同意报价", "the owner does not agree to the price")
        await self.desk.order_until(order["work_order_id"], "the objection on the slip", status="OBJECTED")
        await self.step(
            order,
            "withdraw",
            "technician",
            "业主签注撤消报修",
            "the owner marks the withdrawal on the form",
            reason="自己找人修",
            owner_mark=owner.name,
            cause="price",
        )
        await self.step(
            order,
            "sign",
            "repair_supervisor",
            "维修主管签名确认",
            "the repair supervisor signs",
            signer="repair_supervisor",
        )
        request = await self.desk.request_until(request["id"], "the request withdrawn", status="WITHDRAWN")
        self.story.tell(
            "intake",
            f"报修撤消, 单号 {order['slip']} 保留",
            f"request withdrawn, slip {order['slip']} keeps its number",
        )
        return request

    async def cancelled_repair(self, fault: Fault, owner: Owner, channel: str) -> Json:
        """The caller changes his mind before anybody comes (J5)."""
        request = await self.report(channel, owner, fault)
        await self.slip(request)
        await self.story.pause()
        await self.desk.on_request(request, "cancel", reason="业主自行解决")
        request = await self.desk.request_until(request["id"], "the request cancelled", status="CANCELLED")
        self.story.tell("intake", "业主取消, 报事关闭", "the caller changed his mind; the request is closed")
        return request

    async def _assigned(self, order: Json) -> Json:
        """General repairs go through the repair supervisor, who gives them to a technician on duty."""
        holder = self.desk.person(order["assignee_id"])
        if holder is None or holder.role != "repair_supervisor":
            return order
        technician = self.desk.on_duty("technician")
        await self.desk.step(order, "assign", "repair_supervisor", staff_id=technician.id)
        self.story.tell(
            "dispatch",
            f"维修主管派给 {technician.name}",
            f"the repair supervisor gives it to {technician.name}",
        )
        return await self.desk.order_until(
            order["work_order_id"], "the technician on the slip", assignee_id=technician.id
        )

    async def _on_site(self, order: Json) -> Json:
        order = await self._assigned(order)
        if any(one["action"] == "collect" for one in order["allowed_actions"]) or self._collects(order):
            await self.step(order, "collect", "technician", "工程部取单", "engineering collects the slip")
        await self.step(order, "contact", "technician", "与业主约好时间", "a time is agreed with the owner")
        await self.step(
            order, "arrive", "technician", f"{self.worker(order)} 上门", "the technician is there"
        )
        return order

    async def _into_home(self, order: Json) -> Json:
        """Ring, show the form, go in, with customer service where the property wants it (P016, P017)."""
        await self.step(order, "ring", "technician", "按门铃", "the bell is rung")
        await self.step(
            order,
            "show-form",
            "technician",
            "业主确认服务表单",
            "the owner confirms the form",
            confirmed=True,
        )
        companion = self.desk.on_duty(order["companion"]).id if order["companion"] else ""
        await self.step(order, "enter", "technician", "进门问候", "they go in", companion_id=companion)
        return order

    def _collects(self, order: Json) -> bool:
        return self.desk.estate.profile == "villa" and order["status"] == "ISSUED"

    async def _item(self, order: Json, fault: Fault, **more: Any) -> None:
        await self.step(
            order,
            "confirm-item",
            "technician",
            "现场确认项目",
            "the fault is confirmed",
            item=fault.zh,
            **more,
        )

    async def _quote(self, request: Json, order: Json, fault: Fault) -> Json:
        lines = [{"code": code, "quantity": quantity} for code, quantity in fault.tariff]
        await self.desk.step(order, "quote", "technician", lines=lines)
        return await self.told_price(request)

    async def _sign(self, order: Json, owner: Owner | None = None) -> None:
        now = await self.desk.order_until(order["work_order_id"], "the work done", status="REPAIRED")
        worker = self.desk.person(now["assignee_id"])
        roles = {"technician": worker.role} if worker is not None else {}
        for signer in now["signatures_missing"]:
            role = "technician" if signer == "owner" else roles.get(signer, signer)
            mark = owner.name if signer == "owner" and owner is not None else ""
            rating = {"rating": 5} if signer == "owner" else {}
            await self.desk.step(now, "sign", role, signer=signer, mark=mark, **rating)
            self.story.tell("dispatch", f"{SIGNERS[signer][0]}签名", f"signed by the {SIGNERS[signer][1]}")
            await self.story.pause()
