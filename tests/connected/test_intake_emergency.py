"""Emergencies at the desk: taken from anybody, and overtaking what began as routine (P020, J17, J18)."""

from __future__ import annotations

from datetime import timedelta

import orjson
import pytest

from shared.events.dispatch import WorkStepTaken
from tests.connected.intake_kit import Estate, Json
from tests.events import issued

pytestmark = [pytest.mark.connected, pytest.mark.asyncio(loop_scope="module")]


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


@pytest.mark.parametrize("procedure", ["inquiry", "general-help", "car-hire"])
async def test_j17_an_item_of_the_emergency_list_is_an_emergency_under_any_procedure(
    estate: Estate, procedure: str
) -> None:
    async with estate.client("cs_officer") as client:
        answer = await client.post(
            "/requests",
            json={
                "procedure": procedure,
                "hazard": "fire",
                "place": "garage",
                "contact": {"channel": "hotline"},
            },
        )
    assert answer.status_code == 201, answer.text
    taken = answer.json()
    assert (taken["procedure"], taken["urgency"], taken["lane"]) == ("repair-report", "emergency", "urgent")
    assert f"procedure: {procedure}" in (await estate.read(taken["id"]))["set_aside"]


async def test_p018_an_emergency_is_taken_without_a_word_of_the_tariff(estate: Estate) -> None:
    taken = await estate.accept(urgency="emergency", fields={})
    assert "fields.tariff_told" in (await estate.read(taken["id"]))["not_supplied"], "its paper says it later"


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


async def test_p020_an_errand_in_the_urgent_lane_that_becomes_an_emergency_has_somebody_sent(
    estate: Estate,
) -> None:
    """A butler arranges an errand from the desk: a response of its own is what answers."""
    start_at = (estate.runtime.clock.now() + timedelta(days=2)).isoformat()
    start = {"start_at": start_at, "pickup_place": "gate 1", "vehicle_type": "sedan"}
    taken = await estate.accept(
        procedure="car-hire",
        category="car-hire",
        area="public",
        urgency="urgent",
        fields={**start, "duration_hours": 2, "people": 3},
    )
    assert taken["lane"] == "urgent"
    id, now = taken["id"], estate.runtime.clock.now()
    errand = issued(id, now, kind="errand", procedure="car-hire", department="butler", urgency="urgent")
    await estate.told(errand, stream=id)
    await estate.act(id, "raise-urgency", "gate_guard", urgency="emergency", reason="he has collapsed")
    assert await estate.journal(f"emergency:{id}") == ["intake.emergency.raised.v1"]
    step = {"work_order_id": f"wo-{id}", "request_id": id, "by": "system", "taken_at": now}
    await estate.told(WorkStepTaken(**step, step="urgency_raised", status="ASKED"), stream=id)
    assert await watched_for(estate, id) == "answer", "the errand's own slip sends nobody"
    response = {"kind": "response", "work_order_id": "wo-2", "slip": "2026-000002", "urgency": "emergency"}
    await estate.told(issued(id, now, **response), stream=f"emergency:{id}")
    assert await watched_for(estate, id) == ""
    await estate.act(id, "lower-urgency", "cs_supervisor", urgency="urgent", reason="he is well")
    await estate.act(id, "raise-urgency", "gate_guard", urgency="emergency", reason="again")
    assert await watched_for(estate, id) == "answer"
    again = WorkStepTaken(**step | {"work_order_id": "wo-2"}, step="called_again", status="ISSUED")
    await estate.told(again, stream=f"emergency:{id}")
    assert await watched_for(estate, id) == "", "who has the response has heard of it"


async def watched_for(estate: Estate, request_id: str) -> str:
    """What intake expects dispatch to do about a request (J30)."""
    row = await estate.runtime.db["requests"].find_one({"property_id": estate.property_id, "id": request_id})
    assert row is not None
    return str(row["watch_for"])


PHONES = [f"1380013900{n}" for n in range(4)]


