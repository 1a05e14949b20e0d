"""Photographs, scans and drawn signatures given with the steps of a slip, on a real MongoDB: P016 to P031."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
import pytest_asyncio

from shared.settings import Settings
from tests.connected.dispatch_desk import Desk, Json
from tests.connected.evidence_kit import (
    TECHNICIAN,
    facts,
    kept,
    open_files_desk,
    reported,
    step,
)

pytestmark = [pytest.mark.connected, pytest.mark.asyncio(loop_scope="module")]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def desk(desk_settings: Settings) -> AsyncIterator[Desk]:
    """A villa estate."""
    async with open_files_desk(desk_settings) as made:
        yield made


async def test_p016_p017_p021_p022_files_of_each_step_stand_on_the_slip_and_in_its_events(desk: Desk) -> None:
    request_id, order_id = await reported(desk, area="indoor", own_material=True)
    photo = [await kept(desk, request_id) for _ in range(4)]
    scan = await kept(desk, request_id, "scan")
    await step(desk, order_id, "collect")
    await step(desk, order_id, "contact", note="after two")
    await step(desk, order_id, "arrive", photo[0])
    await step(desk, order_id, "ring")
    await step(desk, order_id, "show-form", scan, confirmed=True)
    await step(desk, order_id, "enter")
    item = {"item": "pump", "owner_material": "poor_quality", "warned": True}
    await step(desk, order_id, "confirm-item", photo[1], photo[2], **item)
    order = await desk.read(order_id)
    assert [(one["step"], one["kind"], one["state"]) for one in order["attachments"]] == [
        ("arrived", "photo", "stored"),
        ("form_confirmed", "scan", "stored"),
        ("item_confirmed", "photo", "stored"),
        ("item_confirmed", "photo", "stored"),
    ]
    told = {fact["step"]: fact["attachments"] for fact in await facts(desk, request_id)}
    assert told["item_confirmed"] == photo[1:3]
    assert told["bell_1"] == []
    listed = (await desk.call("cs_officer", "GET", f"work-orders?request_id={request_id}")).json()["items"]
    assert listed[0]["attachments"] == order["attachments"]
    again = await desk.refused(
        TECHNICIAN, order_id, "leave", {"reason": "lunch", "attachments": [photo[1]]}, sub="tech-1"
    )
    assert (again["status"], again["field"]) == (409, "attachments.0.id")
    left = await step(desk, order_id, "leave", photo[3], reason="a part is missing")
    assert left["attachments"][-1]["step"] == "left"


async def test_p022_three_drawn_signatures_each_by_who_signs(desk: Desk) -> None:
    request_id, order_id = await reported(desk)
    await desk.work_done(order_id, "tech-1")
    boss = {"signer": "repair_supervisor"}
    drawn = await kept(desk, request_id, "signature", by="tech-1")
    forged = await desk.refused(
        "repair_supervisor", order_id, "sign", boss | {"attachments": [drawn]}, sub="boss-1"
    )
    assert (forged["status"], forged["type"].rsplit("/", 1)[1]) == (403, "signature-of-another")
    wrong = await desk.refused(TECHNICIAN, order_id, "sign", boss | {"attachments": [drawn]}, sub="tech-1")
    assert wrong["status"] == 403, "as ever: a technician does not sign as the supervisor"
    own = await kept(desk, request_id, "signature", by="boss-1")
    signed = await desk.take(
        "repair_supervisor", order_id, "sign", boss | {"attachments": [own]}, sub="boss-1"
    )
    assert signed["status"] == "CLOSED"
    assert [(one["id"], one["step"]) for one in signed["attachments"]] == [
        (own["id"], "signed_by_repair_supervisor")
    ]


async def test_p022_the_owner_may_draw_his_signature_instead_of_a_mark(desk: Desk) -> None:
    request_id, order_id = await reported(desk, area="indoor", procedure="repair-indoor")
    await step(desk, order_id, "collect")
    await desk.into_home(order_id)
    await step(desk, order_id, "confirm-item", item="tap")
    quoted = await step_quote(desk, order_id)
    await desk.consent(quoted, 4000)
    await step(desk, order_id, "start")
    await step(desk, order_id, "complete", cleaned=True)
    owner = {"signer": "owner", "rating": 4}
    missing = await desk.refused(TECHNICIAN, order_id, "sign", owner)
    assert (missing["status"], missing["field"]) == (422, "mark")
    photo, drawn = await kept(desk, request_id), await kept(desk, request_id, "signature")
    still = await desk.refused(TECHNICIAN, order_id, "sign", owner | {"attachments": [photo]})
    assert still["field"] == "mark", "a photograph is no signature"
    signed = await desk.take(TECHNICIAN, order_id, "sign", owner | {"attachments": [drawn]}, sub="tech-1")
    assert signed["signatures_missing"] == ["technician", "repair_supervisor"]
    assert [fact["attachments"] for fact in await facts(desk, request_id)][-1] == [drawn]


async def step_quote(desk: Desk, order_id: str) -> Json:
    lines = {"lines": [{"code": "tap-replacement", "quantity": 1}]}
    return await desk.take(TECHNICIAN, order_id, "quote", lines, sub="tech-1")


async def test_p023_the_owner_draws_his_mark_under_a_withdrawal(desk: Desk) -> None:
    request_id, order_id = await reported(desk, area="indoor", procedure="repair-indoor")
    await step(desk, order_id, "collect")
    await desk.into_home(order_id)
    body = {"reason": "too dear", "cause": "price"}
    assert (await desk.refused(TECHNICIAN, order_id, "withdraw", body))["field"] == "owner_mark"
    drawn = await kept(desk, request_id, "signature", by="boss-1")
    body |= {"attachments": [drawn]}
    done = await desk.take("repair_supervisor", order_id, "withdraw", body, sub="boss-1")
    assert (done["status"], done["attachments"][0]["step"]) == ("WITHDRAWN", "withdrawn")
    [fact] = await facts(desk, request_id, "work_order.withdrawn")
    assert fact["attachments"] == [drawn]


async def test_p029_scans_of_a_refused_slip_and_of_its_hand_in(desk: Desk) -> None:
    request_id, order_id = await reported(desk)
    photo, scan, bound = [await kept(desk, request_id, kind) for kind in ("photo", "scan", "scan")]
    signature = await kept(desk, request_id, "signature", by="head-1")
    await step(desk, order_id, "collect")
    await step(desk, order_id, "return-undone", photo, reason="the pipe is the city's")
    await desk.take(
        "department_head", order_id, "sign-undone", {"attachments": [signature, scan]}, sub="head-1"
    )
    await desk.take("office", order_id, "pass-undone")
    await desk.take("cs_officer", order_id, "tell-undone", {"reason": "by telephone"})
    handed = await desk.take("repair_supervisor", order_id, "hand-in", {"attachments": [bound]})
    assert [one["step"] for one in handed["attachments"]] == [
        "returned_undone",
        "undone_signed",
        "undone_signed",
        "handed_in",
    ]


async def test_p031_r18_two_people_draw_their_own_signatures_under_a_callback(desk: Desk) -> None:
    request_id, order_id = await reported(desk, first_contact_id="lin")
    await desk.work_done(order_id, "tech-1")
    await desk.take("repair_supervisor", order_id, "sign", {"signer": "repair_supervisor"}, sub="boss-1")
    found = (await desk.call("cs_officer", "GET", f"callbacks?work_order_id={order_id}")).json()["items"]
    path = f"callbacks/{found[0]['id']}"
    lin, mei = [await kept(desk, request_id, "signature", by=by) for by in ("lin", "mei")]
    tried = {"result": "not_reached", "attachments": [lin]}
    answer = await desk.call("cs_officer", "POST", f"{path}/attempt", tried, sub="lin")
    assert (answer.status_code, answer.json()["field"]) == (422, "attachments.0.kind"), "nobody signs that"
    said = {"opinion": "satisfied", "attachments": [lin]}
    answer = await desk.call("cs_officer", "POST", f"{path}/opinion", said, sub="lin")
    assert answer.status_code == 200, answer.text
    [fact] = await facts(desk, request_id, "callback.answered")
    assert fact["attachments"] == [lin]
    for files, status in (([lin], 409), ([await kept(desk, request_id, "signature", by="lin")], 403)):
        answer = await desk.call("cs_officer", "POST", f"{path}/sign", {"attachments": files}, sub="mei")
        assert answer.status_code == status, answer.text
    answer = await desk.call("cs_officer", "POST", f"{path}/sign", {"attachments": [mei]}, sub="mei")
    assert (answer.status_code, answer.json()["status"]) == (200, "CLOSED")
    [closed] = await facts(desk, request_id, "callback.closed")
    assert closed["attachments"] == [lin, mei]
    read = (await desk.call("cs_officer", "GET", path)).json()
    assert [(one["by"], one["step"], one["state"]) for one in read["attachments"]] == [
        ("lin", "opinion", "stored"),
        ("mei", "sign", "stored"),
    ]


async def test_p014_what_is_to_be_replaced_is_photographed_with_its_quote(desk: Desk) -> None:
    request_id, order_id = await reported(desk, area="indoor", procedure="repair-indoor")
    await step(desk, order_id, "collect")
    await desk.into_home(order_id)
    await step(desk, order_id, "confirm-item", item="tap")
    photo, drawn = await kept(desk, request_id), await kept(desk, request_id, "signature")
    lines: Json = {"lines": [{"code": "tap-replacement", "quantity": 1}]}
    nobody = await desk.refused(TECHNICIAN, order_id, "quote", lines | {"attachments": [drawn]}, sub="tech-1")
    assert nobody["field"] == "attachments.0.kind", "nobody signs with a quote"
    quoted = await step(desk, order_id, "quote", photo, **lines)
    assert [(one["id"], one["step"]) for one in quoted["attachments"]] == [(photo["id"], "quoted")]
    [fact] = await facts(desk, request_id, "work_order.quoted")
    assert fact["attachments"] == [photo]


async def test_p066_p067_the_partners_word_and_the_taxis_receipt_are_scanned(desk: Desk) -> None:
    start = (desk.clock.now() + timedelta(days=5)).isoformat()
    request_id, order_id = await reported(
        desk, procedure="car-hire", category="car-hire", fields={"start_at": start}
    )
    offer, receipt = [await kept(desk, request_id, "scan") for _ in range(2)]
    car = {"partner": "Fast Cars", "price_minor": 60_000, "attachments": [offer]}
    await desk.take("butler", order_id, "confirm-car", car)
    await desk.take("butler", order_id, "unavailable", {"partner": "Fast Cars"})
    taxi = {"consent": True, "plate": "A12345", "attachments": [receipt]}
    called = await desk.take("butler", order_id, "taxi", taxi)
    assert [one["step"] for one in called["attachments"]] == ["car_confirmed", "taxi_called"]
    told = {fact["step"]: fact["attachments"] for fact in await facts(desk, request_id)}
    assert (told["car_confirmed"], told["taxi_called"]) == ([offer], [receipt])
