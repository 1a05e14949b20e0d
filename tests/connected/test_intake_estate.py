"""A property as intake keeps it: its settings, units and people, and the history it brings along (J8)."""

from __future__ import annotations

import pytest

from shared.ids import new_id
from tests.connected.intake_kit import Estate

pytestmark = [pytest.mark.connected, pytest.mark.asyncio(loop_scope="module")]


async def test_the_property_is_opened_read_and_changed_with_its_version(estate: Estate) -> None:
    async with estate.client() as client:
        read = await client.get(estate.root)
        assert read.headers["ETag"] == '"1"'
        assert "callback.other_days" in read.json()["unconfirmed"]
        body = {
            name: read.json()[name]
            for name in ("name_zh", "name_en", "zone", "profile", "currency", "duty_chain")
        }
        changed = body | {"settings": {"callback.other_days": 5}}
        stale = await client.put(estate.root, json=changed, headers={"If-Match": '"9"'})
        assert stale.status_code == 412
        fresh = await client.put(estate.root, json=changed, headers={"If-Match": '"1"'})
        assert (fresh.status_code, fresh.json()["version"]) == (200, 2)
        again = (await client.get(estate.root)).json()
        assert again["settings"]["callback.other_days"] == 5
        assert "callback.other_days" not in again["unconfirmed"]
    assert await estate.journal(f"property:{estate.property_id}") == ["intake.property.configured.v1"] * 2


@pytest.fixture(scope="module")
def clock() -> Clock:
    """The real time: what the other services tell here is told now."""
    return SystemClock()


_ticks = itertools.count(1)


def now() -> datetime:
    """The present; each answer a millisecond later, so that the lines of a timeline have an order."""
    return datetime.now(UTC) + timedelta(milliseconds=next(_ticks))


def issued(request_id: str, **changed: Any) -> dispatch.WorkOrderIssued:
    """The slip is out, now."""
    return events.issued(request_id, now(), **changed)


def worked(request_id: str) -> list[Any]:
    """What dispatch, billing and notify tell of a paid repair."""
    ids = {"work_order_id": "wo-" + request_id, "request_id": request_id}
    return [
        issued(request_id),
        notify.MessageSent(
            message_id=new_id(),
            request_id=request_id,
            audience="owner",
            template="work_order_issued",
            channel="sms",
            attempts=1,
            sent_at=now(),
        ),
        dispatch.WorkStepTaken(**ids, step="arrived", status="ON_SITE", by="wang", taken_at=now()),
        dispatch.WorkCompleted(**ids, kind="repair", quote_id="q", amount=CNY, completed_at=now()),
        billing.ChargePosted(**ids, charge_id="c", quote_id="q", amount=CNY, posted_at=now()),
        billing.PaymentReceived(
            payment_id="p",
            request_id=request_id,
            purpose="charge",
            amount=CNY,
            method="cash",
            receipt="R2026-1",
            receipt_number=1,
            collected_by="zhao",
            received_at=now(),
        ),
        billing.RequestSettled(**ids, settled_at=now()),
        dispatch.WorkPaidOff(**ids, closed_at=now()),
    ]


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
        answer = await client.post(f"/requests/{taken['id']}/confirm", json={"note": "all well"})
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
        done = await client.post(path, json={"on_behalf_reason": "lin is ill"})
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


async def test_p012_p013_a_promise_is_watched_and_moves_only_with_the_customer(estate: Estate) -> None:
    taken = await estate.accept()
    path = f"/requests/{taken['id']}/promise"
    soon, later = (now() + timedelta(hours=hours) for hours in (3, 5))
    async with estate.client("cs_officer") as client:
        early = await client.post(path, json={"promised_at": soon.isoformat()})
        assert (early.status_code, early.json()["type"].rsplit("/", 1)[1]) == (409, "not-arranged")
        await estate.told(issued(taken["id"]), stream=taken["id"])
        named = await client.post(path, json={"promised_at": soon.isoformat(), "customer_named": True})
        assert named.status_code == 403
        kept = await client.post(path, json={"promised_at": soon.isoformat()})
        assert kept.status_code == 200
        assert (await estate.counts())["timers"] == 2
        alone = await client.post(path, json={"promised_at": later.isoformat(), "reason": "part is late"})
        assert alone.status_code == 409
        told = await client.post(
            "/contacts",
            json={
                "channel": "callback",
                "direction": "out",
                "result": "reached",
                "about_request_id": taken["id"],
            },
        )
        assert told.status_code == 201
        moved = await client.post(
            path,
            json={
                "promised_at": later.isoformat(),
                "reason": "part is late",
                "contact_id": told.json()["id"],
            },
        )
        assert moved.status_code == 200, moved.text
    assert (await estate.read(taken["id"]))["promise"]["moved"] == 1
    assert (await estate.counts())["timers"] == 2


