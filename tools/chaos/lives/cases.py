"""What the desk takes to its end itself: complaints, inquiries, messages for a colleague (P002 to P034)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from random import Random
from typing import Any

from tools.chaos.desk import ChaosDesk
from tools.client import ApiError, Json
from tools.demo.group import Owner
from tools.demo.plays import Plays
from tools.demo.story import Story

GRADES = ("GENERAL", "GENERAL", "IMPORTANT", "MAJOR")
CATEGORIES = ("staff", "repair", "cleaning", "noise")
NOT_KNOWN_YET = "unknown-colleague"  # intake hears from dispatch who works here


class DeskCases(Plays):
    """The plays of one property; every choice comes from the seed."""

    def __init__(self, desk: ChaosDesk, story: Story, random: Random) -> None:
        super().__init__(desk, story)
        self.random = random

    @property
    def owner(self) -> Owner:
        """Somebody of the property."""
        return self.random.choice(self.desk.estate.owners)

    async def complaint(self) -> None:
        """Restated, graded, answered, handled, verified; one in three goes on for a second round (P034)."""
        owner = self.owner
        case = await self._judged(owner, "VALID")
        grade = {"grade": self.random.choice(GRADES), "reason": "按情节"}
        await self._step(case, "grade", "cs_supervisor", **grade)
        await self._step(case, "answer", "cs_officer", interim=True, text="正在处理", by_letter=True)
        await self._step(case, "handle", "repair_supervisor", result="已整改并致歉")
        if self.random.random() < 0.34:
            await self._verified(case, owner, "CONTINUE")
            await self._found(case, "VALID")
            await self._step(case, "handle", "repair_supervisor", result="再次整改")
        await self._verified(case, owner, "SATISFIED")
        await self._ended(case, "SATISFIED")

    async def unfounded(self) -> None:
        """Looked into, found invalid, explained to the owner (P034)."""
        case = await self._judged(self.owner, "INVALID")
        told = {"outcome": "ANSWERED", "by_letter": True, "note": "已书面说明"}
        await self._step(case, "explain", "cs_officer", **told)
        await self._ended(case, "ANSWERED")

    async def inquiry(self) -> None:
        """Answered at once by a superior's word, or deferred and answered by letter (P010)."""
        asked = await self._accepted("hotline", self.owner, "inquiry", "fees", "物业费怎么交")
        words: Json = {"text": "收款处或扫码", "superior_id": self.desk.on_duty("cs_supervisor").id}
        if self.random.random() < 0.5:
            told = {"reason": "须问财务", "owner_told": True}
            await self.desk.on_request(asked, "inquiry/defer", **told)
            words["by_letter"] = True
        await self._known(lambda: self.desk.on_request(asked, "inquiry/answer", **words))
        await self._ended(asked, "ANSWERED")

    async def message(self) -> None:
        """A message waits for a colleague, or for the one it is passed on to, until he has read it (P002)."""
        first, second = (self.desk.on_duty(role) for role in ("cashier", "director"))
        wanted = {"fields": {"colleague_id": first.id}}
        left = await self._known(
            lambda: self._accepted("hotline", self.owner, "relay-message", "message", "请回电", **wanted)
        )
        reader = first
        if self.random.random() < 0.4:
            moved = {"colleague_id": second.id, "reason": "已下班"}
            await self._known(lambda: self.desk.on_request(left, "message/redirect", **moved))
            reader = second
        path = f"{self.desk.base}/requests/{left['id']}/message/acknowledge"
        await self.desk.speaks(reader).post("intake", path, {})
        await self._ended(left, "ANSWERED")

    # --- in common ----------------------------------------------------------------------------------------

    async def _judged(self, owner: Owner, validity: str) -> Json:
        said = ("complaint_day", owner, "complaint-owner", self.random.choice(CATEGORIES), "很不满意")
        case = await self._accepted(*said)
        restated = {"restated": "维修后未清理", "confirmed_by": "owner"}
        await self._step(case, "confirm", "cs_officer", **restated)
        if self.random.random() < 0.5:
            above = self.desk.on_duty("cs_supervisor").id
            await self._known(lambda: self._step(case, "report", "cs_officer", reported_to=above))
        responsible = self.desk.on_duty("repair_supervisor").id
        await self._known(lambda: self._step(case, "assign", "cs_supervisor", responsible_id=responsible))
        await self._found(case, validity)
        return case

    async def _found(self, case: Json, validity: str) -> None:
        await self._step(case, "investigate", "repair_supervisor", findings="照片为证")
        await self._step(case, "judge", "repair_supervisor", validity=validity, explanation="按核查结果")

    async def _verified(self, case: Json, owner: Owner, outcome: str) -> None:
        """By telephone signed by a second person, or on a visit with the owner's mark (R18)."""
        body: Json = {"outcome": outcome, "how": "visit", "owner_mark": owner.name}
        if self.random.random() < 0.5:
            said = {"about_request_id": case["id"], "direction": "out", "result": "reached"}
            contact = await self.desk.contact("callback", owner=owner, **said)
            body = {"outcome": outcome, "how": "phone", "contact_id": contact["id"]}
        await self._known(lambda: self._step(case, "verify", "cs_officer", **body))
        if body["how"] == "phone":
            await self._step(case, "countersign", "cs_supervisor")

    async def _accepted(
        self, channel: str, owner: Owner, procedure: str, category: str, words: str, **more: Any
    ) -> Json:
        contact = await self.ring(channel, owner)
        body = {"procedure": procedure, "category": category, "description": words, "person_id": owner.id}
        return await self.accepted(contact, body | {"unit_id": owner.unit_id} | more, words, procedure)

    async def _step(self, case: Json, step: str, role: str, **body: Any) -> Json:
        done = await self.desk.on_complaint(case, step, role, **body)
        await self.story.pause()
        return done

    async def _known(self, step: Callable[[], Awaitable[Json]]) -> Json:
        """Right after loading intake may not know yet who works here; the same step again a little later."""

        async def look() -> Json | None:
            try:
                return await step()
            except ApiError as error:
                if error.kind != NOT_KNOWN_YET:
                    raise
                return None

        return await self.desk.wait_for(look, "intake to know who works here")

    async def _ended(self, case: Json, status: str) -> None:
        await self.desk.request_until(case["id"], "the end of the case", status=status)
