"""Deadlines of repairs: who is told before, at and after a breach, and once after an outage (P018-P020)."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta

import orjson
import pytest

from tests.connected.dispatch_desk import Desk

pytestmark = pytest.mark.connected


async def test_p019_the_chain_is_told_before_at_and_after_the_breach_and_headquarters_with_it(
    desk: Desk,
) -> None:
    order_id = await desk.report(urgency="urgent")
    await desk.take("technician", order_id, "collect")
    await desk.pass_time(hours=17)
    assert await desk.told("escalation.raised") == []
    for hours, told in ((1, 1), (6, 4), (12, 6), (48, 6)):
        await desk.pass_time(hours=hours)
        assert len(await desk.told("escalation.raised")) == told
    facts = [orjson.loads(r["data"]) for r in await desk.told("escalation.raised")]
    assert [(f["kind"], f["to_role"], f["step"]) for f in facts] == [
        ("approaching", "repair_supervisor", 1),
        ("breached", "department_head", 2),
        ("breached", "repair_supervisor", 3),
        ("breached", "hq_duty", 4),
        ("breached", "director", 5),
        ("breached", "hq_duty", 6),
    ]
    assert [f["personal"] for f in facts if f["to_role"] == "hq_duty"] == [None, None], "a post, no person"
    rows = await desk.told("escalation.raised", stream=f"escalation:{order_id}")
    assert [(r["lane"], r["sequence"]) for r in rows] == [("urgent", n) for n in range(1, 7)]
    assert (await desk.read(order_id))["escalations"] == 6


async def test_p019_headquarters_hears_of_no_general_repair(desk: Desk) -> None:
    await desk.take("technician", await desk.report(), "collect")
    await desk.pass_time(days=3)
    facts = [orjson.loads(r["data"]) for r in await desk.told("escalation.raised")]
    assert [f["to_role"] for f in facts if f["kind"] == "breached"] == ["department_head"]


async def test_guarantee_10_after_an_outage_each_order_is_told_once(desk: Desk) -> None:
    orders = [await desk.report(f"r{n}", urgency="urgent") for n in range(20)]
    for order_id in orders:
        await desk.take("technician", order_id, "collect")
    await desk.pass_time(hours=60)
    facts = [orjson.loads(r["data"]) for r in await desk.told("escalation.raised")]
    each = Counter((f["work_order_id"], f["kind"], f["to_role"]) for f in facts)
    assert each == Counter((id, "breached", role) for id in orders for role in ("director", "hq_duty"))


async def test_p018_a_slip_that_comes_late_is_told(desk: Desk) -> None:
    saved = desk.clock.now() - timedelta(minutes=6)
    await desk.report(reported_at=saved, recorded_at=saved)
    [alarm] = await desk.told("escalation.raised")
    assert orjson.loads(alarm["data"])["kind"] == "slip_late"


async def test_p020_paperwork_stays_red_and_is_told_after_a_day(desk: Desk) -> None:
    order_id = await desk.report(urgency="emergency")
    await desk.take("technician", order_id, "start")
    done = await desk.take("technician", order_id, "complete")
    signatures = [f"signature:{name}" for name in ("owner", "technician", "repair_supervisor")]
    assert (done["paperwork_missing"], done["paperwork_gaps"]) == (True, ["item", *signatures])
    blank = await desk.refused(
        "technician", order_id, "sign", {"signer": "technician"}, sub=done["assignee_id"]
    )
    assert "does not say yet what was found" in blank["detail"], "the slip's contents are completed first"
    written = await desk.take("technician", order_id, "confirm-item", {"item": "burst pipe"})
    assert written["paperwork_gaps"] == signatures
    await desk.pass_time(hours=24)
    [alarm] = await desk.told("escalation.raised")
    assert orjson.loads(alarm["data"])["kind"] == "paperwork_late"