async def test_p013_a_promise_that_comes_near_is_told_and_one_that_passes_is_counted(estate: Estate) -> None:
    taken = await estate.accept()
    await estate.told(issued(taken["id"]), stream=taken["id"])
    promised_at = now() + timedelta(hours=3)
    async with estate.client() as client:
        answer = await client.post(
            f"/requests/{taken['id']}/promise", json={"promised_at": promised_at.isoformat()}
        )
        assert answer.status_code == 200, answer.text
    assert await estate.sweep(promised_at - timedelta(minutes=61)) == 0
    assert await estate.sweep(promised_at - timedelta(minutes=59)) == 1
    assert (await estate.journal(taken["id"]))[-1] == "intake.request.extension_needed.v1"
    assert await estate.sweep(promised_at + timedelta(seconds=1)) == 1
    assert (await estate.journal(taken["id"]))[-1] == "intake.request.promise_missed.v1"
    assert (await estate.read(taken["id"]))["promise"]["missed"] == 1
    assert (await estate.counts())["timers"] == 0


async def test_p013_a_promise_kept_in_time_is_never_counted(estate: Estate) -> None:
    taken = await estate.accept()
    await estate.told(issued(taken["id"]), stream=taken["id"])
    promised_at = now() + timedelta(hours=3)
    async with estate.client() as client:
        body = {"promised_at": promised_at.isoformat()}
        assert (await client.post(f"/requests/{taken['id']}/promise", json=body)).status_code == 200
    await estate.told(*worked(taken["id"])[2:4], stream=taken["id"])
    assert await estate.sweep(promised_at + timedelta(seconds=1)) == 2
    assert "intake.request.promise_missed.v1" not in await estate.journal(taken["id"])
    assert (await estate.read(taken["id"]))["promise"]["missed"] == 0


async def test_p012_in_a_property_where_supervisors_promise_an_officer_may_not(estate: Estate) -> None:
    strict = Estate(estate.runtime, estate.url, new_property())
    await strict.open(profile="garden")
    taken = await strict.accept()
    await strict.told(issued(taken["id"]), stream=taken["id"])
    body = {"promised_at": (now() + timedelta(hours=3)).isoformat()}
    async with strict.client("cs_officer") as client:
        refused = await client.post(f"/requests/{taken['id']}/promise", json=body)
        assert (refused.status_code, refused.json()["type"].rsplit("/", 1)[1]) == (403, "supervisor-promises")
    async with strict.client("cs_supervisor") as client:
        assert (await client.post(f"/requests/{taken['id']}/promise", json=body)).status_code == 200


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


async def test_j18_a_routine_request_that_becomes_an_emergency_overtakes_on_its_own_urgent_stream(
    estate: Estate,
) -> None:
    taken = await estate.accept()
    async with estate.client("gate_guard", sub="guard") as guard:
        path = f"/requests/{taken['id']}/raise-urgency"
        answer = await guard.post(path, json={"urgency": "emergency", "reason": "water on the stairs"})
        assert (answer.status_code, answer.json()["lane"]) == (200, "routine")
        lower = f"/requests/{taken['id']}/lower-urgency"
        assert (await guard.post(lower, json={"urgency": "general", "reason": "dry"})).status_code == 403
    [row] = (
        await estate.runtime.db["outbox"]
        .find({"property_id": estate.property_id, "stream": f"emergency:{taken['id']}"})
        .to_list(10)
    )
    assert (row["type"], row["lane"]) == ("intake.emergency.raised.v1", "urgent")
    async with estate.client() as client:
        lowered = await client.post(lower, json={"urgency": "general", "reason": "dry"})
        assert (lowered.status_code, lowered.json()["urgency"]) == (200, "general")
        again = await client.post(path, json={"urgency": "emergency", "reason": "water again"})
        assert again.status_code == 200
    assert await estate.journal(f"emergency:{taken['id']}") == ["intake.emergency.raised.v1"] * 2
    assert await estate.journal(taken["id"]) == [
        "intake.request.accepted.v1",
        "intake.request.urgency_raised.v1",
        "intake.request.urgency_lowered.v1",
        "intake.request.urgency_raised.v1",
    ]


async def test_p020_j17_an_emergency_is_taken_from_anybody_with_a_place_and_a_word(estate: Estate) -> None:
    async with estate.client("gate_guard") as guard:
        answer = await guard.post(
            "/requests",
            json={
                "procedure": "no-such-procedure",
                "urgency": "emergency",
                "place": "building 3, stairs",
                "description": "water",
                "requester": {"phone": "hello"},
                "fields": {"colour": "red"},
                "contact": {"channel": "pigeon"},
                "person_id": "nobody",
            },
        )
    assert answer.status_code == 201, answer.text
    taken = answer.json()
    assert (taken["procedure"], taken["urgency"], taken["lane"]) == ("repair-report", "emergency", "urgent")
    assert taken["complete_by"] is not None
    read = await estate.read(taken["id"])
    assert set(read["set_aside"]) == {
        "procedure: no-such-procedure",
        "contact: unknown-channel",
        "person_id: nobody",
        "colour: red",
        "requester.phone: hello",
    }


async def test_j17_an_emergency_whose_catalogue_version_is_lost_goes_on_under_todays_rules(
    estate: Estate,
) -> None:
    emergency = await estate.accept(urgency="emergency")
    routine = await estate.accept(description="another lamp")
    lost = {"$set": {"catalogue_version": "lost"}}
    await estate.runtime.db["requests"].update_many({"property_id": estate.property_id}, lost)
    body = {"reason": "said it wrongly", "place": "stairs, third floor"}
    async with estate.client("cs_supervisor") as client:
        amended = await client.post(f"/requests/{emergency['id']}/amend", json=body)
        held = await client.post(f"/requests/{routine['id']}/amend", json=body)
    assert amended.status_code == 200, amended.text
    assert (held.status_code, held.json()["field"]) == (422, "catalogue_version")
    for taken in (emergency, routine):
        assert (await estate.read(taken["id"]))["catalogue_version"] == "lost", "both can be read"


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
            body = estate.repair(contact=None, contact_id=contact["id"], fields={"part": part})
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


