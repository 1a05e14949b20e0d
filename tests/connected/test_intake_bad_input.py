"""Bad input to intake: a clear problem naming the field and what would be accepted, never a 5xx, nothing
changed.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from shared.ids import new_id
from tests.connected.intake_kit import Estate, new_property, token
from tests.connected.problems import problem
from tests.waiting import PATIENCE_SECONDS

pytestmark = [pytest.mark.connected, pytest.mark.asyncio(loop_scope="module")]
NOW = datetime.now(UTC)


async def refused(estate: Estate, body: Any, status: int, kind: str = "", field: str | None = None) -> None:
    """POST requests is refused, and nothing was changed."""
    before = await estate.counts()
    async with estate.client() as client:
        answer = await client.post("/requests", json=body)
    problem(answer, status, kind, field)
    assert await estate.counts() == before


@pytest.mark.parametrize(
    ("changed", "kind", "field"),
    [
        ({"procedure": "teleport"}, "unknown-procedure", "procedure"),
        ({"procedure": "repair-withdrawal", "category": ""}, "procedure-not-opened", "procedure"),
        ({"procedure": 7}, "invalid-field", "procedure"),
        ({"fields": {}}, "missing-field", "fields.part"),
        ({"fields": {"part": 7}}, "field-value", "fields.part"),
        ({"fields": {"part": "tap", "colour": "red"}}, "unknown-field", "fields.colour"),
        ({"fields": {"part": {"deep": 1}}}, "invalid-field", None),
        ({"fields": {"part": 1.5}}, "invalid-field", None),
        ({"fields": {"part": 10**30}}, "invalid-field", None),
        ({"fields": [1, 2]}, "invalid-field", "fields"),
        ({"colour": "red"}, "invalid-field", "colour"),
        ({"requester": {"phone": "no number"}}, "phone", "requester.phone"),
        ({"requester": {"email": "nobody"}}, "invalid-field", "requester.email"),
        ({"contact": {"channel": "pigeon"}}, "unknown-channel", "contact.channel"),
        ({"contact": None}, "missing-contact", "contact"),
        ({"contact": None, "contact_id": "never"}, "unknown-contact", "contact_id"),
        ({"unit_id": "9-9-9999"}, "unknown-unit", "unit_id"),
        ({"unit_id": "../../etc/passwd"}, "unknown-unit", "unit_id"),
        ({"unit_id": "", "place": " "}, "missing-place", "place"),
        ({"person_id": "nobody"}, "unknown-person", "person_id"),
        ({"hazard": "rain"}, "unknown-hazard", "hazard"),
        ({"category": "$where"}, "category", "category"),
        ({"request_id": "a b"}, "invalid-field", "request_id"),
        ({"reported_at": "yesterday"}, "invalid-field", "reported_at"),
        ({"reported_at": "2026-03-01T08:00:00"}, "invalid-field", "reported_at"),
        ({"reported_at": (NOW + timedelta(hours=1)).isoformat()}, "time-in-the-future", "reported_at"),
        ({"reported_at": (NOW - timedelta(days=40)).isoformat()}, "time-too-old", "reported_at"),
        ({"reported_at": "0001-01-01T00:00:00+14:00"}, "invalid-field", "reported_at"),
        ({"appointment_at": "9999-12-31T23:59:59-14:00"}, "invalid-field", "appointment_at"),
        ({"contact": {"channel": "hotline", "started_at": "1899-01-01T00:00:00Z"}}, "invalid-field", None),
        ({"origin": "replay"}, "replay-into-real", "origin"),
        ({"outcome": "SATISFIED"}, "half-closed", "outcome"),
        ({"description": "x" * 4_001}, "invalid-field", "description"),
    ],
)
async def test_a_wrong_request_is_refused_naming_the_field(
    estate: Estate, changed: dict[str, Any], kind: str, field: str | None
) -> None:
    status = 409 if kind == "replay-into-real" else 422
    await refused(estate, estate.repair(**changed), status, kind, field)


async def test_a_description_of_a_megabyte_is_too_large(estate: Estate) -> None:
    await refused(estate, estate.repair(description="x" * 1_000_000), 413, "body-too-large", "body")


@pytest.mark.parametrize(
    ("content", "status"),
    [
        (b"\xff\xfe\x00", (400, 422)),
        (b'{"procedure": "repair-report", "description": "\xff"}', (400, 422)),
        (b'{"procedure": "repair-report", "description": "\\ud800"}', (422,)),
        (b'{"procedure": ', (400,)),
        (b"[]", (422,)),
        (b"null", (422,)),
        (b"", (422,)),
        (b'{"procedure": NaN}', (400, 422)),
        (b"[" * 50_000, (400, 422)),
    ],
)
async def test_what_is_no_json_or_no_utf8_is_refused(
    estate: Estate, content: bytes, status: tuple[int, ...]
) -> None:
    before = await estate.counts()
    async with estate.client() as client:
        answer = await client.post("/requests", content=content, headers={"Content-Type": "application/json"})
    assert answer.status_code in status, answer.text
    problem(answer, answer.status_code)
    assert await estate.counts() == before


async def test_a_unit_of_another_property_is_refused_in_the_same_words_as_none_at_all(estate: Estate) -> None:
    other = Estate(estate.runtime, estate.url, new_property())
    await other.open()
    async with other.client() as client:
        await client.post("/units", json={"label": "7-7-701"})
    async with estate.client() as client:
        foreign = await client.post("/requests", json=estate.repair(unit_id="7-7-701"))
        nowhere = await client.post("/requests", json=estate.repair(unit_id="7-7-702"))
    assert foreign.json() == nowhere.json()
    problem(foreign, 422, "unknown-unit", "unit_id")


async def test_a_request_of_another_property_does_not_exist(estate: Estate) -> None:
    other = Estate(estate.runtime, estate.url, new_property())
    await other.open()
    taken = await other.accept()
    async with estate.client() as client:
        for path in (f"/requests/{taken['id']}", f"/requests/{taken['id']}/timeline"):
            foreign, nowhere = await client.get(path), await client.get(path.replace(taken["id"], new_id()))
            assert foreign.json() == nowhere.json()
            problem(foreign, 404)
        cancel = await client.post(f"/requests/{taken['id']}/cancel", json={"reason": "mine now"})
        problem(cancel, 404, "no-such-request")
        mine = await client.post("/requests", json=estate.repair(request_id=taken["id"]))
        assert mine.status_code == 201
    assert (await other.read(taken["id"]))["stage"] == "RECEIVED"


async def test_a_token_for_another_property_finds_nothing_here(estate: Estate) -> None:
    foreign = token(new_property(), "cs_officer", "administrator")
    async with httpx.AsyncClient(
        headers={"Authorization": f"Bearer {foreign}"}, timeout=PATIENCE_SECONDS
    ) as client:
        answers = [
            await client.get(estate.root),
            await client.put(estate.root, json={}),
            await client.get(f"{estate.root}/requests"),
            await client.post(f"{estate.root}/requests", json=estate.repair()),
            await client.get(f"{estate.root}/people", params={"phone": "13800138000"}),
            await client.post(f"{estate.root}/requests/x/cancel", json={"reason": "x"}),
        ]
        nonsense = await client.get(f"{estate.url}/v1/properties/nonsense/requests")
    for answer in answers:
        assert answer.status_code in (404, 422)
    assert answers[2].json() == nonsense.json()
    problem(answers[3], 404, "not-found")


async def test_a_property_that_was_never_opened_takes_no_request(estate: Estate) -> None:
    closed = Estate(estate.runtime, estate.url, new_property())
    async with closed.client() as client:
        for body in (closed.repair(), closed.repair(urgency="emergency")):
            problem(await client.post("/requests", json=body), 409, "property-not-open")
        problem(await client.get(closed.root), 404)


async def test_a_role_may_only_what_the_policy_says(estate: Estate) -> None:
    taken = await estate.accept()
    async with estate.client("gate_guard") as guard:
        problem(await guard.get("/people", params={"phone": "13800138000"}), 403, "not-allowed")
        problem(await guard.get(f"/requests/{taken['id']}"), 403, "not-allowed")
        problem(await guard.post(f"/requests/{taken['id']}/cancel", json={"reason": "x"}), 403, "not-allowed")
    async with estate.client("cs_officer") as officer:
        lower = {"urgency": "general", "reason": "x"}
        problem(await officer.post(f"/requests/{taken['id']}/lower-urgency", json=lower), 403, "not-allowed")


@pytest.mark.parametrize(
    ("path", "body", "field"),
    [
        ("/people", {"name": "王", "phones": ["12"]}, "phones.0"),
        ("/people", {"name": " "}, "name"),
        ("/people", {"name": "王", "units": [{"unit_id": "9-9-9", "role": "owner"}]}, "units.0.unit_id"),
        ("/people", {"name": "王", "units": [{"unit_id": "3-2-1801", "role": "king"}]}, "units.0.role"),
        ("/people", {"name": "王", "phones": ["13800138000"] * 6}, "phones"),
        (
            "/people/bulk",
            {"people": [{"name": "王"}, {"name": "李", "phones": ["x"]}]},
            "people.1.phones.0",
        ),
        ("/people/bulk", {"people": []}, "people"),
        ("/people/bulk", {"people": [{"person_id": "a", "name": "王"}] * 2}, "people"),
        ("/units", {"label": "3/2/1"}, "label"),
        ("/units", {"label": "3-2-1801", "unit_id": "other"}, "label"),
        ("/units/bulk", {"units": [{"label": "1-1-1"}, {"label": "1-1-1", "unit_id": "x"}]}, "units"),
        ("/units/bulk", {"units": [{"label": f"1-{n}"} for n in range(501)]}, "units"),
        ("/contacts", {"channel": "pigeon"}, "channel"),
        ("/contacts", {"channel": "hotline", "caller_phone": "1"}, "caller_phone"),
        ("/contacts", {"channel": "hotline", "about_request_id": "never"}, None),
    ],
)
async def test_wrong_people_units_and_contacts_are_refused_and_none_is_taken(
    estate: Estate, path: str, body: dict[str, Any], field: str | None
) -> None:
    before = await estate.counts()
    async with estate.client() as client:
        answer = await client.post(path, json=body)
    assert 400 <= answer.status_code < 500
    problem(answer, answer.status_code, "", field)
    assert await estate.counts() == before


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ({"phone": "no number"}, 422),
        ({"phone": "13" * 20}, 422),
        ({"phone": "9000"}, 422),
        ({"cursor": "!"}, 422),
        ({"limit": "0"}, 422),
        ({"limit": "many"}, 422),
    ],
)
async def test_a_wrong_search_for_people_is_refused(
    estate: Estate, query: dict[str, str], status: int
) -> None:
    async with estate.client() as client:
        problem(await client.get("/people", params=query), status)


@pytest.mark.parametrize(
    "query",
    [
        {"status": "BORED"},
        {"urgency": "very"},
        {"since": "yesterday"},
        {"since": "2026-03-01T00:00:00"},
        {"until": "9999-12-31T23:59:59-14:00"},
        {"reference": "123456"},
        {"reference": "x"},
        {"cursor": "bm90IG91cnM="},
    ],
)
async def test_a_wrong_list_of_requests_is_refused(estate: Estate, query: dict[str, str]) -> None:
    async with estate.client() as client:
        problem(await client.get("/requests", params=query), 422)
