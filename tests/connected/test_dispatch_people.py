"""People and parties over HTTP: contacts of partners, overlapping shifts, leave, swaps, households."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta

import orjson
import pytest
import pytest_asyncio

from shared.settings import Settings
from tests.connected.dispatch_desk import PROPERTY, Desk, open_desk

pytestmark = [pytest.mark.connected, pytest.mark.asyncio(loop_scope="module")]
HOUR = timedelta(hours=1)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def desk(desk_settings: Settings) -> AsyncIterator[Desk]:
    """A villa estate; each test uses people of its own."""
    async with open_desk(desk_settings) as made:
        yield made


async def test_p074_parties_are_recorded_listed_and_refused_where_nobody_can_be_reached(desk: Desk) -> None:
    developer = {
        "kind": "developer",
        "name": "Pine Construction",
        "contacts": [{"name": "Desk", "phone": "13800138000", "email": "desk@pine.example"}],
        "terms": "two years on pipes",
        "answer_within_hours": 48,
    }
    put = await desk.call("repair_supervisor", "PUT", "parties/pine", developer)
    assert (put.status_code, put.json()["version"]) == (200, 1)
    text = (
        "party_id,kind,name,contact,phone\ncars,partner,Cars,Desk,13800138001\nx,friend,X,Desk,13800138002\n"
    )
    sent = await desk.call(
        "cs_supervisor",
        "POST",
        "parties/csv",
        content=text.encode(),
        headers={"Authorization": f"Bearer {desk.token('cs_supervisor')}", "Content-Type": "text/csv"},
    )
    assert (sent.status_code, sent.json()["accepted"]) == (200, 1), sent.text
    assert [(r["line"], r["field"]) for r in sent.json()["refused"]] == [(3, "kind")]
    unreachable = {**developer, "contacts": [{"name": "Nobody"}]}
    refused = await desk.call("repair_supervisor", "PUT", "parties/pine", unreachable)
    assert (refused.status_code, refused.json()["field"]) == (422, "contacts")
    read = await desk.call("technician", "GET", "parties/pine")
    assert (read.headers["ETag"], read.json()["contacts"][0]["phone"]) == ('"1"', "+8613800138000")
    listed = (await desk.call("cs_officer", "GET", "parties")).json()["items"]
    assert [p["id"] for p in listed] == ["cars", "pine"]
    partners = (await desk.call("cs_officer", "GET", "parties?kind=partner")).json()["items"]
    assert [p["id"] for p in partners] == ["cars"]
    assert (await desk.call("technician", "PUT", "parties/pine", developer)).status_code == 403
    stale = await desk.call(
        "repair_supervisor", "PUT", "parties/pine", developer, headers={"If-Match": '"7"'}
    )
    assert stale.status_code == 412


@pytest.mark.parametrize(
    ("path", "text", "said"),
    [
        (
            "staff/csv?department=engineering",
            "staff_id,name,phone,role\n{}t,Li,none,technician\n",
            "电话号码",
        ),
        (
            "staff/csv?department=engineering",
            "staff_id,name,phone,role\n{}t,Li,13800138000,lord\n",
            "这个岗位",
        ),
        ("parties/csv", "party_id,kind,name,contact\n{}x,friend,X,Desk\n", "应为以下之一"),
    ],
)
async def test_a_line_that_is_refused_says_why_in_the_senders_language(
    desk: Desk, path: str, text: str, said: str
) -> None:
    good = "g,Wang,13800138000,technician\n" if path.startswith("staff") else "c,partner,Cars,Desk\n"
    token, csv = desk.token("administrator"), {"Content-Type": "text/csv", "Accept-Language": "zh-CN"}
    headers = {"Authorization": f"Bearer {token}", **csv}
    for before in (good, ""):  # beside a line that is taken, and where none is
        sent = await desk.call(
            "administrator", "POST", path, content=text.format(before).encode(), headers=headers
        )
        body = sent.json()
        detail = body["refused"][0]["detail"] if sent.status_code == 200 else body["detail"]
        assert said in detail, sent.text


async def test_a_shift_that_overlaps_is_refused_and_nothing_changed(desk: Desk) -> None:
    await desk.staff("garden", ("green-1", "technician"))
    before = (await desk.call("cs_officer", "GET", "shifts?department=garden")).json()
    now = desk.clock.now()
    late = {
        "staff_id": "green-1",
        "starts_at": (now + 2 * HOUR).isoformat(),
        "ends_at": (now + 4 * HOUR).isoformat(),
    }
    body = {"department": "garden", "shifts": [late]}
    refused = await desk.call("department_head", "POST", "shifts", body)
    assert refused.status_code == 409
    problem = refused.json()
    assert "planned at that time already" in problem["detail"]
    assert problem["field"] == "starts_at"
    after = (await desk.call("cs_officer", "GET", "shifts?department=garden")).json()
    assert after == before
    assert PROPERTY in refused.request.url.path


async def test_leave_and_swap_are_asked_agreed_and_decided(desk: Desk) -> None:
    await desk.staff(
        "pool", ("pool-1", "technician"), ("pool-2", "technician"), ("pool-boss", "repair_supervisor")
    )
    now = desk.clock.now()
    shift = {
        "staff_id": "pool-1",
        "starts_at": (now + 24 * HOUR).isoformat(),
        "ends_at": (now + 32 * HOUR).isoformat(),
    }
    put = await desk.call("department_head", "POST", "shifts", {"department": "pool", "shifts": [shift]})
    assert put.status_code == 200, put.text
    found = (await desk.call("technician", "GET", "shifts?department=pool&staff_id=pool-1")).json()["items"]
    wanted = {"department": "pool", "shift_id": found[-1]["shift_id"], "to_id": "pool-2"}
    other = await desk.call("technician", "POST", "swaps", wanted, sub="pool-2")
    assert (other.status_code, other.json()["accepted"]) == (403, "pool-1")
    asked = await desk.call("technician", "POST", "swaps", wanted, sub="pool-1")
    assert asked.status_code == 201, asked.text
    [swap] = (await desk.call("technician", "GET", "swaps?department=pool")).json()["items"]
    decide = {"department": "pool", "decision": "approved"}
    path = f"swaps/{swap['id']}"
    early = await desk.call("repair_supervisor", "POST", f"{path}/decide", decide, sub="pool-boss")
    assert (early.status_code, early.json()["accepted"]) == (409, "a swap both have agreed to")
    agreed = await desk.call("technician", "POST", f"{path}/agree", {"department": "pool"}, sub="pool-2")
    assert agreed.status_code == 200, agreed.text
    assert (await desk.call("technician", "POST", f"{path}/decide", decide, sub="pool-2")).status_code == 403
    done = await desk.call("repair_supervisor", "POST", f"{path}/decide", decide, sub="pool-boss")
    assert done.status_code == 200, done.text
    taken = (await desk.call("technician", "GET", "shifts?department=pool&staff_id=pool-2")).json()["items"]
    assert taken[-1]["starts_at"] == found[-1]["starts_at"]
    leave = {"department": "pool", "starts_at": shift["starts_at"], "ends_at": shift["ends_at"]}
    assert (await desk.call("technician", "POST", "leave", leave, sub="pool-2")).status_code == 201
    [listed] = (await desk.call("technician", "GET", "leave?department=pool&state=asked")).json()["items"]
    yes = await desk.call(
        "repair_supervisor", "POST", f"leave/{listed['id']}/decide", decide, sub="pool-boss"
    )
    assert yes.status_code == 200, yes.text
    left = (await desk.call("technician", "GET", "shifts?department=pool&staff_id=pool-2")).json()["items"]
    assert len(left) == len(taken) - 1, "the shift in the leave is out of the plan"
    again = {**shift, "staff_id": "pool-2"}
    refused = await desk.call("department_head", "POST", "shifts", {"department": "pool", "shifts": [again]})
    assert (refused.status_code, refused.json()["field"]) == (409, "starts_at")


async def test_a_household_has_its_butler_and_who_covers_him(desk: Desk) -> None:
    await desk.staff("butlers", ("butler-1", "butler"), households=["l9-1"], covered_by="butler-2")
    await desk.staff("butlers", ("butler-2", "butler"))
    seen = (await desk.call("butler", "GET", "households/l9-1")).json()
    assert (seen["butlers"], seen["now"]) == (["butler-1"], ["butler-1"])
    shifts = (await desk.call("butler", "GET", "shifts?department=butlers&staff_id=butler-1")).json()["items"]
    body = {"department": "butlers", "reason": "ill"}
    await desk.call("butler_supervisor", "POST", f"shifts/{shifts[0]['shift_id']}/cancel", body)
    assert (await desk.call("butler", "GET", "households/l9-1")).json()["now"] == ["butler-2"]
    nobody = await desk.call("butler", "GET", "households/l9-9")
    assert (nobody.status_code, nobody.json()["field"]) == (404, "unit_id")


async def test_j17_limits_of_workload_hold_and_an_emergency_ignores_them(
    desk: Desk,
) -> None:
    await desk.staff("engineering", ("full-1", "technician"), load_max=1)
    await desk.staff("engineering", ("other-1", "technician"), skills=["gardener"])
    first = await desk.read(await desk.report("load-1", urgency="urgent"))
    assert first["assignee_id"] == "full-1", "who knows the trade comes first"
    await desk.roll_up()
    second = await desk.read(await desk.report("load-2", urgency="urgent"))
    assert second["assignee_id"] == "other-1", "the first has all he may have"
    burst = await desk.read(await desk.report("load-3", urgency="emergency"))
    assert burst["assignee_id"] == "full-1", "an emergency ignores the limit"


async def test_p028_of_several_holders_of_a_role_the_highest_in_rank_is_called(desk: Desk) -> None:
    await desk.staff("engineering", ("head-junior", "department_head"), rank=1)
    await desk.staff("engineering", ("head-senior", "department_head"), rank=9)
    order_id = await desk.report("rank-1")
    await desk.take("technician", order_id, "collect", sub="full-1")
    await desk.take("technician", order_id, "lack-material", {"material": "valve", "quantity": "1"})
    rows = [orjson.loads(row["data"]) for row in await desk.told("work_order.alarm_raised")]
    [alarm] = [fact for fact in rows if fact["work_order_id"] == order_id]
    assert (alarm["to_role"], alarm["personal_key"]) == ("department_head", "person:head-senior")
