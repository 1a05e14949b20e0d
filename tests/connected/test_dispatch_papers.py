"""The slips as papers, on a real MongoDB: P029 month and hand-in, P033 copies, gaps, paper blocks."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
import pytest

from services.dispatch.domain.paper import OPEN_BLOCKS_MAX
from services.dispatch.handlers.rules import first_order_id
from services.dispatch.slipwatch import SlipWatch
from shared.events.intake import RequestCancelled
from shared.kernel.unit import Cause, Failed, Outcome
from shared.settings import Settings
from tests.connected.dispatch_desk import PROPERTY, Desk, Json, open_desk

pytestmark = pytest.mark.connected
NOW_IN_MAY = datetime(2026, 5, 29, 1, 0, tzinfo=UTC)


@pytest.fixture
async def desk(settings: Settings) -> AsyncIterator[Desk]:
    """A villa estate with one technician and his supervisor."""
    async with open_desk(settings) as made:
        await made.staff("engineering", ("tech-1", "technician"), ("boss-1", "repair_supervisor"))
        yield made


async def get(desk: Desk, role: str, path: str) -> Json:
    """A read that must succeed."""
    answer = await desk.call(role, "GET", path)
    assert answer.status_code == 200, answer.text
    body: Json = answer.json()
    return body


async def block(desk: Desk, count: int = 3, **changes: Any) -> Json:
    """Numbers go out on paper."""
    body = {"count": count, "issued_to": "duty-1", "reason": "the line is down", **changes}
    answer = await desk.call("cs_supervisor", "POST", "slips/paper-blocks", body)
    assert answer.status_code == 201, answer.text
    made: Json = answer.json()
    return made


async def cancel(desk: Desk, request_id: str) -> None:
    """The caller changes his mind: the slip is handled."""
    now = desk.clock.now()
    await desk.hear(
        RequestCancelled(request_id=request_id, reason="x", notice_received_at=now, cancelled_at=now)
    )


async def test_p033_each_of_the_four_copies_is_for_its_addressee_alone(desk: Desk) -> None:
    order_id = await desk.report()
    readers = {
        "owner": {"cs_officer", "cs_supervisor", "duty_officer", "butler", "butler_supervisor"},
        "finance": {"cashier", "finance"},
        "service": {"cs_officer", "cs_supervisor", "duty_officer"},
        "engineering": {"technician", "repair_supervisor", "department_head"},
    }
    roles = set().union(*readers.values()) | {"director", "administrator", "call_centre"}
    for copy, may in readers.items():
        for role in sorted(roles):
            found = await desk.call(role, "GET", f"work-orders/{order_id}/copies/{copy}")
            assert (found.status_code == 200) == (role in may), (copy, role)
            if role not in may:
                assert "not for your role" in found.json()["detail"]
    owner = await get(desk, "cs_officer", f"work-orders/{order_id}/copies/owner")
    assert (owner["slip"], owner["copy_for"]) == ("2026-000001", "owner")
    assert "assignee_id" not in owner
    engineering = await get(desk, "technician", f"work-orders/{order_id}/copies/engineering")
    assert "total_minor" not in engineering, "no money"
    finance = await get(desk, "finance", f"work-orders/{order_id}/copies/finance")
    assert "unit_id" not in finance
    unknown = await desk.call("cs_officer", "GET", f"work-orders/{order_id}/copies/fifth")
    assert unknown.status_code == 422


async def test_p033_paper_numbers_keep_the_series_gapless_and_each_is_used_or_void(desk: Desk) -> None:
    await desk.report("r1")
    made = await block(desk)
    assert made["open"] == ["2026-000002", "2026-000003", "2026-000004"]
    after = await desk.report("r2")
    assert (await desk.read(after))["slip_number"] == 5, "the series goes on behind the block"
    gaps = await get(desk, "cs_officer", "slips/gaps")
    assert (gaps["complete"], gaps["paper"], gaps["missing"]) == (True, [2, 3, 4], [])
    # What was written on paper is entered with its number: the report takes it and no second one.
    entered = await desk.report("r3", fields={"paper_slip": "2026-000003"})
    assert (await desk.read(entered))["slip"] == "2026-000003"
    # The same paper number again gets a slip of its own, and a person looks at the paper.
    again = await desk.report("r4", fields={"paper_slip": "2026-000003"})
    assert (await desk.read(again))["slip_number"] == 6
    [alarm] = await desk.told("work_order.alarm_raised")
    assert orjson.loads(alarm["data"])["kind"] == "paper_slip_unknown"
    path = f"slips/paper-blocks/{made['block_id']}/void"
    for body, status in (
        ({"number": 2}, 422),
        ({"number": 9, "reason": "x"}, 404),
        ({"number": 3, "reason": "x"}, 409),
    ):
        refused = await desk.call("cs_supervisor", "POST", path, body)
        assert refused.status_code == status, refused.text
    assert (await desk.call("technician", "POST", path, {"number": 2, "reason": "x"})).status_code == 403
    for number in (2, 4):
        body = {"number": number, "reason": "sheet not used"}
        answer = await desk.call("cs_supervisor", "POST", path, body)
        assert answer.status_code == 200, answer.text
    [listed] = (await get(desk, "cs_officer", "slips/paper-blocks"))["items"]
    assert (listed["state"], listed["used"]) == ("settled", {"2026-000003": "r3"})
    gaps = await get(desk, "cs_officer", "slips/gaps")
    assert (gaps["complete"], gaps["paper"], gaps["used"]) == (True, [], 4)
    assert [(v["number"], v["reason"]) for v in gaps["void"]] == [
        (2, "sheet not used"),
        (4, "sheet not used"),
    ]
    too_many = {"count": 51, "issued_to": "duty-1", "reason": "x"}
    refused = await desk.call("cs_supervisor", "POST", "slips/paper-blocks", too_many)
    assert (refused.status_code, refused.json()["field"]) == (422, "count")


async def test_p033_one_request_has_one_slip_whatever_comes_again(desk: Desk) -> None:
    made = await block(desk, 1)
    first = await desk.report("r1")
    await desk.hear(desk.accepted("r1", fields={"paper_slip": made["open"][0]}))
    assert (await desk.read(first))["slip_number"] == 2
    rows = await desk.db["work_orders"].count_documents({"property_id": PROPERTY, "request_id": "r1"})
    assert rows == 1
    [listed] = (await get(desk, "cs_officer", "slips/paper-blocks"))["items"]
    assert listed["open"] == made["open"], "the sheet is still to be settled"


async def test_p033_two_reports_at_once_with_the_same_paper_number_share_nothing(desk: Desk) -> None:
    made = await block(desk, 1)
    fields = {"paper_slip": made["open"][0]}
    causes = [desk.cause(desk.accepted(f"r{n}", fields=fields), f"r{n}") for n in range(6)]
    await desk.runtime.committer.submit(causes)
    numbers = sorted([(await desk.read(first_order_id(PROPERTY, f"r{n}")))["slip_number"] for n in range(6)])
    gaps = await get(desk, "cs_officer", "slips/gaps")
    assert (gaps["twins"], gaps["missing"], len(set(numbers))) == ([], [], 6)
    assert 1 in numbers


async def test_p033_every_night_the_numbers_are_checked_once_and_a_lost_one_is_an_alarm(desk: Desk) -> None:
    watch = SlipWatch(desk.runtime)
    for n in range(4):
        await desk.report(f"r{n}")
    await block(desk, 2)
    await desk.pass_time(hours=16)  # one in the morning
    await watch.look()
    assert await desk.told("slips.checked") == [], "not before the hour"
    await desk.pass_time(hours=1)
    await watch.look()
    await watch.look()
    await SlipWatch(desk.runtime).look()
    [row] = await desk.told("slips.checked")
    fact = orjson.loads(row["data"])
    assert (fact["complete"], fact["last"], fact["used"], fact["paper_open"]) == (True, 6, 4, 2)
    assert (row["stream"], row["lane"]) == ("slips:2026", "urgent")
    query = {"property_id": PROPERTY}
    await desk.db["work_orders"].delete_one(query | {"slip_number": 2})
    await desk.db["work_orders"].update_one(query | {"slip_number": 3}, {"$set": {"slip": "2026-000033"}})
    await desk.pass_time(days=3)
    await watch.look()
    fact = orjson.loads((await desk.told("slips.checked"))[-1]["data"])
    assert (fact["complete"], fact["missing"], fact["altered"]) == (False, [2], [3])
    assert fact["paper_overdue"] == [5, 6], "three days on paper, neither used nor void"


async def test_p029_the_last_two_days_count_in_the_next_month_and_handled_slips_are_handed_in(
    desk: Desk,
) -> None:
    desk.clock.advance(NOW_IN_MAY - desk.clock.now())  # nine in the morning of the 29th there
    await desk.staff("engineering", ("tech-1", "technician"), hours=20)
    for n, category in enumerate(("plumbing", "plumbing", "electrical")):
        await desk.report(f"r{n}", category=category)
    desk.clock.advance(timedelta(hours=14, minutes=59))  # a minute before midnight
    await desk.report("r3")
    desk.clock.advance(timedelta(minutes=1))
    late = await desk.report("r4")
    assert (await desk.read(late))["period"] == "2026-06", (
        "slips of the last two days belong to the next month"
    )
    may = await get(desk, "cs_officer", "slips/months/2026-05")
    assert [(c["category"], c["slips"]) for c in may["categories"]] == [("electrical", 1), ("plumbing", 3)]
    early = await desk.refused("repair_supervisor", first_order_id(PROPERTY, "r0"), "hand-in")
    assert early["status"] == 409, "only what is handled"
    for n in (0, 2, 4):
        await cancel(desk, f"r{n}")
    body = {"department": "engineering", "period": "2026-05"}
    assert (await desk.call("technician", "POST", "slips/hand-in", body)).status_code == 403
    done = (await desk.call("department_head", "POST", "slips/hand-in", body)).json()
    assert (done["handed_in"], done["more"]) == (["2026-000001", "2026-000003"], False)
    assert (await desk.call("department_head", "POST", "slips/hand-in", body)).json()["handed_in"] == []
    may = await get(desk, "cs_officer", "slips/months/2026-05")
    assert (may["slips"], may["handled"], may["handed_in"]) == (4, 2, 2)
    assert (await desk.steps()).count("handed_in") == 2
    twice = await desk.refused("repair_supervisor", first_order_id(PROPERTY, "r0"), "hand-in")
    assert "at the office already" in twice["detail"]
    first = await get(desk, "cs_officer", "slips/months/2026-05/book?limit=3")
    rest = await get(desk, "cs_officer", f"slips/months/2026-05/book?limit=3&cursor={first['next']}")
    assert [o["slip_number"] for o in first["items"] + rest["items"]] == [1, 2, 3, 4], "strictly in order"
    await cancel(desk, "r1")
    desk.clock.advance(timedelta(days=3, hours=3))
    await SlipWatch(desk.runtime).look()
    fact = orjson.loads((await desk.told("slips.checked"))[-1]["data"])
    assert fact["not_handed_in"] == {"engineering": 1}, "r4 is June's, r1 is late"


@pytest.mark.parametrize(
    "path", ["slips/months/2026-13", "slips/months/may", "slips/months/2026-05/book?cursor=x"]
)
async def test_p029_a_month_that_is_none_is_refused(desk: Desk, path: str) -> None:
    answer = await desk.call("cs_officer", "GET", path)
    assert answer.status_code == 422
    assert answer.json()["field"]


async def test_p033_a_night_that_could_not_be_recorded_is_tried_again(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    await desk.report()
    desk.clock.advance(timedelta(days=1))
    watch, submit = SlipWatch(desk.runtime), desk.runtime.committer.submit

    async def full(causes: Sequence[Cause]) -> list[Outcome]:
        monkeypatch.setattr(desk.runtime.committer, "submit", submit)
        return [Failed(RuntimeError()) for _ in causes]

    monkeypatch.setattr(desk.runtime.committer, "submit", full)
    await watch.look()
    assert await desk.told("slips.checked") == []
    await watch.look()
    assert len(await desk.told("slips.checked")) == 1
    await watch.look()
    assert len(await desk.told("slips.checked")) == 1


async def test_p033_no_more_blocks_go_out_than_are_looked_into(desk: Desk) -> None:
    blocks = [await block(desk, 1) for _ in range(OPEN_BLOCKS_MAX)]
    body = {"count": 1, "issued_to": "cs-1", "reason": "outage"}
    answer = await desk.call("cs_supervisor", "POST", "slips/paper-blocks", body)
    assert (answer.status_code, answer.json()["field"]) == (409, "count")
    fields = {"paper_slip": blocks[-1]["open"][0]}
    assert (await desk.read(await desk.report(fields=fields)))["slip"] == blocks[-1]["open"][0]
    await block(desk, 1)
