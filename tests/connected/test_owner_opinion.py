"""What an owner says in a callback reaches the departments, and if he is not satisfied their superiors (P027,
P031).
"""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from shared.settings import Settings
from tests.connected.town import Town, town

pytestmark = [pytest.mark.connected, pytest.mark.asyncio(loop_scope="module")]
NOTICES = ("owner_satisfied", "owner_not_satisfied")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def world(desk_settings: Settings) -> AsyncIterator[Town]:
    """A villa estate with those who repair and those who answer for it."""
    async with town(desk_settings) as made:
        await made.open()
        await made.employ("customer_service", "cs_officer", "cs_supervisor", "duty_officer")
        await made.employ("engineering", "technician", "repair_supervisor", "department_head")
        yield made


async def called_back(world: Town, **said: str) -> set[tuple[str, str]]:
    """A repair in a public place is done and its owner is called back; who was told of his opinion."""
    place = {"area": "public", "unit_id": "", "place": "hall", "description": "The lamp is dark"}
    taken = await world.accept(
        procedure="repair-report", category="electrical", fields={"part": "lamp"}, **place
    )
    [order] = await world.orders(taken["id"])
    order_id = order["work_order_id"]
    if order["assignee_id"] != "technician":
        await world.work(order_id, "repair_supervisor", "assign", staff_id="technician")
    for action in ("collect", "contact", "arrive"):
        await world.work(order_id, "technician", action)
    await world.work(order_id, "technician", "confirm-item", item="a lamp", materials=[])
    await world.work(order_id, "technician", "start")
    await world.work(order_id, "technician", "complete")
    await world.work(order_id, "repair_supervisor", "sign", signer="repair_supervisor")
    listed = await world.call("dispatch", "cs_officer", "GET", f"/callbacks?work_order_id={order_id}")
    path = f"/callbacks/{listed['items'][0]['id']}/opinion"
    await world.call("dispatch", "cs_officer", "POST", path, said)
    return {one for one in await world.messages(taken["id"]) if one[1] in NOTICES}


async def test_p031_the_department_hears_that_the_owner_is_satisfied(world: Town) -> None:
    told = await called_back(world, opinion="satisfied")
    assert told == {
        ("staff:technician", "owner_satisfied"),
        ("staff:department_head", "owner_satisfied"),
    }, "who did it and the head of his department, not that of another"


async def test_p027_superiors_hear_at_once_that_the_owner_is_not_satisfied(world: Town) -> None:
    told = await called_back(world, opinion="not_satisfied", problem="not_fixed", words="dark again")
    assert told == {
        ("staff:repair_supervisor", "owner_not_satisfied"),
        ("staff:department_head", "owner_not_satisfied"),
    }
