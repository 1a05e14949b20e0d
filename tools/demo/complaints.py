"""A complaint as the demonstration plays it: a bad repair is complained about, done again, and the owner
satisfied (P034, P031).
"""

from __future__ import annotations

from tools.client import ApiError, Json
from tools.demo.faults import Fault
from tools.demo.group import Owner
from tools.demo.repairs import Repairs


class Complaints(Repairs):
    """The play around a repair the owner is not satisfied with."""

    async def complained_repair(self, fault: Fault, owner: Owner, channel: str) -> tuple[Json, Json]:
        """The repair, satisfied at last, and the complaint, verified: both as they ended."""
        repair = await self.public_repair(fault, owner, channel)
        first = await self.desk.work_order(repair["id"])
        complaint = await self._complained(repair, first, owner)
        await self._judged(complaint)
        await self._again(repair, first, fault)
        await self._step(
            complaint,
            "handle",
            "repair_supervisor",
            "重新维修, 主管致歉",
            "repaired again, with an apology",
            result="重新维修并致歉",
        )
        repair = await self.satisfied(repair, owner)
        return repair, await self._verified(complaint, owner)

    async def _complained(self, repair: Json, order: Json, owner: Owner) -> Json:
        contact = await self.ring("complaint_day", owner)
        body = {
            "procedure": "complaint-owner",
            "category": "repair",
            "unit_id": owner.unit_id,
            "person_id": owner.id,
            "description": "修了又坏, 很不满意",
            "fields": {"about_staff_id": order["assignee_id"], "about_reference": repair["reference"]},
        }
        complaint = await self.accepted(contact, body, "投诉维修质量", "a complaint about the repair")
        await self._step(
            complaint,
            "confirm",
            "cs_officer",
            "复述投诉内容, 业主确认",
            "restated; the owner confirms it",
            restated="维修后当天又坏",
            confirmed_by="owner",
        )
        return complaint

    async def _judged(self, complaint: Json) -> None:
        responsible = self.desk.on_duty("repair_supervisor")
        await self._assigned_to(complaint, responsible.id)
        self.story.tell(
            "intake", f"由 {responsible.name} 负责 (被投诉人回避)", f"{responsible.name} answers for it"
        )
        await self._step(
            complaint,
            "investigate",
            "repair_supervisor",
            "现场核查",
            "looked into on site",
            findings="灯具接线松动",
        )
        await self._step(
            complaint,
            "judge",
            "repair_supervisor",
            "有效投诉",
            "found valid",
            validity="VALID",
            explanation="维修质量问题",
        )
        await self._step(
            complaint,
            "grade",
            "cs_supervisor",
            "定为一般投诉",
            "graded general",
            grade="GENERAL",
            reason="首次",
        )

    async def _assigned_to(self, complaint: Json, staff_id: str) -> None:
        """Intake hears from dispatch who works here; right after loading that may take a moment."""

        async def look() -> Json | None:
            try:
                return await self.desk.on_complaint(
                    complaint, "assign", "cs_supervisor", responsible_id=staff_id
                )
            except ApiError as error:
                if error.kind != "unknown-colleague":
                    raise
                return None

        await self.desk.wait_for(look, "intake to know who works here")

    async def _again(self, repair: Json, first: Json, fault: Fault) -> None:
        await self.desk.on_request(repair, "reopen", reason="业主不满意")
        self.story.tell("intake", "业主不满意, 报修重新打开", "not satisfied: the repair is opened again")

        async def look() -> Json | None:
            order = await self.desk.work_order(repair["id"])
            return order if order["work_order_id"] != first["work_order_id"] else None

        order = await self.desk.wait_for(look, "a new slip")
        self.story.tell("dispatch", f"新派工单 {order['slip']}", f"a new slip, {order['slip']}")
        await self.public_work(order, fault)
        await self.closed(repair, order)

    async def _verified(self, complaint: Json, owner: Owner) -> Json:
        contact = await self.desk.contact(
            "callback", owner=owner, about_request_id=complaint["id"], direction="out", result="reached"
        )
        await self._step(
            complaint,
            "verify",
            "cs_officer",
            "回访投诉人: 满意",
            "the owner is called back: satisfied",
            outcome="SATISFIED",
            how="phone",
            contact_id=contact["id"],
        )
        return await self._step(
            complaint,
            "countersign",
            "cs_supervisor",
            "电话回访: 第二人签字",
            "a second person signs the call",
        )

    async def _step(self, complaint: Json, step: str, role: str, zh: str, en: str, **body: object) -> Json:
        done = await self.desk.on_complaint(complaint, step, role, **body)
        self.story.tell("intake", zh, en)
        await self.story.pause()
        return done
