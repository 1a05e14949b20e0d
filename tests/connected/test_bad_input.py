"""What repairs, complaints and first contact refuse: each rule of separation and each wrong step.

Whatever is refused is told in a sentence with its field, changes nothing, and can be read by a supervisor.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import timedelta

import httpx
import pytest
import pytest_asyncio

from shared.settings import Settings
from tests.connected.attachment_kit import Sender
from tests.connected.billing_kit import body
from tests.connected.intake_kit import PROPERTY
from tests.connected.promise_kit import at
from tests.connected.refusal_world import LINES, World, refusals, refusing_world, standing

pytestmark = [pytest.mark.connected, pytest.mark.asyncio(loop_scope="module")]
MIB = 1024 * 1024


Call = Callable[[World], Awaitable[httpx.Response]]


async def _begin_40_mb(world: World) -> httpx.Response:
    async with world.estate.client("cs_officer") as client:
        return await Sender(world.estate, client).begin(b"", length=40 * MIB)


async def _empty_chain(world: World) -> httpx.Response:
    async with world.estate.client("administrator") as client:
        return await client.put(world.estate.root, json=PROPERTY | {"duty_chain": []})


async def _scan_to_technician(world: World) -> httpx.Response:
    return await world.post("/attachments/{scan}/link", "technician", {}, sub="wang")


async def _archives(world: World) -> httpx.Response:
    async with world.estate.client("technician", sub="wang") as client:
        return await client.get("/people")


async def _pay(world: World) -> httpx.Response:
    payment = {"request_id": "r1", "purpose": "charge", "amount": body(4_000), "method": "cash"}
    async with world.billing.client("technician") as client:
        return await client.post("/payments", json=payment)


async def _second_slip(world: World) -> httpx.Response:
    again = world.estate.repair(request_id=world.ids["request"], description="The lamp is dark")
    return await world.post("/requests", "cs_officer", again)


async def _overlap(world: World) -> httpx.Response:
    begin = world.desk.clock.now() + timedelta(hours=1)
    shift = {"staff_id": "tech-1", "starts_at": begin.isoformat()}
    shift["ends_at"] = (begin + timedelta(hours=2)).isoformat()
    return await world.desk.call(
        "department_head", "POST", "shifts", {"department": "engineering", "shifts": [shift]}
    )


async def _sign_callback(world: World, sub: str) -> httpx.Response:
    return await world.desk.call("cs_officer", "POST", f"callbacks/{world.ids['callback']}/sign", {}, sub=sub)


async def _moved_promise(world: World) -> httpx.Response:
    later = {"promised_at": at(world.estate, 6), "reason": "late", "contact_id": world.ids["told"]}
    return await world.post("/requests/{promised}/promise", "cs_officer", later)


async def _customer_time(world: World) -> httpx.Response:
    wanted = {"promised_at": at(world.estate, 3), "customer_named": True}
    return await world.post("/requests/{arranged}/promise", "cs_officer", wanted)


CASES: dict[str, tuple[str, int, str, Call]] = {
    "R1 who repairs takes no money": ("billing", 403, "", _pay),
    "R5 P012 an officer accepts no time a customer sets": ("intake", 403, "", _customer_time),
    "R6 P029 no slip is refused before it is collected": (
        "dispatch",
        409,
        "action",
        lambda w: w.step("issued", "return-undone", "technician", "tech-1", reason="no time"),
    ),
    "R7 owners' archives are not for engineering": ("intake", 403, "", _archives),
    "R8 scans with telephones are not for engineering": ("intake", 403, "", _scan_to_technician),
    "R9 nobody goes where nobody ordered": (
        "dispatch",
        409,
        "action",
        lambda w: w.step("not ordered", "arrive", "technician", "tech-1"),
    ),
    "R18 one person does not sign twice": ("dispatch", 409, "signer", lambda w: _sign_callback(w, "lin")),
    "R18 P031 nobody vouches for his own work": (
        "dispatch",
        403,
        "",
        lambda w: _sign_callback(w, "tech-1"),
    ),
    "R19 P016 nobody is alone in a home": (
        "dispatch",
        422,
        "companion_id",
        lambda w: w.step("at the door", "enter", "technician", "tech-1"),
    ),
    "R20 P018 a general repair is not given out by the desk": (
        "dispatch",
        403,
        "staff_id",
        lambda w: w.step("issued", "assign", "cs_officer", "cs-1", staff_id="tech-2"),
    ),
    "a step out of order": (
        "dispatch",
        409,
        "action",
        lambda w: w.step("issued", "complete", "technician", "tech-1"),
    ),
    "P022 a signature by someone who may not": (
        "dispatch",
        403,
        "signer",
        lambda w: w.step("repaired", "sign", "technician", "tech-1", signer="repair_supervisor"),
    ),
    "P022 a signature by a technician who did not do the work": (
        "dispatch",
        403,
        "signer",
        lambda w: w.step("repaired", "sign", "technician", "tech-9", signer="technician"),
    ),
    "a body that means nothing": (
        "dispatch",
        422,
        "signer",
        lambda w: w.step("repaired", "sign", "technician", "tech-1"),
    ),
    "P014 a quote changed after consent": (
        "dispatch",
        409,
        "action",
        lambda w: w.step("consented", "quote", "technician", "tech-1", **LINES),
    ),
    "P013 a promise moved after it passed": ("intake", 409, "contact_id", _moved_promise),
    "a second slip for one request": ("intake", 409, "", _second_slip),
    "J18 urgency below the list": (
        "intake",
        409,
        "urgency",
        lambda w: w.post(
            "/requests/{emergency}/lower-urgency", "cs_supervisor", {"urgency": "general", "reason": "calm"}
        ),
    ),
    "J18 lowering by an officer": (
        "intake",
        403,
        "",
        lambda w: w.post(
            "/requests/{emergency}/lower-urgency", "cs_officer", {"urgency": "general", "reason": "calm"}
        ),
    ),
    "a shift that overlaps": ("dispatch", 409, "starts_at", _overlap),
    "J21 an empty duty chain": ("intake", 422, "duty_chain", _empty_chain),
    "an attachment of 40 MB": ("intake", 413, "Upload-Length", _begin_40_mb),
    "an SVG with script": ("intake", 422, "file", lambda w: w.attach("svg")),
    "a HEIC": ("intake", 422, "file", lambda w: w.attach("heic")),
}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def world(desk_settings: Settings) -> AsyncIterator[World]:
    """The services of this file, and what its cases meet there."""
    async with refusing_world(desk_settings) as made:
        yield made


@pytest.mark.parametrize("name", CASES)
async def test_what_is_refused_says_why_changes_nothing_and_is_remembered(world: World, name: str) -> None:
    service, status, named, call = CASES[name]
    runtime = {
        "dispatch": world.desk.runtime,
        "intake": world.estate.runtime,
        "billing": world.billing.runtime,
    }[service]
    before = await standing(runtime)
    answer = await call(world)
    problem = answer.json()
    assert answer.status_code == status, problem
    assert answer.headers["content-type"] == "application/problem+json"
    assert len(problem["detail"].split()) >= 3, "a sentence"
    if named:
        assert problem["field"].removeprefix("body.") == named, problem
        assert problem.get("accepted") or problem.get("errors") or status == 409, problem
    assert await standing(runtime) == before
    kind = problem["type"].rsplit("/", 1)[1]
    listed = await refusals(world, service, {"kind": kind, "limit": 1})
    assert listed.status_code == 200, listed.text
    [row] = listed.json()["items"]
    assert (row["kind"], row["path"]) == (kind, answer.request.url.path.rstrip("/")), row
    assert row["method"] == answer.request.method
    assert set(row) == {"id", "at", "sub", "method", "path", "kind"}, "nothing of what was sent"


async def test_refusals_are_paged_narrowed_and_for_those_who_supervise(world: World) -> None:
    for sub in ("tech-1", "tech-2", "tech-1"):
        assert (await world.step("issued", "complete", "technician", sub)).status_code == 409
    for role in ("technician", "cs_officer", "cashier", "call_centre"):
        assert (await refusals(world, "dispatch", {}, role)).status_code == 403
    first = (await refusals(world, "dispatch", {"limit": 2})).json()
    rest, cursor = first["items"], first["next"]
    while cursor:
        page = (await refusals(world, "dispatch", {"limit": 2, "cursor": cursor})).json()
        rest, cursor = rest + page["items"], page["next"]
    assert len({row["id"] for row in rest}) == len(rest) >= 7
    assert [row["at"] for row in rest] == sorted((row["at"] for row in rest), reverse=True)
    own = (await refusals(world, "dispatch", {"sub": "tech-2"})).json()["items"]
    assert {row["sub"] for row in own} == {"tech-2"}
    now = world.desk.clock.now()
    later = {"since": (now + timedelta(seconds=1)).isoformat()}
    assert (await refusals(world, "dispatch", later)).json()["items"] == []
    both = await refusals(world, "dispatch", {"sub": "tech-2", "kind": "not-allowed"})
    assert (both.status_code, both.json()["field"]) == (422, "sub")
    wrong = await refusals(world, "dispatch", {"cursor": "bm9uc2Vuc2U="})
    assert (wrong.status_code, wrong.json()["field"]) == (422, "cursor")
    kept = await world.desk.db["denials"].index_information()
    assert kept["at_1"]["expireAfterSeconds"] == 90 * 86_400
    query = {"property_id": "villa", "kind": "not-allowed"}
    plan = await world.desk.db["denials"].find(query).sort([("at", -1), ("_id", -1)]).explain()
    stages = str(plan["queryPlanner"]["winningPlan"])
    assert "'IXSCAN'" in stages
    assert "'SORT'" not in stages
    assert "'COLLSCAN'" not in stages