async def record_neighbours(estate: Estate) -> None:
    """Li owns 1801, Zhou rents 1802 and his son lives there, Sun owns a villa."""
    homes = {"li": ("3-2-1801", "owner"), "zhou": ("3-2-1802", "tenant"), "son": ("3-2-1802", "family")}
    people = [
        {"person_id": id, "name": id, "phones": [phone], "units": [{"unit_id": unit, "role": role}]}
        for phone, (id, (unit, role)) in zip(PHONES, {**homes, "sun": ("9", "owner")}.items(), strict=True)
    ]
    async with estate.client() as client:
        assert (await client.post("/units", json={"label": "9"})).status_code == 201
        assert (await client.post("/people/bulk", json={"people": people})).status_code == 201


async def test_p020_the_other_owners_whom_an_emergency_touches_are_told(estate: Estate) -> None:
    await record_neighbours(estate)
    quiet = await estate.accept()
    waits = await estate.refused(quiet["id"], "warn-affected", buildings=["3"])
    assert waits["kind"] == "no-emergency"
    taken = await estate.accept(hazard="flooding", person_id="li")
    id = taken["id"]
    assert (await estate.refused(id, "warn-affected"))["kind"] == "nobody-named"
    assert (await estate.refused(id, "warn-affected", buildings=["4"]))["field"] == "buildings.0"
    assert (await estate.refused(id, "warn-affected", unit_ids=["no"]))["field"] == "unit_ids.0"
    assert (await estate.refused(id, "warn-affected", unit_ids=["3-2-1801"]))["kind"] == "nobody-recorded"
    await estate.refused(id, "warn-affected", "technician", buildings=["3"])
    await estate.act(id, "warn-affected", "duty_officer", buildings=["3"], unit_ids=["9"])
    rows = estate.runtime.db["outbox"].find({"property_id": estate.property_id, "stream": f"warning:{id}"})
    facts = [(row["lane"], orjson.loads(row["data"])) async for row in rows.sort("sequence", 1)]
    assert [(lane, f["person_id"], f["unit_id"]) for lane, f in facts] == [
        ("urgent", "sun", "9"),
        ("urgent", "zhou", "3-2-1802"),
    ], "not who has told of it, and each household once"
    assert {(f["place"], f["hazard_en"], f["urgency"]) for _, f in facts} == {("3", "Flooding", "emergency")}
    assert PHONES[3].encode() not in orjson.dumps([f for _, f in facts]), "names and numbers are sealed (J9)"
    [line] = [one for one in await estate.timeline(id) if one["what"] == "owners.warned"]
    assert (line["detail"]["count"], line["detail"]["buildings"]) == ("2", "3")


async def test_p020_so_many_are_told_at_once_and_no_more(estate: Estate) -> None:
    await record_neighbours(estate)
    await estate.open(settings={"emergency.affected_max": 1})
    taken = await estate.accept(urgency="emergency")
    too_many = await estate.refused(taken["id"], "warn-affected", buildings=["3"])
    assert (too_many["kind"], too_many["accepted"]) == ("too-many-affected", "at most 1 people")


async def test_p020_a_whole_tower_is_told_in_one_step_up_to_the_limit(estate: Estate) -> None:
    most = 300
    labels = [f"5-{n}" for n in range(1, most + 1)]
    people = [{"person_id": f"p{n}", "name": "x", "units": [owner(label)]} for n, label in enumerate(labels)]
    async with estate.client() as client:
        units = {"units": [{"label": label} for label in labels]}
        assert (await client.post("/units/bulk", json=units)).status_code == 201
        assert (await client.post("/people/bulk", json={"people": people})).status_code == 201
    id = (await estate.accept(hazard="power-outage"))["id"]
    await estate.act(id, "warn-affected", "duty_officer", buildings=["5"])
    warned = {"property_id": estate.property_id, "stream": f"warning:{id}"}
    assert await estate.runtime.db["outbox"].count_documents(warned) == most
    async with estate.client() as client:
        assert (await client.post("/units", json={"label": "5-301"})).status_code == 201
    assert (await estate.refused(id, "warn-affected", buildings=["5"]))["kind"] == "too-many-affected"


def owner(unit_id: str) -> Json:
    """One who owns that unit."""
    return {"unit_id": unit_id, "role": "owner"}
