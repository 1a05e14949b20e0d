"""A hired car as the demonstration plays it.

Booked with a deposit, used, cancelled in time or late (P066, J4).
"""

from __future__ import annotations

from datetime import timedelta

from tools.client import Json
from tools.demo.group import Owner
from tools.demo.plays import Plays
from tools.demo.story import local, yuan


class Cars(Plays):
    """The plays around a car."""

    async def book_car(
        self, owner: Owner, channel: str, starts_in: timedelta, price_minor: int
    ) -> tuple[Json, Json]:
        """A car is asked for, confirmed by the partner, agreed, signed for, and its deposit paid (P066)."""
        start = (self.desk.clock.now() + starts_in).replace(microsecond=0)
        contact = await self.ring(channel, owner)
        body: Json = {
            "procedure": "car-hire",
            "unit_id": owner.unit_id,
            "person_id": owner.id,
            "description": "租车",
            "fields": {
                "start_at": start.isoformat(),
                "pickup_place": "大堂门口",
                "vehicle_type": "sedan",
                "duration_hours": 4,
                "people": 2,
            },
        }
        when = local(start.isoformat(), self.desk.estate.zone)
        request = await self.accepted(contact, body, f"租车 {when}", f"a car at {when}")
        order = await self.slip(request)
        await self.step(
            order,
            "confirm-car",
            "butler",
            "租车公司确认有车",
            "the partner confirms the car",
            partner="安达租车",
            price_minor=price_minor,
            detail="帕萨特 粤B·D0001",
        )
        await self._quote_car(request, order)
        await self.consent(request, order, role="butler")
        await self.step(
            order, "form-signed", "butler", "业主签《客用出车单》", "the owner signs the car form"
        )
        await self._pay_deposit(request)
        order = await self.desk.order_until(order["work_order_id"], "the booking", status="BOOKED")
        self.story.tell("dispatch", "订车成立", "the booking stands")
        return request, order

    async def use_car(self, request: Json, order: Json) -> Json:
        """The car is used; the deposit pays a part, the owner the rest."""
        await self.step(order, "used", "butler", "用车完毕", "the car was used")
        await self.pay_charge(request)
        return await self.closed(request, order)

    async def cancel_car(self, request: Json, order: Json) -> Json:
        """The owner cancels and the butler desk confirms, in time or late (P066, J4)."""
        await self.desk.on_request(request, "cancel", reason="行程改变")
        self.story.tell("intake", "业主通知取消", "the owner gives notice of cancelling")
        order = await self.desk.order_until(
            order["work_order_id"], "the notice on the slip", cancel_notice_at=bool
        )
        await self.step(order, "confirm-cancellation", "butler", "管家部确认取消", "the butler desk confirms")
        order = await self.desk.order_until(
            order["work_order_id"], "the cancellation", status=("CANCELLED_IN_TIME", "CANCELLED_LATE")
        )
        if order["status"] == "CANCELLED_IN_TIME":
            self.story.tell("dispatch", "提前24小时以上, 及时取消", "more than 24 hours ahead: in time")
        else:
            self.story.tell("dispatch", "不足24小时, 逾时取消", "less than 24 hours ahead: late")
        return order

    async def refund(self, request: Json) -> Json:
        """The cashier hands the deposit back."""
        account = await self.desk.account_until(
            request["id"], "a refund that is due", refund_due=lambda due: due["amount_minor"] > 0
        )
        deposit = account["deposits"][0]
        await self.desk.money(
            f"deposits/{deposit['deposit_id']}/refund", "cashier", method="cash", reason="及时取消"
        )
        account = await self.desk.account_until(request["id"], "the deposit handed back", settled=True)
        self.story.tell(
            "billing", f"退还定金 {yuan(deposit['amount'])}", f"deposit {yuan(deposit['amount'])} handed back"
        )
        return account

    async def forfeit(self, request: Json) -> Json:
        """The forfeiture is proposed; the director decides (J4)."""
        disputed = await self.desk.account_until(
            request["id"],
            "the proposal to keep the deposit",
            deposits=lambda all_: all_ and all_[0]["status"] == "DISPUTED",
        )
        deposit = disputed["deposits"][0]
        self.story.tell(
            "billing", "逾时取消, 提请没收定金, 待主任决定", "forfeiture proposed; the director has to decide"
        )
        await self.desk.money(
            f"deposits/{deposit['deposit_id']}/approve-forfeiture", "director", reason="逾时取消"
        )
        account = await self.desk.account_until(request["id"], "the deposit kept", settled=True)
        self.story.tell(
            "billing",
            f"主任批准, 定金 {yuan(deposit['amount'])} 不退",
            f"approved: {yuan(deposit['amount'])} is kept",
        )
        return account

    async def _quote_car(self, request: Json, order: Json) -> Json:
        await self.desk.step(order, "quote", "butler")
        return await self.told_price(request)

    async def _pay_deposit(self, request: Json) -> None:
        account = await self.desk.account_until(
            request["id"],
            "a deposit asked for",
            deposits=lambda all_: any(one["status"] == "REQUESTED" for one in all_),
        )
        deposit = next(one for one in account["deposits"] if one["status"] == "REQUESTED")
        paid = await self.desk.pay(request["id"], "deposit", deposit["amount"])
        amount = yuan(deposit["amount"])
        self.story.tell(
            "billing",
            f"现金定金 {amount}, 收据 {paid['receipt']}",
            f"deposit {amount} in cash, receipt {paid['receipt']}",
        )
        await self.story.pause()
