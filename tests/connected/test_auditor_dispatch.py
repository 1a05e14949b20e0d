"""Every timer of dispatch is held, and the deadline auditor finds what it should have done (guarantee 10).

Then it fires after all, and its mark ends the alarm. What concerns slips that are late, nobody told, and
reports without a slip is in `test_dispatch_auditor.py`, callbacks in `test_dispatch_callbacks.py`.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import datetime, timedelta
from typing import Any

import pytest

from services.dispatch.audit import AUDIT, NIGHT_TAKES, RAIN_TAKES
from services.dispatch.rain import RainRounds
from services.dispatch.slipwatch import SlipWatch
from shared.events.intake import RequestCancelled
from shared.events.intake_cases import MessageRelayed
from shared.settings import Settings
from tests.connected.audit_kit import GRACE, SECOND, overdue
from tests.connected.dispatch_desk import PROPERTY, Desk, open_desk
from tests.connected.evidence_kit import added, named

pytestmark = pytest.mark.connected
Scene = Callable[[Desk], Awaitable[tuple[str, datetime]]]
SCENES: dict[tuple[str, str], Scene] = {}


@pytest.fixture
async def desk(settings: Settings) -> AsyncIterator[Desk]:
    """An estate with engineers."""
    async with open_desk(settings) as made:
        people = [("tech-1", "technician"), ("boss-1", "repair_supervisor"), ("head-1", "department_head")]
        await made.staff("engineering", *people, hours=20)
        yield made


def scene(kind: str, name: str) -> Callable[[Scene], Scene]:
    """How that finding comes about; `name` begins with the number of the procedure."""

    def add(made: Scene) -> Scene:
        SCENES[kind, name] = made
        return made

    return add


async def collected(desk: Desk, **changes: Any) -> str:
    order_id = await desk.report(**changes)
    await desk.take("technician", order_id, "collect", sub="tech-1")
    return order_id


@scene("not_escalated", "p019")
async def _(desk: Desk) -> tuple[str, datetime]:
    return await collected(desk, urgency="urgent"), desk.clock.now() + timedelta(hours=18)


@scene("message_not_handed_over", "p002")
async def _(desk: Desk) -> tuple[str, datetime]:
    now = desk.clock.now()
    await desk.hear(MessageRelayed(request_id="m1", responsible_id="tech-1", relayed_at=now))
    row = await desk.db["relay_copies"].find_one({"_id": f"{PROPERTY}:m1"})
    assert row is not None
    return "m1", row["look_at"]


@scene("unanswered", "p020-answer")
async def _(desk: Desk) -> tuple[str, datetime]:
    return await desk.report(urgency="emergency"), desk.clock.now() + timedelta(minutes=5)


@scene("nobody_looked_for", "p018-nobody-there")
async def _(desk: Desk) -> tuple[str, datetime]:
    start = desk.clock.now() + timedelta(hours=120)
    order_id = await desk.report(procedure="car-hire", fields={"start_at": start.isoformat()})
    assert (await desk.read(order_id))["assignee_id"] == "", "no butler works here"
    return order_id, desk.clock.now() + timedelta(minutes=15)


@scene("paperwork_late", "p020-paperwork")
async def _(desk: Desk) -> tuple[str, datetime]:
    order_id = await desk.report(urgency="emergency")
    await desk.take("technician", order_id, "start", sub="tech-1")
    await desk.take("technician", order_id, "complete", sub="tech-1")
    return order_id, desk.clock.now() + timedelta(hours=24)


@scene("cancellation_waits", "p066")
async def _(desk: Desk) -> tuple[str, datetime]:
    start = desk.clock.now() + timedelta(hours=120)
    order_id = await desk.report(procedure="car-hire", fields={"start_at": start.isoformat()})
    car = {"partner": "Fast Cars", "price_minor": 60_000, "detail": "sedan"}
    await desk.take("butler", order_id, "confirm-car", car)
    quoted = await desk.take("butler", order_id, "quote", {})
    await desk.consent(quoted, 60_000)
    await desk.hold_deposit(await desk.take("butler", order_id, "form-signed"), 6_000)
    now = desk.clock.now()
    await desk.hear(
        RequestCancelled(request_id="r1", reason="trip is off", notice_received_at=now, cancelled_at=now)
    )
    return order_id, now + timedelta(minutes=60)


@scene("material_report_late", "p028")
async def _(desk: Desk) -> tuple[str, datetime]:
    order_id = await collected(desk)
    body = {"material": "cartridge", "quantity": "1"}
    lacks = await desk.take("technician", order_id, "lack-material", body, sub="tech-1")
    return order_id, datetime.fromisoformat(lacks["material"]["report_due_at"])


@scene("slip_return_late", "p027-repaired-not-signed")
async def _(desk: Desk) -> tuple[str, datetime]:
    order_id = await collected(desk, procedure="repair-report", area="public")
    for action, body in (
        ("contact", {}),
        ("arrive", {}),
        ("confirm-item", {"item": "washer", "materials": []}),
        ("start", {}),
    ):
        await desk.take("technician", order_id, action, body, sub="tech-1")
    done = await desk.take("technician", order_id, "complete", sub="tech-1")
    assert done["status"] == "REPAIRED"
    return order_id, datetime.fromisoformat(done["return_due_at"])


@scene("attachment_missing", "p016-file")
async def _(desk: Desk) -> tuple[str, datetime]:
    order_id = await desk.report()
    photo = {"attachments": [named(added("r1"))]}
    await desk.take("technician", order_id, "collect", photo, sub="tech-1")
    return order_id, desk.clock.now() + timedelta(minutes=60)


@scene("party_silent", "p024")
async def _(desk: Desk) -> tuple[str, datetime]:
    contacts = [{"name": "Zhao", "phone": "13800138055"}]
    body = {"kind": "developer", "name": "Company dev-1", "contacts": contacts, "answer_within_hours": 48}
    answer = await desk.call("cs_supervisor", "PUT", "parties/dev-1", body)
    assert answer.status_code == 200, answer.text
    order_id = await collected(desk)
    item = {"kind": "warranty", "party_id": "dev-1", "item": "window frame", "delivered_on": "2025-06-30"}
    await desk.take("repair_supervisor", order_id, "transfer", item)
    return order_id, desk.clock.now() + timedelta(hours=48)


@scene("rain_not_spread", "p031-rain")
async def _(desk: Desk) -> tuple[str, datetime]:
    await desk.report()
    told = await desk.call("cs_officer", "POST", "rain-events", {})
    assert told.status_code == 201, told.text
    return told.json()["rain_id"], desk.clock.now() + RAIN_TAKES


@scene("slip_check_missing", "p033")
async def _(desk: Desk) -> tuple[str, datetime]:
    await desk.report()
    return "2026-03-02", desk.clock.now() + NIGHT_TAKES


@pytest.mark.parametrize(("kind", "name"), SCENES, ids=[name for _, name in SCENES])
async def test_a_timer_that_is_held_is_found_and_leaves_its_mark_when_it_fires(
    desk: Desk, kind: str, name: str
) -> None:
    subject, due = await SCENES[kind, name](desk)
    held = await desk.db["timers"].find().to_list()
    await desk.db["timers"].delete_many({})
    desk.clock.advance(due - desk.clock.now() + GRACE)
    assert (kind, subject) not in await overdue(AUDIT, desk.db, desk.clock.now(), PROPERTY)
    desk.clock.advance(SECOND)
    assert (kind, subject) in await overdue(AUDIT, desk.db, desk.clock.now(), PROPERTY)
    if held:
        await desk.db["timers"].insert_many(held)
    await desk.pass_time(seconds=0)
    rounds = RainRounds(desk.runtime)
    while await rounds.spread():
        pass
    await SlipWatch(desk.runtime).look()
    assert await overdue(AUDIT, desk.db, desk.clock.now(), PROPERTY) == set(), "it was told, and all else too"


async def test_p018_who_is_still_not_found_is_looked_for_again_and_that_is_seen(desk: Desk) -> None:
    order_id, _ = await SCENES["nobody_looked_for", "p018-nobody-there"](desk)
    for _ in range(3):
        assert await desk.pass_time(minutes=15) == 1
    await desk.db["timers"].delete_many({"command": "dispatch.find_somebody"})
    desk.clock.advance(timedelta(minutes=15) + GRACE + SECOND)
    late = await overdue(AUDIT, desk.db, desk.clock.now(), PROPERTY)
    assert ("nobody_looked_for", order_id) in late


async def test_p020_a_second_repair_of_an_emergency_has_papers_of_its_own(desk: Desk) -> None:
    order_id, _due = await SCENES["paperwork_late", "p020-paperwork"](desk)
    await desk.pass_time(hours=25)
    desk.clock.advance(SECOND)
    done_again = desk.clock.now()
    await desk.db["work_orders"].update_one({"id": order_id}, {"$set": {"done_at": done_again}})
    desk.clock.advance(timedelta(hours=24) + GRACE + SECOND)
    late = await overdue(AUDIT, desk.db, desk.clock.now(), PROPERTY)
    assert ("paperwork_late", order_id) in late