async def test_a_reference_is_short_unique_and_found_as_it_is_said(estate: Estate) -> None:
    taken = [await estate.accept() for _ in range(5)]
    references = {one["reference"] for one in taken}
    assert len(references) == 5
    assert all(len(reference) <= 7 for reference in references)
    said = taken[2]["reference"]
    async with estate.client() as client:
        found = (await client.get("/requests", params={"reference": f"{said[:3]} {said[3:]}"})).json()
        assert [item["id"] for item in found["items"]] == [taken[2]["id"]]
        wrong = said[:-1] + str((int(said[-1]) + 1) % 10)
        assert (await client.get("/requests", params={"reference": wrong})).status_code == 422


async def test_references_of_many_properties_are_unique_and_what_is_kept_of_them_is_bounded(
    estate: Estate, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.intake.references.PROPERTIES_KEPT_MAX", 3)
    references = References(estate.runtime.db)
    places = [f"{estate.property_id}-{n}" for n in range(6)]
    drawn = await asyncio.gather(*(references.draw(place) for place in places * 50))
    for n, place in enumerate(places):
        mine = drawn[n::6]
        assert len(set(mine)) == 50, place
    assert len(references._left) <= 3


async def test_lists_filter_and_go_on_where_they_stopped(estate: Estate) -> None:
    taken = [
        await estate.accept(category=name)
        for name in ("plumbing", "electrical", "lift", "other", "structure")
    ]
    urgent = await estate.accept(urgency="urgent")
    await estate.told(issued(taken[1]["id"]), stream=taken[1]["id"])
    async with estate.client() as client:
        seen: list[str] = []
        cursor = ""
        while cursor is not None:
            page = (await client.get("/requests", params={"limit": 2, "cursor": cursor})).json()
            seen += [item["id"] for item in page["items"]]
            cursor = page["next"]
        assert seen == [one["id"] for one in (urgent, *reversed(taken))]
        for query, count in (
            ({"urgency": "urgent"}, 1),
            ({"status": "OPEN"}, 6),
            ({"status": "SATISFIED"}, 0),
            ({"stage": "ARRANGED", "status": "OPEN"}, 1),
            ({"department": "engineering"}, 1),
            ({"procedure": "repair-report"}, 6),
            ({"procedure": "car-hire"}, 0),
            ({"since": (now() - timedelta(hours=1)).isoformat()}, 6),
            ({"until": (now() - timedelta(hours=1)).isoformat()}, 0),
        ):
            found = (await client.get("/requests", params=query)).json()["items"]
            assert len(found) == count, query
        assert (await client.get("/requests", params={"cursor": "%%%"})).status_code == 422
        assert (await client.get("/requests", params={"limit": 201})).status_code == 422


async def test_every_list_and_look_up_is_served_by_an_index(estate: Estate) -> None:
    taken = await estate.accept()
    await estate.told(issued(taken["id"]), stream=taken["id"])
    db = estate.runtime.db
    await db.command({"profile": 2})
    async with estate.client() as client:
        for path, query in (
            ("/requests", {}),
            ("/requests", {"status": "OPEN"}),
            ("/requests", {"stage": "ARRANGED"}),
            ("/requests", {"urgency": "general"}),
            ("/requests", {"procedure": "repair-report"}),
            ("/requests", {"department": "engineering"}),
            ("/requests", {"unit_id": "3-2-1801"}),
            ("/requests", {"reference": taken["reference"]}),
            (f"/requests/{taken['id']}", {}),
            (f"/requests/{taken['id']}/timeline", {}),
            ("/contacts", {}),
            ("/contacts", {"channel": "hotline"}),
            ("/contacts", {"caller_phone": "13800138000"}),
            ("/contacts", {"about_request_id": taken["id"]}),
            (f"/contacts/{taken['contact_id']}", {}),
            ("/units", {}),
            ("/units", {"building": "3"}),
            ("/people", {}),
            ("/people", {"unit_id": "3-2-1801"}),
            ("/people", {"phone": "13800138000"}),
            ("/people", {"phone": "8000", "building": "3"}),
        ):
            answer = await client.get(path, params=query)
            assert answer.status_code == 200, answer.text
    await db.command({"profile": 0})
    plans = await db["system.profile"].find({"op": "query"}).to_list(500)
    await db.drop_collection("system.profile")
    assert len(plans) >= 21
    unserved = [
        (plan["ns"], plan["command"].get("filter")) for plan in plans if "COLLSCAN" in plan["planSummary"]
    ]
    assert not unserved
    sorted_late = [(plan["ns"], plan["command"].get("filter")) for plan in plans if plan.get("hasSortStage")]
    assert not sorted_late


async def test_j22_people_are_found_by_number_or_by_building_and_last_four_and_all_are_shown(
    estate: Estate,
) -> None:
    people = [
        {
            "person_id": "chen",
            "name": "陈女士",
            "phones": ["139 0013 9000"],
            "units": [{"unit_id": "3-2-1801", "role": "owner"}],
        },
        {
            "person_id": "li",
            "name": "李先生",
            "phones": ["13900139000", "0755-26001234"],
            "units": [{"unit_id": "3-2-1802", "role": "tenant"}],
        },
    ]
    async with estate.client() as client:
        assert (await client.post("/people/bulk", json={"people": people})).status_code == 201

        async def found(**query: str) -> list[str]:
            answer = await client.get("/people", params=query)
            assert answer.status_code == 200, answer.text
            return sorted(person["id"] for person in answer.json()["items"])

        assert await found(phone="13900139000") == ["chen", "li"]
        assert await found(phone="9000", building="3") == ["chen", "li"]
        assert await found(phone="1234", building="3") == ["li"]
        assert await found(phone="1234", building="4") == []
        assert await found(phone="13700137000") == []
        assert (await client.get("/people", params={"phone": "9000"})).json()["field"] == "building"
        moved = people[1] | {"phones": ["0755-26001234"]}
        assert (await client.post("/people", json=moved)).status_code == 201
        assert await found(phone="13900139000") == ["chen"]
        masked = (await client.get("/people")).json()["items"]
        assert all(phone.startswith("***") for person in masked for phone in person["phones"])
        alone = await estate.accept(requester={"phone": "13900139000"})
        other_name = await estate.accept(requester={"phone": "13900139000", "name": "Somebody"})
    assert (await estate.read(alone["id"]))["person_id"] == "chen"
    read = await estate.read(other_name["id"])
    assert (read["person_id"], read["possible_people"]) == ("", ["chen"])


async def test_j22_looking_people_up_is_limited_by_a_stated_rate(intake_settings: Settings) -> None:
    slow = intake_settings.model_copy(update={"people_lookups_per_minute_max": 3})
    async with running(slow) as (runtime, url):
        estate = Estate(runtime, url, new_property())
        await estate.open()
        async with estate.client() as client:
            answers = [await client.get("/people", params={"phone": "13900139000"}) for _ in range(4)]
    assert [answer.status_code for answer in answers] == [200, 200, 200, 429]


async def test_the_property_is_opened_read_and_changed_with_its_version(estate: Estate) -> None:
    async with estate.client() as client:
        read = await client.get(estate.root)
        assert read.headers["ETag"] == '"1"'
        assert "callback.other_days" in read.json()["unconfirmed"]
        body = {
            name: read.json()[name]
            for name in ("name_zh", "name_en", "zone", "profile", "currency", "duty_chain")
        }
        changed = body | {"settings": {"callback.other_days": 5}}
        stale = await client.put(estate.root, json=changed, headers={"If-Match": '"9"'})
        assert stale.status_code == 412
        fresh = await client.put(estate.root, json=changed, headers={"If-Match": '"1"'})
        assert (fresh.status_code, fresh.json()["version"]) == (200, 2)
        again = (await client.get(estate.root)).json()
        assert again["settings"]["callback.other_days"] == 5
        assert "callback.other_days" not in again["unconfirmed"]
    assert await estate.journal(f"property:{estate.property_id}") == ["intake.property.configured.v1"] * 2


async def test_units_and_people_come_as_csv(estate: Estate) -> None:
    async with estate.client() as client:
        csv = {"Content-Type": "text/csv"}
        units = await client.post("/units/csv", content="label,kind\n8-1-101,villa\n8-1-102,\n", headers=csv)
        assert (units.status_code, units.json()["ids"]) == (201, ["8-1-101", "8-1-102"])
        people = await client.post(
            "/people/csv", content="name,phones,units\n王小明,13800138000,8-1-101:owner\n", headers=csv
        )
        assert people.status_code == 201, people.text
        listed = (await client.get("/units", params={"building": "8"})).json()["items"]
        assert [unit["label"] for unit in listed] == ["8-1-101", "8-1-102"]
        home = (await client.get("/people", params={"unit_id": "8-1-101"})).json()["items"]
        assert [person["name"] for person in home] == ["王小明"]
        bad = await client.post("/units/csv", content="label\n8/1\n", headers=csv)
        assert (bad.status_code, bad.json()["field"]) == (422, "line 2: label")
        assert (await client.get("/units", params={"building": "8"})).json()["items"] == listed


@pytest.fixture(scope="module")
def clock() -> Clock:
    """The real time: what the other services tell here is told now."""
    return SystemClock()


_ticks = itertools.count(1)


def now() -> datetime:
    """The present; each answer a millisecond later, so that the lines of a timeline have an order."""
    return datetime.now(UTC) + timedelta(milliseconds=next(_ticks))


def issued(request_id: str, **changed: Any) -> dispatch.WorkOrderIssued:
    """The slip is out, now."""
    return events.issued(request_id, now(), **changed)


def worked(request_id: str) -> list[Any]:
    """What dispatch, billing and notify tell of a paid repair."""
    ids = {"work_order_id": "wo-" + request_id, "request_id": request_id}
    return [
        issued(request_id),
        notify.MessageSent(
            message_id=new_id(),
            request_id=request_id,
            audience="owner",
            template="work_order_issued",
            channel="sms",
            attempts=1,
            sent_at=now(),
        ),
        dispatch.WorkStepTaken(**ids, step="arrived", status="ON_SITE", by="wang", taken_at=now()),
        dispatch.WorkCompleted(**ids, kind="repair", quote_id="q", amount=CNY, completed_at=now()),
        billing.ChargePosted(**ids, charge_id="c", quote_id="q", amount=CNY, posted_at=now()),
        billing.PaymentReceived(
            payment_id="p",
            request_id=request_id,
            purpose="charge",
            amount=CNY,
            method="cash",
            receipt="R2026-1",
            receipt_number=1,
            collected_by="zhao",
            received_at=now(),
        ),
        billing.RequestSettled(**ids, settled_at=now()),
        dispatch.WorkPaidOff(**ids, closed_at=now()),
    ]


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
        answer = await client.post(f"/requests/{taken['id']}/confirm", json={"note": "all well"})
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
        done = await client.post(path, json={"on_behalf_reason": "lin is ill"})
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


async def test_p012_p013_a_promise_is_watched_and_moves_only_with_the_customer(estate: Estate) -> None:
    taken = await estate.accept()
    path = f"/requests/{taken['id']}/promise"
    soon, later = (now() + timedelta(hours=hours) for hours in (3, 5))
    async with estate.client("cs_officer") as client:
        early = await client.post(path, json={"promised_at": soon.isoformat()})
        assert (early.status_code, early.json()["type"].rsplit("/", 1)[1]) == (409, "not-arranged")
        await estate.told(issued(taken["id"]), stream=taken["id"])
        named = await client.post(path, json={"promised_at": soon.isoformat(), "customer_named": True})
        assert named.status_code == 403
        kept = await client.post(path, json={"promised_at": soon.isoformat()})
        assert kept.status_code == 200
        assert (await estate.counts())["timers"] == 2
        alone = await client.post(path, json={"promised_at": later.isoformat(), "reason": "part is late"})
        assert alone.status_code == 409
        told = await client.post(
            "/contacts",
            json={
                "channel": "callback",
                "direction": "out",
                "result": "reached",
                "about_request_id": taken["id"],
            },
        )
        assert told.status_code == 201
        moved = await client.post(
            path,
            json={
                "promised_at": later.isoformat(),
                "reason": "part is late",
                "contact_id": told.json()["id"],
            },
        )
        assert moved.status_code == 200, moved.text
    assert (await estate.read(taken["id"]))["promise"]["moved"] == 1
    assert (await estate.counts())["timers"] == 2


async def test_p013_a_promise_that_comes_near_is_told_and_one_that_passes_is_counted(estate: Estate) -> None:
    taken = await estate.accept()
    await estate.told(issued(taken["id"]), stream=taken["id"])
    promised_at = now() + timedelta(hours=3)
    async with estate.client() as client:
        answer = await client.post(
            f"/requests/{taken['id']}/promise", json={"promised_at": promised_at.isoformat()}
        )
        assert answer.status_code == 200, answer.text
    assert await estate.sweep(promised_at - timedelta(minutes=61)) == 0
    assert await estate.sweep(promised_at - timedelta(minutes=59)) == 1
    assert (await estate.journal(taken["id"]))[-1] == "intake.request.extension_needed.v1"
    assert await estate.sweep(promised_at + timedelta(seconds=1)) == 1
    assert (await estate.journal(taken["id"]))[-1] == "intake.request.promise_missed.v1"
    assert (await estate.read(taken["id"]))["promise"]["missed"] == 1
    assert (await estate.counts())["timers"] == 0


async def test_p013_a_promise_kept_in_time_is_never_counted(estate: Estate) -> None:
    taken = await estate.accept()
    await estate.told(issued(taken["id"]), stream=taken["id"])
    promised_at = now() + timedelta(hours=3)
    async with estate.client() as client:
        body = {"promised_at": promised_at.isoformat()}
        assert (await client.post(f"/requests/{taken['id']}/promise", json=body)).status_code == 200
    await estate.told(*worked(taken["id"])[2:4], stream=taken["id"])
    assert await estate.sweep(promised_at + timedelta(seconds=1)) == 2
    assert "intake.request.promise_missed.v1" not in await estate.journal(taken["id"])
    assert (await estate.read(taken["id"]))["promise"]["missed"] == 0


async def test_p012_in_a_property_where_supervisors_promise_an_officer_may_not(estate: Estate) -> None:
    strict = Estate(estate.runtime, estate.url, new_property())
    await strict.open(profile="garden")
    taken = await strict.accept()
    await strict.told(issued(taken["id"]), stream=taken["id"])
    body = {"promised_at": (now() + timedelta(hours=3)).isoformat()}
    async with strict.client("cs_officer") as client:
        refused = await client.post(f"/requests/{taken['id']}/promise", json=body)
        assert (refused.status_code, refused.json()["type"].rsplit("/", 1)[1]) == (403, "supervisor-promises")
    async with strict.client("cs_supervisor") as client:
        assert (await client.post(f"/requests/{taken['id']}/promise", json=body)).status_code == 200


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


async def test_j18_a_routine_request_that_becomes_an_emergency_overtakes_on_its_own_urgent_stream(
    estate: Estate,
) -> None:
    taken = await estate.accept()
    async with estate.client("gate_guard", sub="guard") as guard:
        path = f"/requests/{taken['id']}/raise-urgency"
        answer = await guard.post(path, json={"urgency": "emergency", "reason": "water on the stairs"})
        assert (answer.status_code, answer.json()["lane"]) == (200, "routine")
        lower = f"/requests/{taken['id']}/lower-urgency"
        assert (await guard.post(lower, json={"urgency": "general", "reason": "dry"})).status_code == 403
    [row] = (
        await estate.runtime.db["outbox"]
        .find({"property_id": estate.property_id, "stream": f"emergency:{taken['id']}"})
        .to_list(10)
    )
    assert (row["type"], row["lane"]) == ("intake.emergency.raised.v1", "urgent")
    async with estate.client() as client:
        lowered = await client.post(lower, json={"urgency": "general", "reason": "dry"})
        assert (lowered.status_code, lowered.json()["urgency"]) == (200, "general")
        again = await client.post(path, json={"urgency": "emergency", "reason": "water again"})
        assert again.status_code == 200
    assert await estate.journal(f"emergency:{taken['id']}") == ["intake.emergency.raised.v1"] * 2
    assert await estate.journal(taken["id"]) == [
        "intake.request.accepted.v1",
        "intake.request.urgency_raised.v1",
        "intake.request.urgency_lowered.v1",
        "intake.request.urgency_raised.v1",
    ]


async def test_p020_j17_an_emergency_is_taken_from_anybody_with_a_place_and_a_word(estate: Estate) -> None:
    async with estate.client("gate_guard") as guard:
        answer = await guard.post(
            "/requests",
            json={
                "procedure": "no-such-procedure",
                "urgency": "emergency",
                "place": "building 3, stairs",
                "description": "water",
                "requester": {"phone": "hello"},
                "fields": {"colour": "red"},
                "contact": {"channel": "pigeon"},
                "person_id": "nobody",
            },
        )
    assert answer.status_code == 201, answer.text
    taken = answer.json()
    assert (taken["procedure"], taken["urgency"], taken["lane"]) == ("repair-report", "emergency", "urgent")
    assert taken["complete_by"] is not None
    read = await estate.read(taken["id"])
    assert set(read["set_aside"]) == {
        "procedure: no-such-procedure",
        "contact: unknown-channel",
        "person_id: nobody",
        "colour: red",
        "requester.phone: hello",
    }


async def test_j17_an_emergency_whose_catalogue_version_is_lost_goes_on_under_todays_rules(
    estate: Estate,
) -> None:
    emergency = await estate.accept(urgency="emergency")
    routine = await estate.accept(description="another lamp")
    lost = {"$set": {"catalogue_version": "lost"}}
    await estate.runtime.db["requests"].update_many({"property_id": estate.property_id}, lost)
    body = {"reason": "said it wrongly", "place": "stairs, third floor"}
    async with estate.client("cs_supervisor") as client:
        amended = await client.post(f"/requests/{emergency['id']}/amend", json=body)
        held = await client.post(f"/requests/{routine['id']}/amend", json=body)
    assert amended.status_code == 200, amended.text
    assert (held.status_code, held.json()["field"]) == (422, "catalogue_version")
    for taken in (emergency, routine):
        assert (await estate.read(taken["id"]))["catalogue_version"] == "lost", "both can be read"


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
            body = estate.repair(contact=None, contact_id=contact["id"], fields={"part": part})
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


async def test_a_reference_is_short_unique_and_found_as_it_is_said(estate: Estate) -> None:
    taken = [await estate.accept() for _ in range(5)]
    references = {one["reference"] for one in taken}
    assert len(references) == 5
    assert all(len(reference) <= 7 for reference in references)
    said = taken[2]["reference"]
    async with estate.client() as client:
        found = (await client.get("/requests", params={"reference": f"{said[:3]} {said[3:]}"})).json()
        assert [item["id"] for item in found["items"]] == [taken[2]["id"]]
        wrong = said[:-1] + str((int(said[-1]) + 1) % 10)
        assert (await client.get("/requests", params={"reference": wrong})).status_code == 422


async def test_references_of_many_properties_are_unique_and_what_is_kept_of_them_is_bounded(
    estate: Estate, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.intake.references.PROPERTIES_KEPT_MAX", 3)
    references = References(estate.runtime.db)
    places = [f"{estate.property_id}-{n}" for n in range(6)]
    drawn = await asyncio.gather(*(references.draw(place) for place in places * 50))
    for n, place in enumerate(places):
        mine = drawn[n::6]
        assert len(set(mine)) == 50, place
    assert len(references._left) <= 3


async def test_lists_filter_and_go_on_where_they_stopped(estate: Estate) -> None:
    taken = [
        await estate.accept(category=name)
        for name in ("plumbing", "electrical", "lift", "other", "structure")
    ]
    urgent = await estate.accept(urgency="urgent")
    await estate.told(issued(taken[1]["id"]), stream=taken[1]["id"])
    async with estate.client() as client:
        seen: list[str] = []
        cursor = ""
        while cursor is not None:
            page = (await client.get("/requests", params={"limit": 2, "cursor": cursor})).json()
            seen += [item["id"] for item in page["items"]]
            cursor = page["next"]
        assert seen == [one["id"] for one in (urgent, *reversed(taken))]
        for query, count in (
            ({"urgency": "urgent"}, 1),
            ({"status": "OPEN"}, 6),
            ({"status": "SATISFIED"}, 0),
            ({"stage": "ARRANGED", "status": "OPEN"}, 1),
            ({"department": "engineering"}, 1),
            ({"procedure": "repair-report"}, 6),
            ({"procedure": "car-hire"}, 0),
            ({"since": (now() - timedelta(hours=1)).isoformat()}, 6),
            ({"until": (now() - timedelta(hours=1)).isoformat()}, 0),
        ):
            found = (await client.get("/requests", params=query)).json()["items"]
            assert len(found) == count, query
        assert (await client.get("/requests", params={"cursor": "%%%"})).status_code == 422
        assert (await client.get("/requests", params={"limit": 201})).status_code == 422


async def test_every_list_and_look_up_is_served_by_an_index(estate: Estate) -> None:
    taken = await estate.accept()
    await estate.told(issued(taken["id"]), stream=taken["id"])
    db = estate.runtime.db
    await db.command({"profile": 2})
    async with estate.client() as client:
        for path, query in (
            ("/requests", {}),
            ("/requests", {"status": "OPEN"}),
            ("/requests", {"stage": "ARRANGED"}),
            ("/requests", {"urgency": "general"}),
            ("/requests", {"procedure": "repair-report"}),
            ("/requests", {"department": "engineering"}),
            ("/requests", {"unit_id": "3-2-1801"}),
            ("/requests", {"reference": taken["reference"]}),
            (f"/requests/{taken['id']}", {}),
            (f"/requests/{taken['id']}/timeline", {}),
            ("/contacts", {}),
            ("/contacts", {"channel": "hotline"}),
            ("/contacts", {"caller_phone": "13800138000"}),
            ("/contacts", {"about_request_id": taken["id"]}),
            (f"/contacts/{taken['contact_id']}", {}),
            ("/units", {}),
            ("/units", {"building": "3"}),
            ("/people", {}),
            ("/people", {"unit_id": "3-2-1801"}),
            ("/people", {"phone": "13800138000"}),
            ("/people", {"phone": "8000", "building": "3"}),
        ):
            answer = await client.get(path, params=query)
            assert answer.status_code == 200, answer.text
    await db.command({"profile": 0})
    plans = await db["system.profile"].find({"op": "query"}).to_list(500)
    await db.drop_collection("system.profile")
    assert len(plans) >= 21
    unserved = [
        (plan["ns"], plan["command"].get("filter")) for plan in plans if "COLLSCAN" in plan["planSummary"]
    ]
    assert not unserved
    sorted_late = [(plan["ns"], plan["command"].get("filter")) for plan in plans if plan.get("hasSortStage")]
    assert not sorted_late


async def test_j22_people_are_found_by_number_or_by_building_and_last_four_and_all_are_shown(
    estate: Estate,
) -> None:
    people = [
        {
            "person_id": "chen",
            "name": "陈女士",
            "phones": ["139 0013 9000"],
            "units": [{"unit_id": "3-2-1801", "role": "owner"}],
        },
        {
            "person_id": "li",
            "name": "李先生",
            "phones": ["13900139000", "0755-26001234"],
            "units": [{"unit_id": "3-2-1802", "role": "tenant"}],
        },
    ]
    async with estate.client() as client:
        assert (await client.post("/people/bulk", json={"people": people})).status_code == 201

        async def found(**query: str) -> list[str]:
            answer = await client.get("/people", params=query)
            assert answer.status_code == 200, answer.text
            return sorted(person["id"] for person in answer.json()["items"])

        assert await found(phone="13900139000") == ["chen", "li"]
        assert await found(phone="9000", building="3") == ["chen", "li"]
        assert await found(phone="1234", building="3") == ["li"]
        assert await found(phone="1234", building="4") == []
        assert await found(phone="13700137000") == []
        assert (await client.get("/people", params={"phone": "9000"})).json()["field"] == "building"
        moved = people[1] | {"phones": ["0755-26001234"]}
        assert (await client.post("/people", json=moved)).status_code == 201
        assert await found(phone="13900139000") == ["chen"]
        masked = (await client.get("/people")).json()["items"]
        assert all(phone.startswith("***") for person in masked for phone in person["phones"])
        alone = await estate.accept(requester={"phone": "13900139000"})
        other_name = await estate.accept(requester={"phone": "13900139000", "name": "Somebody"})
    assert (await estate.read(alone["id"]))["person_id"] == "chen"
    read = await estate.read(other_name["id"])
    assert (read["person_id"], read["possible_people"]) == ("", ["chen"])


async def test_j22_looking_people_up_is_limited_by_a_stated_rate(intake_settings: Settings) -> None:
    slow = intake_settings.model_copy(update={"people_lookups_per_minute_max": 3})
    async with running(slow) as (runtime, url):
        estate = Estate(runtime, url, new_property())
        await estate.open()
        async with estate.client() as client:
            answers = [await client.get("/people", params={"phone": "13900139000"}) for _ in range(4)]
    assert [answer.status_code for answer in answers] == [200, 200, 200, 429]


async def test_the_property_is_opened_read_and_changed_with_its_version(estate: Estate) -> None:
    async with estate.client() as client:
        read = await client.get(estate.root)
        assert read.headers["ETag"] == '"1"'
        assert "callback.other_days" in read.json()["unconfirmed"]
        body = {
            name: read.json()[name]
            for name in ("name_zh", "name_en", "zone", "profile", "currency", "duty_chain")
        }
        changed = body | {"settings": {"callback.other_days": 5}}
        stale = await client.put(estate.root, json=changed, headers={"If-Match": '"9"'})
        assert stale.status_code == 412
        fresh = await client.put(estate.root, json=changed, headers={"If-Match": '"1"'})
        assert (fresh.status_code, fresh.json()["version"]) == (200, 2)
        again = (await client.get(estate.root)).json()
        assert again["settings"]["callback.other_days"] == 5
        assert "callback.other_days" not in again["unconfirmed"]
    assert await estate.journal(f"property:{estate.property_id}") == ["intake.property.configured.v1"] * 2


async def test_units_and_people_come_as_csv(estate: Estate) -> None:
    async with estate.client() as client:
        csv = {"Content-Type": "text/csv"}
        units = await client.post("/units/csv", content="label,kind\n8-1-101,villa\n8-1-102,\n", headers=csv)
        assert (units.status_code, units.json()["ids"]) == (201, ["8-1-101", "8-1-102"])
        people = await client.post(
            "/people/csv", content="name,phones,units\n王小明,13800138000,8-1-101:owner\n", headers=csv
        )
        assert people.status_code == 201, people.text
        listed = (await client.get("/units", params={"building": "8"})).json()["items"]
        assert [unit["label"] for unit in listed] == ["8-1-101", "8-1-102"]
        home = (await client.get("/people", params={"unit_id": "8-1-101"})).json()["items"]
        assert [person["name"] for person in home] == ["王小明"]
        bad = await client.post("/units/csv", content="label\n8/1\n", headers=csv)
        assert (bad.status_code, bad.json()["field"]) == (422, "line 2: label")
        assert (await client.get("/units", params={"building": "8"})).json()["items"] == listed


async def test_each_line_of_a_file_is_judged_by_itself_and_sent_twice_changes_nothing(
    estate: Estate,
) -> None:
    async with estate.client() as client:
        csv = {"Content-Type": "text/csv"}
        text = "label,delivered_on\n8-2-101,2025-06-30\n8/2,\n8-2-102,soon\n8-2-101,\n8-2-103,,,\n8-2-104,\n"
        answer = await client.post("/units/csv", content=text, headers=csv)
        assert answer.json()["ids"] == ["8-2-101", "8-2-104"], answer.text
        lines = {row["line"]: (row["field"], row["detail"]) for row in answer.json()["refused"]}
        assert sorted(lines) == [3, 4, 5, 6]
        assert lines[4][0] == "delivered_on"
        assert "stands in the list twice" in lines[5][1]
        before = (await client.get("/units/8-2-101")).json()
        again = await client.post("/units/csv", content=text, headers=csv)
        assert again.json() == answer.json()
        assert (await client.get("/units/8-2-101")).json() == before
        text = "name,phones,units\n王一,13800138061,8-2-101\n王二,none,8-2-101\n王三,13800138063,9-9-909\n"
        for _ in range(2):
            answer = await client.post("/people/csv", content=text, headers=csv)
            assert (answer.status_code, len(answer.json()["ids"])) == (201, 1), answer.text
            assert [row["line"] for row in answer.json()["refused"]] == [3, 4]
        home = (await client.get("/people", params={"unit_id": "8-2-101"})).json()["items"]
        assert [person["name"] for person in home] == ["王一"], "the same file again is the same people"


async def test_j8_history_comes_in_with_its_own_times_and_makes_nothing_else(estate: Estate) -> None:
    body = {
        "request_id": new_id(),
        "procedure": "repair-report",
        "category": "plumbing",
        "place": "91-33 97 Street",
        "origin": "history",
        "import_source": "old-desk",
        "reported_at": "2018-06-26T10:58:54-04:00",
        "closed_at": "2018-06-26T12:50:01-04:00",
        "outcome": "SATISFIED",
        "contact": {"channel": "hotline", "started_at": "2018-06-26T10:58:54-04:00"},
    }
    async with estate.client("cs_officer") as officer:
        assert (await officer.post("/requests", json=body)).status_code == 403
    async with estate.client("administrator") as client:
        first = await client.post("/requests", json=body)
        assert first.status_code == 201, first.text
        again = await client.post("/requests", json=body)
        assert (again.status_code, again.content) == (201, first.content)
    read = await estate.read(body["request_id"])
    assert (read["status"], read["first_contact_id"], read["reported_at"]) == (
        "SATISFIED",
        "imported",
        "2018-06-26T14:58:54Z",
    )
    assert await estate.journal(body["request_id"]) == [
        "intake.request.accepted.v1",
        "intake.request.closed.v1",
    ]
    counted = await estate.counts()
    assert (counted["requests"], counted["timers"]) == (1, 0)
