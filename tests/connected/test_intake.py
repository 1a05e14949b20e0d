"""Intake as a whole: from the ring of the telephone to the end state, over HTTP on a real database."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from shared.clock import Clock, SystemClock
from shared.events import dispatch
from shared.ids import new_id
from shared.kernel.unit import Parked
from tests.connected.intake_events import issued, now, worked
from tests.connected.intake_kit import Estate

pytestmark = [pytest.mark.connected, pytest.mark.asyncio(loop_scope="module")]


@pytest.fixture(scope="module")
def clock() -> Clock:
    """The real time: what the other services tell here is told now."""
    return SystemClock()


async def test_p018_a_call_becomes_a_request_in_four_documents(estate: Estate) -> None:
    before = await estate.counts()
    taken = await estate.accept()
    after = await estate.counts()
    grown = {name: after[name] - before[name] for name in after if after[name] != before[name]}
    assert grown == {"requests": 1, "contacts": 1, "outbox": 1}
    assert (taken["status"], taken["stage"], taken["urgency"], taken["lane"]) == (
        "OPEN",
        "RECEIVED",
        "general",
        "routine",
    )
    assert taken["first_contact_id"] == "lin"
    assert await estate.journal(taken["id"]) == ["intake.request.accepted.v1"]
    read = await estate.read(taken["id"])
    assert read["caller"]["phone"] == "+8613800138000"
    assert read["version"] == taken["version"] == 1
    allowed = {action["action"]: action for action in read["allowed_actions"]}
    assert allowed["intake.cancel_request"]["body"] == "CancelBody"
    assert "intake.confirm_satisfaction" not in allowed
    assert [action["action"] for action in taken["allowed_actions"]] == list(allowed)


async def test_j9_no_name_number_or_word_is_readable_in_the_journal_or_the_stored_answer(
    estate: Estate,
) -> None:
    taken = await estate.accept(request_id=new_id())
    async with estate.client() as client:
        key = {"Idempotency-Key": new_id()}
        raised = await client.post(
            f"/requests/{taken['id']}/raise-urgency",
            json={"urgency": "urgent", "reason": "worse"},
            headers=key,
        )
    assert raised.status_code == 200
    found = []
    for name in ("outbox", "commands", "progress", "timeline"):
        async for row in estate.runtime.db[name].find({"property_id": estate.property_id}):
            found.append(str(row))
    assert found
    for secret in ("王小明", "13800138000", "The tap drips"):
        assert not [row for row in found if secret in row]


async def test_a_paid_repair_waits_for_the_owner_and_ends_satisfied(estate: Estate) -> None:
    taken = await estate.accept()
    await estate.told(*worked(taken["id"]), stream=taken["id"])
    read = await estate.read(taken["id"])
    assert (read["status"], read["stage"], read["slip"], read["department"]) == (
        "OPEN",
        "TO_CONFIRM",
        "2026-000001",
        "engineering",
    )
    assert read["account"]["clear"]
    assert read["account"]["paid_minor"] == 4_000
    async with estate.client() as client:
        bare = await client.post(f"/requests/{taken['id']}/confirm", json={"note": "all well"})
        assert (bare.status_code, bare.json()["field"]) == (422, "contact_id"), "a record is mandatory (P009)"
        body = {"note": "all well", "contact_id": await estate.called(taken["id"])}
        answer = await client.post(f"/requests/{taken['id']}/confirm", json=body)
        assert (answer.status_code, answer.json()["status"]) == (200, "SATISFIED")
        again = await client.post(f"/requests/{taken['id']}/confirm", json={})
        assert (again.status_code, again.json()["type"].rsplit("/", 1)[1]) == (409, "closed")
    assert (await estate.journal(taken["id"]))[-1] == "intake.request.closed.v1"


async def test_p009_another_than_the_first_contact_confirms_with_a_reason_and_both_are_named(
    estate: Estate,
) -> None:
    taken = await estate.accept()
    await estate.told(*worked(taken["id"]), stream=taken["id"])
    path = f"/requests/{taken['id']}/confirm"
    async with estate.client(sub="wang") as worker:
        own = await worker.post(path, json={"on_behalf_reason": "lin is ill"})
        assert (own.status_code, own.json()["type"].rsplit("/", 1)[1]) == (403, "own-work")
    async with estate.client(sub="zhou") as client:
        bare = await client.post(path, json={})
        assert (bare.status_code, bare.json()["field"]) == (422, "on_behalf_reason")
        called = await estate.called(taken["id"])
        done = await client.post(path, json={"on_behalf_reason": "lin is ill", "contact_id": called})
        assert done.status_code == 200
        lines = (await client.get(f"/requests/{taken['id']}/timeline")).json()["items"]
    last = lines[-1]
    assert (last["what"], last["who"], last["on_behalf_of"]) == ("request.satisfied", "zhou", "lin")
    assert (await estate.read(taken["id"]))["first_contact_id"] == "lin"


async def test_j24_one_timeline_over_all_services_page_by_page(estate: Estate) -> None:
    taken = await estate.accept()
    await estate.told(*worked(taken["id"]), stream=taken["id"])
    lines: list[Any] = []
    async with estate.client() as client:
        cursor = ""
        while cursor is not None:
            query = {"limit": "3", "cursor": cursor}
            page = (await client.get(f"/requests/{taken['id']}/timeline", params=query)).json()
            assert len(page["items"]) <= 3
            lines += page["items"]
            cursor = page["next"]
    assert [line["what"] for line in lines] == [
        "request.reported",
        "request.accepted",
        "work_order.issued",
        "message.sent",
        "work_order.step",
        "work_order.completed",
        "charge.posted",
        "payment.received",
        "request.settled",
        "work_order.closed",
    ]
    assert [line["source"] for line in lines][2:5] == ["dispatch", "notify", "dispatch"]
    assert lines[1]["device"] == "desk-1"
    assert len({line["id"] for line in lines}) == len(lines)


async def test_an_event_heard_twice_changes_nothing_twice(estate: Estate) -> None:
    taken = await estate.accept()
    events = worked(taken["id"])
    await estate.told(*events, stream=taken["id"])
    once, counted = await estate.read(taken["id"]), await estate.counts()
    estate._sequences.clear()
    for event in events:
        await estate.hear(event, taken["id"])
    assert await estate.read(taken["id"]) == once
    assert await estate.counts() == counted


async def test_an_event_of_a_request_nobody_accepted_is_parked(estate: Estate) -> None:
    assert isinstance(await estate.hear(issued("nobody"), "nobody"), Parked)


async def test_j5_a_cancellation_waits_for_the_work_side_and_keeps_both_times(estate: Estate) -> None:
    taken = await estate.accept()
    await estate.told(issued(taken["id"]), stream=taken["id"])
    async with estate.client() as client:
        path = f"/requests/{taken['id']}/cancel"
        answer = await client.post(path, json={"reason": "mended it himself"})
        assert (answer.json()["status"], answer.json()["stage"]) == ("OPEN", "CANCEL_ASKED")
        assert (await client.post(path, json={"reason": "again"})).status_code == 409
    cancelled = dispatch.WorkCancelled(
        work_order_id="wo-" + taken["id"],
        request_id=taken["id"],
        slip="2026-000001",
        reason="mended it himself",
        notice_received_at=now(),
        confirmed_at=now(),
    )
    await estate.told(cancelled, stream=taken["id"])
    read = await estate.read(taken["id"])
    assert (read["status"], read["stage"], read["slips"]) == ("CANCELLED", "CLOSED", ["2026-000001"])
    assert await estate.journal(taken["id"]) == [
        "intake.request.accepted.v1",
        "intake.request.cancelled.v1",
        "intake.request.closed.v1",
    ]


async def test_p023_a_withdrawal_on_site_closes_the_request(estate: Estate) -> None:
    taken = await estate.accept()
    withdrawn = dispatch.WorkWithdrawn(
        work_order_id="wo-" + taken["id"],
        request_id=taken["id"],
        slip="2026-000001",
        reason="price",
        owner_mark="x",
        supervisor_id="ma",
        withdrawn_at=now(),
    )
    await estate.told(issued(taken["id"]), withdrawn, stream=taken["id"])
    assert (await estate.read(taken["id"]))["status"] == "WITHDRAWN"
    assert (await estate.journal(taken["id"]))[-1] == "intake.request.closed.v1"


async def test_j7_unreached_after_the_callbacks_by_a_supervisor_and_open_again_when_he_calls(
    estate: Estate,
) -> None:
    taken = await estate.accept()
    await estate.told(*worked(taken["id"]), stream=taken["id"])
    path = f"/requests/{taken['id']}/close-unreached"
    noon = now().replace(hour=4, minute=0) - timedelta(days=1)  # noon in Shanghai
    async with estate.client() as client:
        few = await client.post(path, json={"reason": "no answer"})
        assert (few.status_code, few.json()["type"].rsplit("/", 1)[1]) == (409, "too-few-callbacks")
        for n in range(3):
            call = {
                "channel": "callback",
                "direction": "out",
                "result": "no_answer",
                "about_request_id": taken["id"],
                "started_at": (noon + timedelta(minutes=n)).isoformat(),
            }
            assert (await client.post("/contacts", json=call)).status_code == 201
        night = {**call, "started_at": (noon - timedelta(hours=10)).isoformat()}
        assert (await client.post("/contacts", json=night)).status_code == 201
        assert (await estate.read(taken["id"]))["unanswered_callbacks"] == 3
    async with estate.client("cs_officer") as officer:
        assert (await officer.post(path, json={"reason": "no answer"})).status_code == 403
    async with estate.client() as client:
        closed = await client.post(path, json={"reason": "no answer"})
        assert closed.json()["status"] == "UNREACHED"
        again = await client.post(
            f"/requests/{taken['id']}/reopen", json={"reason": "he called: it drips again"}
        )
        assert (again.json()["status"], again.json()["stage"]) == ("OPEN", "REOPENED")


async def test_j25_a_request_moves_to_the_right_unit_and_keeps_its_number(estate: Estate) -> None:
    taken = await estate.accept()
    async with estate.client() as client:
        path = f"/requests/{taken['id']}/amend"
        body = {"reason": "misheard", "unit_id": "3-2-1802", "requester": {"phone": "13900139000"}}
        answer = await client.post(path, json=body)
        assert answer.status_code == 200, answer.text
        assert answer.json()["reference"] == taken["reference"]
        found = (await client.get("/requests", params={"unit_id": "3-2-1802"})).json()["items"]
        assert [item["id"] for item in found] == [taken["id"]]
        assert (await client.get("/requests", params={"unit_id": "3-2-1801"})).json()["items"] == []


async def test_one_call_opens_several_requests(estate: Estate) -> None:
    async with estate.client() as client:
        contact = (await client.post("/contacts", json={"channel": "window"})).json()
        ids = []
        for part in ("kitchen tap", "bathroom tap"):
            body = estate.repair(
                contact=None, contact_id=contact["id"], fields={"part": part, "tariff_told": True}
            )
            ids.append((await client.post("/requests", json=body)).json()["id"])
        read = (await client.get(f"/contacts/{contact['id']}")).json()
    assert sorted(read["request_ids"]) == sorted(ids)
    assert read["allowed_actions"][0]["body"] == "RequestBody"


async def test_possible_duplicates_are_pointed_out_and_never_refused(estate: Estate) -> None:
    first = await estate.accept()
    assert (await estate.read(first["id"]))["possible_duplicates"] == []
    second = await estate.accept(description="The tap still drips")
    third = await estate.accept(category="electrical")
    assert (await estate.read(third["id"]))["possible_duplicates"] == []
    for one, other in ((first, second), (second, first)):
        seen = await estate.read(one["id"])
        assert [twin["reference"] for twin in seen["possible_duplicates"]] == [other["reference"]]
