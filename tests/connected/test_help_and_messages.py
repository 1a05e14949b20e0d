"""General help and messages for a colleague, from the telephone through dispatch to the end (P011, P002)."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest
import pytest_asyncio

from shared.settings import Settings
from tests.connected.town import Town, town

pytestmark = [pytest.mark.connected, pytest.mark.asyncio(loop_scope="module")]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def world(desk_settings: Settings) -> AsyncIterator[Town]:
    """A villa estate with staff for every kind of help."""
    async with town(desk_settings) as made:
        await made.open()
        await made.employ("customer_service", "cs_officer", "cs_supervisor", "duty_officer")
        await made.employ("engineering", "technician", "department_head")
        await made.employ("finance", "cashier", "finance")
        yield made


async def help_with(world: Town, category: str, **changed: Any) -> str:
    """Somebody asks for a hand; the id of the request."""
    body = {"procedure": "general-help", "category": category, "description": "a hand", "fields": {}}
    return str((await world.accept(**(body | changed)))["id"])


async def test_p011_help_is_allocated_done_signed_without_a_price_and_answered(world: Town) -> None:
    id = await help_with(world, "engineering")
    [order] = await world.orders(id)
    assert (order["department"], order["assignee_id"], order["status"]) == (
        "engineering",
        "technician",
        "ISSUED",
    )
    allocated = await world.read(id)
    assert (allocated["stage"], allocated["work"]["slip"]) == ("ARRANGED", order["slip"])
    told = await world.messages(id)
    assert ("staff:technician", "new_work_order") in told
    assert ("staff:cs_officer", "arranged_for_first_contact") in told
    order_id = order["work_order_id"]
    for action in ("contact", "arrive", "ring"):
        await world.work(order_id, "technician", action)
    await world.work(order_id, "technician", "show-form", confirmed=True)
    await world.work(order_id, "technician", "enter")
    await world.work(order_id, "technician", "confirm-item", item="a shelf to hold")
    quoted = await world.send(
        "dispatch", "technician", "POST", f"/work-orders/{order_id}/quote", {"lines": []}
    )
    assert quoted.status_code in (409, 422), "a hand costs nothing"
    await world.work(order_id, "technician", "start")
    await world.work(order_id, "technician", "complete", cleaned=True)
    assert (await world.read(id))["stage"] == "IN_WORK"
    signed = await world.work(order_id, "duty_officer", "sign", signer="duty_officer")
    assert (signed["status"], signed["signatures_missing"]) == ("CLOSED", [])
    solved = await world.read(id)
    assert (solved["stage"], solved["status"], solved["account"]["charged_minor"]) == (
        "TO_CONFIRM",
        "OPEN",
        0,
    )
    other = await world.send("intake", "cs_supervisor", "POST", f"/requests/{id}/confirm", {})
    assert (other.status_code, other.json()["field"]) == (422, "on_behalf_reason"), (
        "the first contact replies"
    )
    call = {"channel": "callback", "direction": "out", "result": "reached", "about_request_id": id}
    contact = await world.call("intake", "cs_officer", "POST", "/contacts", call)
    done = await world.act(id, "cs_officer", "confirm", contact_id=contact["id"])
    assert done["status"] == "SATISFIED"
    assert ("owner:owner", "request_closed") in await world.messages(id)


@pytest.mark.parametrize(("category", "department"), [("cleaning", "environment"), ("order", "security")])
async def test_p011_where_the_department_has_nobody_the_duty_officer_is_sent(
    world: Town, category: str, department: str
) -> None:
    id = await help_with(world, category)
    [order] = await world.orders(id)
    assert (order["department"], order["assignee_id"]) == (department, "duty_officer")
    assert (await world.read(id))["stage"] == "ARRANGED"
    assert ("staff:duty_officer", "nobody_assigned") in await world.messages(id)


async def test_p011_help_that_is_late_is_told_up_the_chain(world: Town) -> None:
    id = await help_with(world, "engineering")
    await world.pass_time(hours=19)
    assert ("staff:duty_officer", "deadline_approaching") in await world.messages(id)


async def message_for(world: Town, colleague_id: str) -> str:
    """Somebody rings for a colleague who is not there; the id of the message."""
    body = {"procedure": "relay-message", "description": "Please call back"}
    return str((await world.accept(**body, fields={"colleague_id": colleague_id}))["id"])


async def waits(world: Town, id: str, recipient: str) -> int:
    """How often somebody was reminded of a message."""
    return (await world.messages(id)).count((f"staff:{recipient}", "alarm_message_waits"))


async def test_p002_a_message_for_somebody_of_the_roster_stays_open_until_he_acknowledges_it(
    world: Town,
) -> None:
    id = await message_for(world, "cashier")
    assert ("staff:cashier", "message_for_you") in await world.messages(id)
    assert await world.orders(id) == [], "a message is no work"
    for hours in (1, 2, 3):
        await world.pass_time(hours=1, seconds=1)
        assert (await waits(world, id, "cashier"), await waits(world, id, "cs_supervisor")) == (hours, hours)
    assert (await world.read(id))["status"] == "OPEN"
    for action in ("confirm", "close-unreached"):
        ended = await world.send("intake", "cs_supervisor", "POST", f"/requests/{id}/{action}", {})
        assert ended.status_code in (409, 422), ended.text
    await world.act(id, "cs_officer", "message/redirect", colleague_id="finance", reason="gone off shift")
    assert ("staff:finance", "message_for_you") in await world.messages(id)
    await world.pass_time(minutes=59)
    assert await waits(world, id, "finance") == 0, "he has his hour from when he was told"
    await world.pass_time(minutes=2)
    assert (await waits(world, id, "finance"), await waits(world, id, "cashier")) == (1, 3)
    assert (await world.act(id, "finance", "message/acknowledge"))["status"] == "ANSWERED"
    await world.pass_time(hours=5)
    assert await waits(world, id, "finance") == 1


async def on_shift(world: Town, department: str, person: str, begin: float, end: float) -> None:
    """A shift from so many hours from now until then."""
    now = world.clock.now()
    times = {"starts_at": now + timedelta(hours=begin), "ends_at": now + timedelta(hours=end)}
    shift = {"staff_id": person, **{name: at.isoformat() for name, at in times.items()}}
    body = {"department": department, "shifts": [shift]}
    await world.call("dispatch", "administrator", "POST", "/shifts", body)


async def recorded(world: Town, department: str, *roles: str) -> None:
    """People who work there and are not on shift."""
    staff = [{"staff_id": role, "name": role, "phone": "+8613900139000", "role": role} for role in roles]
    await world.call(
        "dispatch", "administrator", "POST", "/staff", {"department": department, "staff": staff}
    )


async def test_p002_what_is_open_goes_over_to_the_next_shift_by_itself(world: Town) -> None:
    await recorded(world, "butler", "butler", "butler_supervisor")
    await on_shift(world, "butler", "butler", -1, 2)
    await on_shift(world, "butler", "butler_supervisor", 1, 9)
    id, read = await message_for(world, "butler"), await message_for(world, "butler")
    await world.act(read, "butler", "message/acknowledge")
    await world.pass_time(hours=1, minutes=59)
    assert ("staff:butler_supervisor", "message_for_you") not in await world.messages(id)
    await world.pass_time(minutes=1)
    assert ("staff:butler_supervisor", "message_for_you") in await world.messages(id)
    assert ("staff:butler_supervisor", "message_for_you") not in await world.messages(read), "it was heard"
    gone = await world.send("intake", "butler", "POST", f"/requests/{id}/message/acknowledge", {})
    assert gone.status_code == 403, "it is the next shift's now"
    await world.pass_time(minutes=59)
    assert await waits(world, id, "butler_supervisor") == 0, "who takes it over has his hour"
    assert (await world.act(id, "butler_supervisor", "message/acknowledge"))["status"] == "ANSWERED"
    lines = await world.call("intake", "cs_officer", "GET", f"/requests/{id}/timeline")
    [over] = [line for line in lines["items"] if line["what"] == "message.handed_over"]
    assert over["detail"] == {"from_id": "butler", "to_id": "butler_supervisor"}


async def test_p002_it_stays_where_it_is_until_somebody_is_there_to_take_it(world: Town) -> None:
    await recorded(world, "security", "gate_guard", "director")
    await on_shift(world, "security", "gate_guard", -1, 1)
    id = await message_for(world, "gate_guard")
    for _ in range(3):
        await world.pass_time(hours=1, seconds=1)
    assert await waits(world, id, "gate_guard") == 3, "nobody else is there: he is reminded"
    await on_shift(world, "security", "director", 0, 8)
    await world.pass_time(minutes=15)
    assert ("staff:director", "message_for_you") in await world.messages(id)
    assert (await world.act(id, "director", "message/acknowledge"))["status"] == "ANSWERED"
