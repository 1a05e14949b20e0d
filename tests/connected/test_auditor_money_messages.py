"""The deadline auditor looks at billing's reminders and at messages nobody sends (guarantee 10)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from services.billing.audit import AUDIT as BILLING
from services.notify import repository
from services.notify.audit import AUDIT as NOTIFY
from services.notify.audit import SENT_WITHIN
from services.notify.domain.message import Hop, Message
from shared.clock import ManualClock
from shared.kernel.kinds import Kinds
from shared.settings import Settings
from tests.connected.audit_kit import GRACE, SECOND, overdue
from tests.connected.billing_kit import VILLA, billing, body, disputed
from tests.connected.notify_kit import GARDEN, notify
from tests.connected.sweeping import sweeper_of

pytestmark = pytest.mark.connected


async def test_p066_j4_a_reminder_of_a_forfeiture_that_does_not_come_is_found(settings: Settings) -> None:
    clock = ManualClock(datetime(2026, 3, 1, 2, 0, tzinfo=UTC))
    async with billing(settings, clock) as desk:
        deposit = await disputed(desk)
        assert deposit["amount"] == body(8_000)
        late = {("forfeiture_not_reminded", deposit["deposit_id"])}
        timer = await desk.db["timers"].find_one({"command": "billing.remind_forfeiture"})
        assert timer is not None
        for _ in range(2):  # the first reminder, and each that follows
            await desk.db["timers"].delete_many({})
            clock.advance(timer["due_at"] - clock.now() + GRACE)
            assert await overdue(BILLING, desk.db, clock.now(), VILLA) == set()
            clock.advance(SECOND)
            assert await overdue(BILLING, desk.db, clock.now(), VILLA) == late
            await desk.db["timers"].insert_one(timer)
            assert await sweeper_of(desk.runtime).sweep() == 1
            assert await overdue(BILLING, desk.db, clock.now(), VILLA) == set()
            timer = await desk.db["timers"].find_one({"command": "billing.remind_forfeiture"})
            assert timer is not None
            assert timer["due_at"] == clock.now() + timedelta(days=1)
        await desk.db["timers"].delete_many({})
        path = f"deposits/{deposit['deposit_id']}/approve-forfeiture"
        assert (await desk.post(path, {"reason": "late"}, "director")).status_code == 200
        clock.advance(timedelta(days=9))
        assert await overdue(BILLING, desk.db, clock.now(), VILLA) == set(), "somebody has decided"


@pytest.mark.parametrize("queue", ["emergency", "urgent", "routine"])
async def test_a_message_that_no_sender_takes_is_found(settings: Settings, queue: str) -> None:
    async with notify(settings) as process:
        now = process.runtime.clock.now()
        message = Message(
            property_id=GARDEN,
            id="m1",
            request_id="r1",
            stream="r1",
            lane="urgent",
            queue=queue,  # type: ignore[arg-type]
            audience="owner",
            recipient="r1",
            template="received",
            language="zh",
            created_at=now,
            plan=(Hop("email", "wang@example.org", "k1"),),
            channel="email",
            next_attempt_at=now,
        )
        document = Kinds(repository.KINDS).document(message)
        await process.db[repository.MESSAGES].insert_one(document)
        due = now + SENT_WITHIN[queue]  # type: ignore[index]
        assert await overdue(NOTIFY, process.db, due + GRACE, GARDEN) == set()
        assert await overdue(NOTIFY, process.db, due + GRACE + SECOND, GARDEN) == {("message_not_sent", "m1")}
        held = {"$set": {"next_attempt_at": due + timedelta(hours=9), "state": "held"}}
        await process.db[repository.MESSAGES].update_one({"id": "m1"}, held)
        assert await overdue(NOTIFY, process.db, due + GRACE + SECOND, GARDEN) == set(), "quiet hours"
