"""At the telephone and the window: every line at every hour, one place for every need, the price told first.

P001, P008, P014, and the two lists of P019 and P020.
"""

from __future__ import annotations

from datetime import timedelta

import pytest

from shared.catalogue.load import Catalogue
from tests.connected.intake_kit import ALL_ROLES, Estate, Json

pytestmark = [pytest.mark.connected, pytest.mark.asyncio(loop_scope="module")]
RULES = Catalogue.shipped().procedure("repair-report", "tower").intake
assert RULES is not None
EMERGENCY, URGENT = ([item.id for item in items] for items in (RULES.emergency_list, RULES.urgent_list))


async def catalogue(estate: Estate, path: str = "") -> Json | list[Json]:
    """The catalogue as this property runs it."""
    async with estate.client(*ALL_ROLES) as client:
        answer = await client.get(
            f"{estate.url}/v1/catalogue{path}", params={"property_id": estate.property_id}
        )
    assert answer.status_code == 200, answer.text
    found: Json | list[Json] = answer.json()
    return found


@pytest.mark.parametrize("line", ["hotline", "complaint_night", "duty_line", "switchboard"])
async def test_p001_at_three_in_the_morning_a_call_is_taken_and_says_how_long_it_rang(
    estate: Estate, line: str
) -> None:
    estate.next_day(hour=3)
    now = estate.runtime.clock.now()
    rang = {"started_at": now - timedelta(seconds=12), "answered_at": now - timedelta(seconds=4)}
    call = {"channel": line, "agent_id": "zhou", **{name: at.isoformat() for name, at in rang.items()}}
    repair = await estate.accept(contact=call)
    async with estate.client() as client:
        kept = (await client.get(f"/contacts/{(await estate.read(repair['id']))['contact_id']}")).json()
    assert (kept["answer_seconds"], kept["agent_id"], kept["request_ids"]) == (8.0, "zhou", [repair["id"]])
    complaint = await estate.accept(
        procedure="complaint-owner", category="noise", fields={}, contact={"channel": line}
    )
    assert complaint["status"] == "OPEN"


async def test_p001_calls_answered_before_the_third_ring_are_counted_of_those_whose_ringing_is_known(
    estate: Estate,
) -> None:
    since = estate.runtime.clock.now() - timedelta(minutes=5)
    for seconds in (4, 9.9, 10, 31):
        rang = {
            "started_at": since.isoformat(),
            "answered_at": (since + timedelta(seconds=seconds)).isoformat(),
        }
        await estate.accept(contact={"channel": "hotline", **rang})
    await estate.accept(contact={"channel": "hotline"})  # taken down later, from a sheet of paper
    await estate.accept(contact={"channel": "window", **rang})  # a visitor rings no telephone
    for own, in_time in (({}, 2), ({"call.answer_seconds": 5}, 1)):
        await estate.open(settings=own)
        async with estate.client() as client:
            summary = (await client.get("/summary", params={"since": since.isoformat()})).json()
        assert (summary["calls_in_time"], summary["calls"]) == (in_time, 4)


async def test_p008_whatever_way_a_need_comes_it_is_taken_up_in_one_place(estate: Estate) -> None:
    async with estate.client() as client:
        ways = (await client.get(f"{estate.url}/v1/catalogue/channels")).json()
    taken = {way: await estate.accept(contact={"channel": way}) for way in ways}
    assert len({one["reference"] for one in taken.values()}) == len(ways) > 15
    async with estate.client() as client:
        for way, one in taken.items():
            answer = await client.get("/requests", params={"status": "OPEN", "limit": 200})
            assert one["id"] in {row["id"] for row in answer.json()["items"]}, way


@pytest.mark.parametrize("need", ["repair-me-dispatch", "teleport"])
async def test_p008_what_is_beyond_the_service_is_said_at_once_with_what_there_is(
    estate: Estate, need: str
) -> None:
    before = await estate.counts()
    async with estate.client() as client:
        answer = await client.post("/requests", json=estate.repair(procedure=need))
    problem = answer.json()
    assert (answer.status_code, problem["field"]) == (422, "procedure")
    assert problem["detail"] == "This property runs no such procedure."
    offered = {one["id"] for one in await catalogue(estate) if isinstance(one, dict)}
    assert {"repair-report", "inquiry", "car-hire"} <= set(problem["accepted"].split(", ")) <= offered
    assert await estate.counts() == before


async def test_p014_the_receptionist_reads_the_tariff_out_of_the_catalogue(estate: Estate) -> None:
    rules = await catalogue(estate, "/repair-indoor")
    assert isinstance(rules, dict)
    rows = [(row["code"], row["amount_minor"], row["zh"], row["en"]) for row in rules["billing"]["tariff"]]
    assert ("tap-replacement", 4_000) in [row[:2] for row in rows]
    assert all(amount > 0 and zh and en for _, amount, zh, en in rows)


async def test_p008_what_the_property_runs_is_named_in_two_languages(estate: Estate) -> None:
    listed = await catalogue(estate)
    assert isinstance(listed, list)
    assert {one["id"] for one in listed} == set(Catalogue.shipped().profile("tower").procedures)
    assert all(one["title_zh"] and one["title_en"] for one in listed)


@pytest.mark.parametrize(
    ("items", "urgency", "lane"), [(EMERGENCY, "emergency", "urgent"), (URGENT, "urgent", "urgent")]
)
async def test_p019_p020_each_item_of_the_two_lists_decides_the_class_by_itself(
    estate: Estate, items: list[str], urgency: str, lane: str
) -> None:
    assert not set(EMERGENCY) & set(URGENT), "the lists are kept apart"
    assert len(items) == {"emergency": 7, "urgent": 9}[urgency]
    for item in items:
        taken = await estate.accept(hazard=item, urgency="general")
        assert (taken["urgency"], taken["lane"]) == (urgency, lane), item
    assert (await estate.accept())["urgency"] == "general", "everything else"
