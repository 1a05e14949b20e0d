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


async def test_a_line_that_is_refused_says_why_in_the_senders_language(estate: Estate) -> None:
    said: dict[str, list[str]] = {}
    async with estate.client() as client:
        for language in ("zh", "en"):
            csv = {"Content-Type": "text/csv", "Accept-Language": language}
            text = "label,kind\n8-3-101,\n8-3-102,castle\n8-3-103,,,\n8-3-101,\n"
            answer = await client.post("/units/csv", content=text, headers=csv)
            assert answer.status_code == 201, answer.text
            said[language] = [row["detail"] for row in answer.json()["refused"]]
    assert len(said["zh"]) == len(said["en"]) == 3
    assert said["zh"][1] == "本行的列数与首行不同。"
    assert said["en"][1] == "This line has another number of columns than the first."
    assert all(max(detail) >= "\u4e00" for detail in said["zh"])
    assert all(detail.isascii() for detail in said["en"])


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
