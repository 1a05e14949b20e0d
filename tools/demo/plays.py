"""What people of one property do, from the ring of the telephone on: the steps that every play has.

Everything goes through the HTTP API; what other services do is waited for by asking until it is there.
"""

from __future__ import annotations

from typing import Any

from tools.client import Json
from tools.demo.desk import Desk
from tools.demo.group import Owner
from tools.demo.story import Story, local, yuan


class Plays:
    """The common steps. Each is told to the story."""

    def __init__(self, desk: Desk, story: Story) -> None:
        self.desk = desk
        self.story = story

    async def ring(self, channel: str, owner: Owner | None) -> Json:
        """The telephone rings, or somebody stands at the window."""
        contact = await self.desk.contact(channel, owner=owner)
        who_zh, who_en = (owner.name, owner.name) if owner else ("匿名来电人", "an anonymous caller")
        self.story.tell("intake", f"{who_zh} 来电来访 ({channel})", f"{who_en} reaches us ({channel})")
        return contact

    async def accepted(self, contact: Json, body: Json, zh: str, en: str) -> Json:
        request = await self.desk.request(contact, **body)
        reference, urgency = request["reference"], request["urgency"]
        self.story.tell(
            "intake",
            f"受理「{zh}」, 编号 {reference}, 级别 {urgency}, 首问 {self.name(request['first_contact_id'])}",
            f"accepted: {en}; reference {reference}, {urgency}",
        )
        return request

    async def slip(self, request: Json) -> Json:
        """Dispatch issues the slip."""
        order = await self.desk.work_order(request["id"])
        name = self.name(order["assignee_id"])
        due = local(order["due_at"], self.desk.estate.zone)
        self.story.tell(
            "dispatch",
            f"派工单 {order['slip']} 派给 {name}, 期限 {due}",
            f"slip {order['slip']} to {name or 'the department'}, due {due}",
        )
        return order

    async def satisfied(self, request: Json, owner: Owner | None) -> Json:
        """The first contact calls back.

        The owner is satisfied (P009). Without a number the caller has rung again.
        """
        ready = await self.desk.request_until(request["id"], "work and account closed", stage="TO_CONFIRM")
        known: dict[str, Any] = {"owner": owner, "direction": "out", "result": "reached"} if owner else {}
        contact = await self.desk.contact(
            "callback" if owner else "hotline", about_request_id=request["id"], **known
        )
        await self.desk.on_request(ready, "confirm", contact_id=contact["id"])
        ended = await self.desk.request_until(request["id"], "the request satisfied", status="SATISFIED")
        if owner:
            self.story.tell(
                "intake", "首问回访, 业主满意, 报事关闭", "called back: the owner is satisfied; closed"
            )
        else:
            self.story.tell(
                "intake",
                "来电人再次来电, 险情已解除, 报事关闭",
                "the caller rings again, all is well; closed",
            )
        return ended

    async def consent(self, request: Json, order: Json, role: str = "technician") -> None:
        """The owner agrees to the price; whoever hears it records it."""
        account = await self.desk.account_until(
            request["id"],
            "an offered quote",
            quotes=lambda all_: any(one["status"] == "OFFERED" for one in all_),
        )
        quote = next(one for one in account["quotes"] if one["status"] == "OFFERED")
        await self.desk.money(
            f"quotes/{quote['quote_id']}/consent", role, consented_by="owner", how="on_site"
        )
        await self.desk.order_until(order["work_order_id"], "the consent on the slip", status="CONSENTED")
        self.story.tell(
            "billing", f"业主同意 {yuan(quote['total'])}", f"the owner agrees to {yuan(quote['total'])}"
        )
        await self.story.pause()

    async def pay_charge(self, request: Json) -> Json:
        """The owner pays what is owed at the desk and gets a receipt."""
        account = await self.desk.account_until(
            request["id"], "something owed", owed=lambda owed: owed["amount_minor"] > 0
        )
        paid = await self.desk.pay(request["id"], "charge", account["owed"], "qr")
        self.story.tell(
            "billing",
            f"收款 {yuan(account['owed'])}, 收据 {paid['receipt']}",
            f"{yuan(account['owed'])} received, receipt {paid['receipt']}",
        )
        await self.story.pause()
        return paid

    async def told_price(self, request: Json) -> Json:
        account = await self.desk.account_until(request["id"], "a priced quote", quotes=bool)
        quote: Json = account["quotes"][-1]
        self.story.tell("billing", f"报价 {yuan(quote['total'])}", f"quote {yuan(quote['total'])}")
        await self.story.pause()
        return quote

    async def closed(self, request: Json, order: Json) -> Json:
        await self.desk.order_until(order["work_order_id"], "the slip closed", status="CLOSED")
        self.story.tell("dispatch", f"派工单 {order['slip']} 结束", f"slip {order['slip']} is closed")
        return await self.desk.request_until(request["id"], "the request to be confirmed", stage="TO_CONFIRM")

    async def step(self, order: Json, action: str, role: str, zh: str, en: str, **body: Any) -> None:
        await self.desk.step(order, action, role, **body)
        self.story.tell("dispatch", zh, en)
        await self.story.pause()

    def name(self, staff_id: str) -> str:
        staff = self.desk.person(staff_id)
        return staff.name if staff else staff_id

    def worker(self, order: Json) -> str:
        return self.name(order["assignee_id"]) or "维修人员"
