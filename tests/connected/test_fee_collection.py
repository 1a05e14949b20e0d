"""The price of a repair from the quote to the receipt, at the door and at the desk: P014, P030, R1, R2.

And the owner's opinion of it, which the departments hear (P027, P031).
"""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from shared.settings import Settings
from tests.connected.billing_kit import body
from tests.connected.intake_kit import Json
from tests.connected.town import Town, town

pytestmark = [pytest.mark.connected, pytest.mark.asyncio(loop_scope="module")]
TAP = 4_000
LINES = {"lines": [{"code": "tap-replacement"}]}


async def peopled(world: Town, profile: str) -> None:
    """The property is open, and everybody a repair needs is there."""
    await world.open(profile=profile)
    await world.employ("customer_service", "cs_officer", "cs_supervisor", "duty_officer")
    await world.employ("engineering", "technician", "repair_supervisor", "department_head")
    await world.employ("finance", "cashier", "finance")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def villa(desk_settings: Settings) -> AsyncIterator[Town]:
    """Customer service collects at the door."""
    async with town(desk_settings) as made:
        await peopled(made, "villa")
        yield made


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def garden(desk_settings: Settings) -> AsyncIterator[Town]:
    """The owner pays at the reception desk."""
    async with town(desk_settings) as made:
        await peopled(made, "garden")
        yield made


async def quoted(world: Town, companion: str = "") -> Json:
    """A repair in a home that is urgent and has a price; its order."""
    told = {"procedure": "repair-indoor", "category": "other", "urgency": "urgent", "description": "it drips"}
    taken = await world.accept(**told, fields={"part": "tap", "tariff_told": True})
    [order] = await world.orders(taken["id"])
    id = order["work_order_id"]
    if order["mode"] == "collect":
        await world.work(id, "technician", "collect")
    for action in ("contact", "arrive", "ring"):
        await world.work(id, "technician", action)
    await world.work(id, "technician", "show-form", confirmed=True)
    await world.work(id, "technician", "enter", companion_id=companion)
    await world.work(id, "technician", "confirm-item", item="tap")
    return await world.work(id, "technician", "quote", **LINES)


async def answer(world: Town, order: Json, word: str) -> None:
    """The owner agrees or does not, as the technician writes down."""
    said = {"reason": "too dear"} if word == "refuse" else {"total": body(TAP)}
    path = f"/quotes/{order['quote']['quote_id']}/{word}"
    await world.call("billing", "technician", "POST", path, said)


async def signed(world: Town, companion: str = "") -> Json:
    """A repair in a home, done at the agreed price and signed by all three."""
    order = await quoted(world, companion)
    id = order["work_order_id"]
    await answer(world, order, "consent")
    await world.work(id, "technician", "start")
    await world.work(id, "technician", "complete", cleaned=True)
    await world.work(id, "technician", "sign", signer="owner", mark="Wang", rating=5)
    await world.work(id, "technician", "sign", signer="technician")
    return await world.work(id, "repair_supervisor", "sign", signer="repair_supervisor")


async def pays(world: Town, order: Json, who: str, minor: int = TAP) -> tuple[int, Json]:
    """The owner gives somebody the money."""
    given = {"request_id": order["request_id"], "purpose": "charge", "amount": body(minor), "method": "cash"}
    taken = await world.send("billing", who, "POST", "/payments", given)
    return taken.status_code, taken.json()


async def status(world: Town, order: Json) -> str:
    """Where the slip is."""
    [now] = await world.orders(order["request_id"])
    return str(now["status"])


async def test_p014_no_work_before_the_price_is_agreed_and_a_refusal_leads_to_the_withdrawal(
    villa: Town,
) -> None:
    order = await quoted(villa)
    start = f"/work-orders/{order['work_order_id']}/start"
    early = await villa.send("dispatch", "technician", "POST", start, {})
    assert (early.status_code, "has not answered yet" in early.json()["detail"]) == (409, True)
    await answer(villa, order, "refuse")
    refused = await villa.send("dispatch", "technician", "POST", start, {})
    assert (refused.status_code, "withdraw" in refused.json()["accepted"]) == (409, True)
    left = {"reason": "too dear", "cause": "price", "owner_mark": "signature"}
    await villa.work(order["work_order_id"], "technician", "withdraw", **left)
    await villa.work(order["work_order_id"], "repair_supervisor", "sign", signer="repair_supervisor")
    assert (await villa.read(order["request_id"]))["status"] == "WITHDRAWN"
    account = await villa.call("billing", "finance", "GET", f"/requests/{order['request_id']}/account")
    assert account["owed"]["amount_minor"] == 0


