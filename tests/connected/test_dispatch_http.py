"""Dispatch over HTTP.

Lists and cursors, allowed actions, rosters and files, bad input, other people's property.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest

from services.dispatch.repository import INDEXES
from shared.settings import Settings
from tests.connected.dispatch_desk import PROPERTY, Desk, open_desk

pytestmark = pytest.mark.connected


@pytest.fixture
async def desk(settings: Settings) -> AsyncIterator[Desk]:
    """A villa estate with one technician."""
    async with open_desk(settings) as made:
        await made.staff("engineering", ("tech-1", "technician"), ("boss-1", "repair_supervisor"))
        yield made


async def pages(desk: Desk, query: str, limit: int = 3) -> list[str]:
    """All request ids of a list, page by page."""
    found: list[str] = []
    cursor = ""
    while True:
        answer = await desk.call("cs_officer", "GET", f"work-orders?{query}&limit={limit}&cursor={cursor}")
        assert answer.status_code == 200, answer.text
        body = answer.json()
        assert len(body["items"]) <= limit
        found += [item["request_id"] for item in body["items"]]
        if body["next"] is None:
            return found
        cursor = body["next"]


async def test_lists_filter_and_page_without_loss_or_twin(desk: Desk) -> None:
    for n in range(8):
        desk.clock.advance(timedelta(seconds=n % 3))  # some at the same moment
        await desk.report(f"r{n}", urgency="urgent" if n % 2 else "general", unit_id=f"u{n % 2}")
    everything = await pages(desk, "")
    assert sorted(everything) == [f"r{n}" for n in range(8)]
    assert sorted(await pages(desk, "urgency=urgent")) == ["r1", "r3", "r5", "r7"]
    assert sorted(await pages(desk, "unit_id=u0&status=ISSUED")) == ["r0", "r2", "r4", "r6"]
    assert await pages(desk, "department=butler") == []
    assert await pages(desk, "request_id=r4") == ["r4"]
    assert sorted(await pages(desk, "procedure=repair-indoor&assignee_id=tech-1")) == sorted(everything)
    until = (desk.clock.now()).isoformat().replace("+", "%2B")
    assert "r7" not in await pages(desk, f"reported_until={until}")
    pressing = await pages(desk, "by_deadline=true")
    assert set(pressing[:4]) == {"r1", "r3", "r5", "r7"}, "urgent ones are due first"


async def test_every_filter_is_served_by_an_index(desk: Desk) -> None:
    await desk.report()
    plain: dict[str, Any] = {"property_id": PROPERTY}
    for name in ("request_id", "unit_id", "assignee_id", "status", "department", "urgency", "procedure"):
        cursor = desk.db["work_orders"].find({**plain, name: "x"}).sort([("reported_at", -1), ("id", -1)])
        stages = str((await cursor.explain())["queryPlanner"]["winningPlan"])
        assert "IXSCAN" in stages
        assert "'SORT'" not in stages, name
    cursor = desk.db["work_orders"].find({**plain, "open": True}).sort([("due_at", 1), ("id", 1)])
    stages = str((await cursor.explain())["queryPlanner"]["winningPlan"])
    assert "IXSCAN" in stages
    assert "'SORT'" not in stages
    assert all(index.serves for index in INDEXES)


async def test_j23_reads_list_what_this_caller_may_do_with_the_body_it_needs(desk: Desk) -> None:
    order_id = await desk.report()
    by_role = {
        role: {a["action"]: a for a in (await desk.read(order_id, role))["allowed_actions"]}
        for role in ("technician", "cs_officer", "cashier")
    }
    assert set(by_role["technician"]) == {"collect", "cannot", "add-helper", "report-outside"}
    assert set(by_role["cs_officer"]) == {"assign", "collect", "report-outside"}
    assert by_role["cashier"] == {}
    assign = by_role["cs_officer"]["assign"]
    assert assign["path"] == f"/v1/properties/{PROPERTY}/work-orders/{order_id}/assign"
    openapi = (await desk.http.get("/openapi.json")).json()
    for action in (*by_role["technician"].values(), assign):
        assert action["body"] in openapi["components"]["schemas"]
        path = action["path"].replace(PROPERTY, "{property_id}").replace(order_id, "{work_order_id}")
        assert "post" in openapi["paths"][path]


async def test_a_repeated_key_takes_a_step_once_and_a_stale_version_is_refused(desk: Desk) -> None:
    order_id = await desk.report()
    path = f"work-orders/{order_id}/collect"
    first = await desk.call("technician", "POST", path, {}, headers={"Idempotency-Key": "k1"})
    again = await desk.call("technician", "POST", path, {}, headers={"Idempotency-Key": "k1"})
    assert (first.status_code, first.content) == (again.status_code, again.content)
    version = first.headers["etag"]
    assert (await desk.call("cs_officer", "GET", f"work-orders/{order_id}")).headers["etag"] == version
    stale = await desk.call(
        "technician", "POST", f"work-orders/{order_id}/contact", {}, headers={"If-Match": '"1"'}
    )
    assert stale.status_code == 412
    fresh = await desk.call(
        "technician", "POST", f"work-orders/{order_id}/contact", {}, headers={"If-Match": version}
    )
    assert fresh.status_code == 200
    assert len(await desk.told("work_order.step_taken")) == 2


@pytest.mark.parametrize(
    ("action", "body", "field"),
    [
        ("cannot", {}, "reason"),
        ("cannot", {"reason": ""}, "reason"),
        ("cannot", {"reason": "x" * 501}, "reason"),
        ("assign", {"staff_id": "no such id!"}, "staff_id"),
        ("contact", {"appointment_at": "2026-03-05T08:00:00"}, "appointment_at"),
        ("contact", {"appointment_at": "9999-12-31T23:59:59-14:00"}, "appointment_at"),
        ("collect", {"surprise": 1}, "surprise"),
        ("quote", {"lines": [{"code": "x", "quantity": 0}]}, "lines.0.quantity"),
        ("sign", {"signer": 7}, "signer"),
    ],
)
async def test_bad_bodies_name_the_field_and_change_nothing(
    desk: Desk, action: str, body: dict[str, Any], field: str
) -> None:
    order_id = await desk.report()
    role = "cs_officer" if action == "assign" else "technician"
    answer = await desk.call(role, "POST", f"work-orders/{order_id}/{action}", body)
    assert answer.status_code == 422, answer.text
    assert answer.json()["field"] == field
    assert (await desk.read(order_id))["version"] == 1


async def test_what_is_not_there_and_what_is_not_mine(desk: Desk) -> None:
    order_id = await desk.report()
    missing = await desk.call("technician", "POST", "work-orders/nothing/collect", {})
    assert missing.status_code == 404
    unknown = await desk.call("cs_officer", "POST", f"work-orders/{order_id}/assign", {"staff_id": "nobody"})
    assert (unknown.status_code, unknown.json()["field"]) == (404, "staff_id")
    forbidden = await desk.call("cashier", "POST", f"work-orders/{order_id}/collect", {})
    assert forbidden.status_code == 403
    headers = {"Authorization": f"Bearer {desk.token('technician', property_id='tower')}"}
    foreign = await desk.http.get(f"/v1/properties/{PROPERTY}/work-orders/{order_id}", headers=headers)
    nonsense = await desk.http.get("/v1/properties/nowhere/work-orders/x", headers=headers)
    assert foreign.status_code == nonsense.status_code == 404
    assert foreign.json() == nonsense.json()
    theirs = await desk.http.get(f"/v1/properties/tower/work-orders/{order_id}", headers=headers)
    assert theirs.status_code == 404, "another property's order has another id"


@pytest.mark.parametrize("cursor", ["zzz", "%00", "bm9uc2Vuc2U=", "MjAyNi0wMy0wMlQwMTowMDowMHx3MQ=="])
async def test_a_foreign_cursor_is_refused(desk: Desk, cursor: str) -> None:
    for path in ("work-orders", "numbers/void"):
        answer = await desk.call("cs_officer", "GET", f"{path}?cursor={cursor}")
        assert answer.status_code == 422, answer.text
        assert answer.json()["field"] == "cursor"


async def test_r6_assigning_and_handing_over(desk: Desk) -> None:
    await desk.staff("engineering", ("tech-2", "technician"), ("tech-3", "technician"))
    await desk.forget_looks()
    order_id = await desk.report()
    given = await desk.take("repair_supervisor", order_id, "assign", {"staff_id": "tech-3"})
    assert given["assignee_id"] == "tech-3"
    await desk.take("technician", order_id, "collect")
    await desk.take("technician", order_id, "contact")
    body = {"staff_id": "tech-2", "reason": "shift ends"}
    over = await desk.take("technician", order_id, "hand-over", body)
    assert (over["assignee_id"], over["status"]) == ("tech-2", "CONTACTED")
    same = await desk.call("technician", "POST", f"work-orders/{order_id}/hand-over", body)
    assert same.status_code == 409


async def test_staff_and_shifts_by_file_report_their_bad_lines(desk: Desk) -> None:
    text = (
        "staff_id,name,phone,role,skills\n"
        "p-1,Zhang,13800138000,technician,plumber\n"
        "p-2,Li,none,technician,plumber\n"
        "p-3,Zhao,13800138001,technician,plumber;mason\n"
    )
    answer = await upload(desk, "staff/csv?department=engineering", text)
    assert answer.status_code == 200, answer.text
    body = answer.json()
    assert (body["accepted"], [(r["line"], r["field"]) for r in body["refused"]]) == (2, [(3, "phone")])
    text = "staff_id,date,from,to,on_call\np-1,2026-03-02,08:00,24:00,no\np-1,soon,08:00,24:00,no\n"
    answer = await upload(desk, "shifts/csv?department=engineering", text)
    assert [(r["line"], r["field"]) for r in answer.json()["refused"]] == [(3, "date")]
    duty = (await desk.call("cs_officer", "GET", "on-duty?department=engineering")).json()
    assert {s["staff_id"] for s in duty["now"]} == {"tech-1", "boss-1", "p-1"}
    listed = (await desk.call("cs_officer", "GET", "staff?department=engineering&limit=2")).json()
    assert len(listed["items"]) == 2
    assert listed["next"]


async def test_each_line_of_a_file_is_judged_by_itself_and_sent_twice_changes_nothing(desk: Desk) -> None:
    people = (
        "staff_id,name,phone,role\n"
        "p-1,Zhang,13800138000,technician\n"
        "p-2,Li,13800138001,plumber-in-chief\n"
        "p-3,Zhao,13800138002,technician\n"
    )
    answer = (await upload(desk, "staff/csv?department=engineering", people)).json()
    assert (answer["accepted"], [(r["line"], r["field"]) for r in answer["refused"]]) == (2, [(3, "role")])
    told = len(await desk.told(stream="roster:engineering"))
    again = (await upload(desk, "staff/csv?department=engineering", people)).json()
    assert again == answer, "sent twice it changes nothing"
    assert len(await desk.told(stream="roster:engineering")) == told, "and tells nobody anything"
    shifts = (
        "staff_id,date,from,to\n"
        "p-1,2026-03-04,08:00,16:00\n"
        "p-1,2026-03-04,15:00,23:00\n"  # overlaps the line before
        "p-2,2026-03-04,08:00,16:00\n"  # not of this department
        "p-3,2026-03-04,16:00,08:00\n"
        "p-3,2026-09-04,08:00,16:00\n"  # too far ahead
    )
    answer = (await upload(desk, "shifts/csv?department=engineering", shifts)).json()
    refused = {row["line"]: (row["field"], row["detail"]) for row in answer["refused"]}
    assert (answer["accepted"], sorted(refused)) == (2, [3, 4, 6])
    assert "is planned at that time already" in refused[3][1]
    assert refused[4][0] == "staff_id"
    again = (await upload(desk, "shifts/csv?department=engineering", shifts)).json()
    assert again == answer
    header, *lines = shifts.splitlines()
    bad = await upload(desk, "shifts/csv?department=engineering", f"{header}\n{lines[2]}\n")
    assert (bad.status_code, bad.json()["field"]) == (422, "line 2: staff_id")
    assert "Line 2: staff_id" in bad.json()["detail"], "a file without a usable line says why"
    whole = {
        "department": "engineering",
        "shifts": [
            {"staff_id": "p-2", "starts_at": "2026-03-04T00:00:00Z", "ends_at": "2026-03-04T08:00:00Z"}
        ],
    }
    assert (await desk.call("administrator", "POST", "shifts", whole)).status_code == 422, (
        "a list is all or none"
    )


async def test_a_file_that_is_none_changes_nothing(desk: Desk) -> None:
    for path, text, status in (
        ("staff/csv?department=engineering", "name\nx\n", 422),
        ("staff/csv?department=engineering", "staff_id,name,phone,role\nx,y,z,technician\n", 422),
        ("shifts/csv?department=nowhere", "staff_id,date,from,to\ntech-1,2026-03-02,08:00,16:00\n", 404),
        ("shifts/csv?department=engineering", "staff_id,date,from,to\nnobody,2026-03-02,08:00,16:00\n", 422),
    ):
        answer = await upload(desk, path, text)
        assert answer.status_code == status, answer.text
    wrong = await desk.call("administrator", "POST", "staff/csv?department=engineering", {"a": 1})
    assert (wrong.status_code, wrong.json()["field"]) == (422, "Content-Type")
    broken = await upload(desk, "staff/csv?department=engineering", b"\xff\xfe\xfd")
    assert (broken.status_code, broken.json()["field"]) == (422, "body")
    listed = (await desk.call("cs_officer", "GET", "staff?department=engineering")).json()
    assert {s["staff_id"] for s in listed["items"]} == {"tech-1", "boss-1"}


async def test_leave_and_swap_over_http(desk: Desk) -> None:
    await desk.staff("engineering", ("tech-2", "technician"), hours=1)
    listed = (await desk.call("cs_officer", "GET", "shifts?department=engineering&staff_id=tech-1")).json()
    [shift] = listed["items"]
    clash = await desk.call(
        "repair_supervisor",
        "POST",
        f"shifts/{shift['shift_id']}/swap",
        {"department": "engineering", "staff_id": "tech-2"},
    )
    assert clash.status_code == 409
    gone = await desk.call(
        "repair_supervisor",
        "POST",
        f"shifts/{shift['shift_id']}/cancel",
        {"department": "engineering", "reason": "ill"},
    )
    assert gone.status_code == 200
    again = (await desk.call("cs_officer", "GET", "shifts?department=engineering&staff_id=tech-1")).json()
    assert again["items"] == []


async def test_one_person_is_put_and_a_strange_role_refused(desk: Desk) -> None:
    person = {"department": "engineering", "name": "Qian", "phone": "13800138002", "role": "technician"}
    put = await desk.call("administrator", "PUT", "staff/q-1", person)
    assert (put.status_code, put.json()["staff"]) == (200, 3)
    strange = await desk.call("administrator", "PUT", "staff/q-2", {**person, "role": "king"})
    assert (strange.status_code, strange.json()["field"]) == (422, "role")
    assert "technician" in strange.json()["accepted"]


async def upload(desk: Desk, path: str, text: str | bytes) -> Any:
    """A CSV file from the administrator."""
    headers = {"Authorization": f"Bearer {desk.token('administrator')}", "Content-Type": "text/csv"}
    return await desk.http.post(f"/v1/properties/{PROPERTY}/{path}", content=text, headers=headers)
