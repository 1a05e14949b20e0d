"""What the desk looks up: references, lists, people (J22), the catalogue; each query on an index."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from services.intake.references import References
from shared.settings import Settings
from tests.connected.intake_events import issued, now
from tests.connected.intake_kit import Estate, new_property, running

pytestmark = [pytest.mark.connected, pytest.mark.asyncio(loop_scope="module")]


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


async def test_the_catalogue_is_read_as_the_property_runs_it(estate: Estate) -> None:
    async with estate.client() as client:
        base = f"{estate.url}/v1/catalogue"
        listed = (await client.get(base, params={"property_id": estate.property_id})).json()
        assert {item["id"] for item in listed} >= {"repair-report", "car-hire"}
        one = (await client.get(f"{base}/repair-report", params={"property_id": estate.property_id})).json()
        assert one["version"] == {item["id"]: item["version"] for item in listed}["repair-report"]
        assert (await client.get(f"{base}/no-such")).status_code == 404
        assert (await client.get(base, params={"property_id": "another"})).status_code == 404
        assert "hotline" in (await client.get(f"{base}/channels")).json()
        assert (await client.get(base, headers={"Authorization": ""})).status_code == 401