async def test_p030_r1_the_technician_writes_the_amount_and_customer_service_collects_it_at_the_door(
    villa: Town,
) -> None:
    order = await signed(villa)
    assert order["status"] == "SIGNED"
    copy = await villa.call(
        "dispatch", "finance", "GET", f"/work-orders/{order['work_order_id']}/copies/finance"
    )
    assert (copy["total_minor"], copy["quote_state"], copy["owner_signed"]) == (TAP, "consented", True)
    for who in ("technician", "repair_supervisor", "department_head"):
        code, problem = await pays(villa, order, who)
        assert (code, await status(villa, order)) == (403, "SIGNED"), (who, problem)
    code, problem = await pays(villa, order, "cs_officer")
    assert (code, problem["type"].rsplit("/", 1)[1]) == (409, "not-noted")
    await villa.pass_time(days=2)
    [charge] = (await villa.call("billing", "finance", "GET", "/charges?hands=finance"))["items"]
    assert (charge["slip"], charge["days_in_hands"]) == (order["slip"], 2)
    note = f"/charges/{charge['charge_id']}/note"
    for who in ("cs_officer", "technician", "cashier"):
        assert (await villa.send("billing", who, "POST", note)).status_code == 403
    noted = await villa.call("billing", "finance", "POST", note)
    assert (noted["hands"], noted["noted_by"], noted["allowed_actions"]) == (
        "customer_service",
        "finance",
        [],
    )
    assert (await villa.call("billing", "finance", "GET", "/charges?hands=finance"))["items"] == []
    assert ("staff:cs_officer", "charge_to_collect") in await villa.messages(order["request_id"])
    code, problem = await pays(villa, order, "cs_officer", TAP + 1)
    assert (code, problem["field"]) == (409, "amount"), "what was agreed and no more"
    code, receipt = await pays(villa, order, "cs_officer")
    assert (code, receipt["receipt"][:1], await status(villa, order)) == (201, "R", "CLOSED")
    [carried] = (await villa.call("billing", "finance", "GET", "/door-cash"))["items"]
    assert (carried["staff_id"], carried["amount_minor"]) == ("cs_officer", TAP)
    cleared = {"payment_ids": [receipt["payment_id"]], "counted": body(TAP)}
    await villa.call("billing", "finance", "POST", "/door-cash/cs_officer/clear", cleared)
    assert (await villa.call("billing", "finance", "GET", "/door-cash"))["items"] == []


async def test_p030_r2_where_the_desk_collects_the_slip_comes_back_only_when_the_cashier_has_the_money(
    garden: Town,
) -> None:
    order = await signed(garden, "cs_officer")
    for who in ("cs_officer", "technician"):
        code, problem = await pays(garden, order, who)
        assert (code, await status(garden, order)) == (403, "SIGNED"), (who, problem)
    part, _ = await pays(garden, order, "cashier", TAP - 1)
    assert (part, await status(garden, order)) == (201, "SIGNED")
    rest, _ = await pays(garden, order, "cashier", 1)
    assert (rest, await status(garden, order)) == (201, "CLOSED")
    assert ("owner:owner", "payment_receipt") in await garden.messages(order["request_id"])


async def test_p027_p031_the_owners_opinion_reaches_the_departments_and_a_problem_the_technician(
    garden: Town,
) -> None:
    for opinion, heard in (
        (
            {"opinion": "satisfied"},
            {("staff:technician", "owner_satisfied"), ("staff:department_head", "owner_satisfied")},
        ),
        (
            {"opinion": "not_satisfied", "problem": "came_back"},
            {
                ("staff:repair_supervisor", "owner_not_satisfied"),
                ("staff:department_head", "owner_not_satisfied"),
                ("staff:technician", "callback_problem"),
            },
        ),
    ):
        order = await signed(garden, "cs_officer")
        await pays(garden, order, "cashier")
        found = await garden.call(
            "dispatch", "cs_officer", "GET", f"/callbacks?work_order_id={order['work_order_id']}"
        )
        path = f"/callbacks/{found['items'][0]['id']}/opinion"
        await garden.call("dispatch", "cs_officer", "POST", path, opinion)
        assert heard <= set(await garden.messages(order["request_id"])), opinion
