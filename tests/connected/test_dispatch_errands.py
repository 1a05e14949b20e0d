"""Car hire through dispatch on a real MongoDB: P066, P067, J4, J5."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime, timedelta

import orjson
import pytest

from shared.events.intake import RequestAmended, RequestCancelled, RequestReopened
from shared.settings import Settings
from tests.connected.dispatch_desk import Desk, Json, open_desk

pytestmark = pytest.mark.connected
CAR = {"partner": "Fast Cars", "price_minor": 60_000, "detail": "sedan"}


@pytest.fixture
async def desk(settings: Settings) -> AsyncIterator[Desk]:
    """A villa estate with a butler and their supervisor."""
    async with open_desk(settings) as made:
        await made.staff("butler", ("butler-1", "butler"), ("boss-2", "butler_supervisor"), hours=12)
        yield made


async def ask(desk: Desk, hours: int = 120) -> str:
    """Somebody asks for a car that starts in so many hours."""
    start = desk.clock.now() + timedelta(hours=hours)
    return await desk.report(procedure="car-hire", fields={"start_at": start.isoformat()})


async def book(desk: Desk, order_id: str) -> Json:
    """From the partner's confirmation to the booking."""
    await desk.take("butler", order_id, "confirm-car", CAR)
    quoted = await desk.take("butler", order_id, "quote", {})
    await desk.consent(quoted, 60_000)
    signed = await desk.take("butler", order_id, "form-signed")
    assert signed["status"] == "FORM_SIGNED"
    await desk.hold_deposit(signed, 6_000)
    booked = await desk.read(order_id)
    assert booked["status"] == "BOOKED"
    return booked


async def cancel(desk: Desk) -> None:
    """The caller's notice arrives now."""
    now = desk.clock.now()
    await desk.hear(
        RequestCancelled(request_id="r1", reason="trip is off", notice_received_at=now, cancelled_at=now)
    )


async def test_p066_a_car_from_the_question_to_the_paid_journey(desk: Desk) -> None:
    order_id = await ask(desk)
    asked = await desk.read(order_id, "butler")
    assert (asked["status"], asked["assignee_id"], asked["slip"]) == ("ASKED", "butler-1", "2026-000001")
    assert datetime.fromisoformat(asked["due_at"]) == desk.clock.now() + timedelta(hours=120), (
        "due by its start"
    )
    early = await desk.call("butler", "POST", f"work-orders/{order_id}/quote", {"lines": []})
    assert early.status_code == 409
    assert "partner has not said yet" in early.json()["detail"]
    await book(desk, order_id)
    assert await desk.db["timers"].count_documents({}) == 0, "booked: the deadline is kept"
    quoted = orjson.loads((await desk.told("work_order.quoted"))[0]["data"])
    assert (quoted["lines"][0]["amount"]["amount_minor"], quoted["deposit_percent"]) == (60_000, 10)
    used = await desk.take("butler", order_id, "used")
    assert used["status"] == "USED"
    await desk.settle(used)
    assert (await desk.read(order_id))["status"] == "CLOSED"


async def test_p067_no_car_then_a_taxi_with_the_owners_consent(desk: Desk) -> None:
    order_id = await ask(desk)
    await desk.take("butler", order_id, "unavailable", {"partner": "Fast Cars"})
    assert len(await desk.told("errand.unavailable")) == 1
    body = {"consent": False, "plate": "沪A12345"}
    refused = await desk.call("butler", "POST", f"work-orders/{order_id}/taxi", body)
    assert (refused.status_code, refused.json()["field"]) == (422, "consent")
    done = await desk.take("butler", order_id, "taxi", {**body, "consent": True})
    assert (done["status"], done["taxi_plate"], done["open"]) == ("TAXI_CALLED", "沪A12345", False)


@pytest.mark.parametrize(
    ("notice_hours", "waits_hours", "in_time", "our_delay", "status"),
    [
        (30, 1, True, False, "CANCELLED_IN_TIME"),
        (30, 8, False, True, "CANCELLED_LATE"),
        (20, 1, False, False, "CANCELLED_LATE"),
    ],
)
async def test_j4_what_the_butler_desk_confirms_decides(
    desk: Desk, notice_hours: int, waits_hours: int, in_time: bool, our_delay: bool, status: str
) -> None:
    order_id = await ask(desk)
    await book(desk, order_id)
    await desk.pass_time(hours=120 - notice_hours)
    await cancel(desk)
    waiting = await desk.read(order_id, "butler")
    assert waiting["status"] == "BOOKED", "a notice is not yet a cancellation (P066)"
    assert "confirm-cancellation" in [a["action"] for a in waiting["allowed_actions"]]
    await desk.pass_time(hours=waits_hours)
    done = await desk.take("butler", order_id, "confirm-cancellation")
    assert done["status"] == status
    fact = orjson.loads((await desk.told("work_order.cancelled"))[0]["data"])
    assert (fact["in_time"], fact["our_delay"]) == (in_time, our_delay)
    alarms = [orjson.loads(r["data"])["kind"] for r in await desk.told("escalation.raised")]
    assert alarms == ["cancellation_waits"], "the desk was told that somebody waits"
    assert await desk.db["timers"].count_documents({}) == 0


async def test_j5_before_anything_is_booked_the_notice_cancels_at_once(desk: Desk) -> None:
    order_id = await ask(desk)
    await desk.take("butler", order_id, "confirm-car", CAR)
    await cancel(desk)
    assert (await desk.read(order_id))["status"] == "CANCELLED_IN_TIME"


async def test_j25_another_start_has_to_be_confirmed_by_the_partner_again(desk: Desk) -> None:
    order_id = await ask(desk)
    await desk.take("butler", order_id, "confirm-car", CAR)
    start = desk.clock.now() + timedelta(hours=200)
    changed = {"appointment_at": start.isoformat()}
    amended = RequestAmended(
        request_id="r1", reason="a day later", changed=changed, place="gate", amended_at=desk.clock.now()
    )
    await desk.hear(amended)
    order = await desk.read(order_id)
    assert (order["status"], order["booking"], order["place"]) == ("ASKED", None, "gate")
    assert datetime.fromisoformat(order["due_at"]) == start
    await book(desk, order_id)
    later = {"appointment_at": (start + timedelta(hours=1)).isoformat()}
    await desk.hear(amended.model_copy(update={"changed": later}))
    order = await desk.read(order_id)
    assert order["status"] == "BOOKED", "what is booked and paid is cancelled first (P066)"
    assert datetime.fromisoformat(order["appointment_at"]) == start


async def test_an_unbooked_car_is_told_before_its_start(desk: Desk) -> None:
    await ask(desk, hours=40)
    await desk.pass_time(hours=31)
    [alarm] = await desk.told("escalation.raised")
    fact = orjson.loads(alarm["data"])
    assert (fact["kind"], fact["to_role"]) == ("approaching", "butler_supervisor")


async def test_p066_a_journey_that_is_not_paid_yet_is_opened_again_with_a_new_slip(desk: Desk) -> None:
    order_id = await desk.report(procedure="car-hire", appointment_at=desk.clock.now() + timedelta(days=2))
    reopened = RequestReopened(request_id="r1", reason="the wrong car", reopened_at=desk.clock.now())
    await desk.db["work_orders"].update_one({"id": order_id}, {"$set": {"status": "USED"}})
    await desk.hear(reopened)
    again = await desk.db["work_orders"].find_one({"rework_of": order_id})
    assert again is not None
    assert (again["kind"], again["status"]) == ("errand", "ASKED")
