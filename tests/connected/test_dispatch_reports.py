"""Reports over HTTP on a real MongoDB: P032, J28; bad names and times; CSV and XLSX."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator
from datetime import timedelta
from io import BytesIO

import openpyxl
import orjson
import pytest
import pytest_asyncio

from services.dispatch.audit import AUDIT
from services.dispatch.weekly import WeeklyReports
from shared.settings import Settings
from tests.connected.audit_kit import found
from tests.connected.dispatch_desk import PROPERTY, START, Desk, open_desk

pytestmark = [pytest.mark.connected, pytest.mark.asyncio(loop_scope="module")]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def desk(desk_settings: Settings) -> AsyncIterator[Desk]:
    """A villa estate with a week of repairs: three out in time, one late."""
    async with open_desk(desk_settings) as made:
        await made.staff("engineering", ("tech-1", "technician"), hours=20)
        for n, category in enumerate(("plumbing", "plumbing", "electrical")):
            await made.report(f"r{n}", category=category)
        late = made.accepted("r3", urgency="urgent")
        made.clock.advance(timedelta(minutes=9))
        await made.hear(late, lane="urgent")
        yield made


async def test_p032_the_week_as_json_with_numerators_and_denominators(desk: Desk) -> None:
    answer = await desk.call("director", "GET", "reports/repair-week?week=2026-W10&language=en")
    assert answer.status_code == 200, answer.text
    body = answer.json()
    tables = {table["name"]: table for table in body["tables"]}
    assert tables["category"]["rows"] == [
        ["electrical", 1, 0, 0, 0, 0, 1, 0],
        ["plumbing", 3, 0, 0, 0, 0, 3, 0],
        ["合计 / total", 4, 0, 0, 0, 0, 4, 0],
    ]
    slips = (await desk.call("director", "GET", "reports/late-slips?week=2026-W10")).json()
    [rate] = slips["rates"]
    assert (rate["numerator"], rate["denominator"], rate["permille"]) == (3, 4, 750)
    other = (await desk.call("director", "GET", "reports/slips?week=2026-W11")).json()
    assert other["rates"][0]["denominator"] == 0
    assert other["rates"][0]["permille"] is None


async def test_p032_csv_and_xlsx(desk: Desk) -> None:
    sheet = await desk.call("director", "GET", "reports/repair-week?week=2026-W10&format=xlsx")
    assert sheet.headers["content-disposition"] == 'attachment; filename="repair-week.xlsx"'
    book = openpyxl.load_workbook(BytesIO(sheet.content), read_only=True)
    rows = [[cell for cell in row if cell is not None] for s in book for row in s.iter_rows(values_only=True)]
    stored = await desk.db["work_orders"].find({"property_id": PROPERTY}).to_list()
    for category, count in Counter(order["category"] for order in stored).items():
        name = {"plumbing": "给排水", "electrical": "电气"}[category]
        assert [name, count, 0, 0, 0, 0, count, 0] in rows, "as counted one by one in the store"
    late = await desk.call("director", "GET", "reports/late-slips?week=2026-W10&format=xlsx&language=en")
    book = openpyxl.load_workbook(BytesIO(late.content), read_only=True)
    rates = [row for row in book.worksheets[0].iter_rows(values_only=True) if 4 in row]
    in_time = sum(order["issued_at"] <= order["slip_due_at"] for order in stored)
    [rate] = rates
    assert rate[rate.index(4) - 1 : rate.index(4) + 1] == (in_time, len(stored)), "numerator, denominator"
    text = await desk.call("director", "GET", "reports/slips?week=2026-W10&format=csv")
    assert text.headers["content-type"].startswith("text/csv")
    assert "派工单统计" in text.content.decode("utf-8-sig")
    listed = (await desk.call("director", "GET", "reports")).json()["items"]
    assert {item["name"] for item in listed} >= {"repair-week", "slips", "late-slips", "callbacks"}


@pytest.mark.parametrize(
    ("query", "status", "field"),
    [
        ("reports/gossip", 404, "name"),
        ("reports/slips?week=2026-W99", 422, "week"),
        ("reports/slips?since=2026-03-05&until=2026-03-01", 422, "since"),
        ("reports/slips?format=pdf", 422, "format"),
    ],
)
async def test_what_is_no_report_is_refused_with_what_would_be_one(
    desk: Desk, query: str, status: int, field: str
) -> None:
    answer = await desk.call("director", "GET", query)
    assert answer.status_code == status, answer.text
    assert field in (answer.json().get("field") or "")
    assert (await desk.call("gate_guard", "GET", "reports/slips")).status_code == 403


async def test_p032_p033_the_week_is_reported_on_its_day_and_hour_once(
    desk: Desk,
) -> None:
    loop = WeeklyReports(desk.runtime)
    await loop.look()
    assert await desk.told("week.reported") == [], "nothing was reported before the first work"
    monday = START.replace(hour=0) + timedelta(days=7)  # eight in the morning in Shanghai
    desk.clock.advance(monday - timedelta(minutes=1) - desk.clock.now())
    await loop.look()
    assert await desk.told("week.reported") == [], "not before its hour"
    desk.clock.advance(timedelta(minutes=1))
    late = await found(AUDIT, desk.db, desk.clock.now())
    assert not [f for f in late if f.kind == "week_not_reported"]
    late = await found(AUDIT, desk.db, desk.clock.now() + timedelta(minutes=6))
    [finding] = [f for f in late if f.kind == "week_not_reported"]
    assert (finding.subject, finding.expected_at) == ("2026-W10", monday), (
        "the auditor sees what was not made"
    )
    await loop.look()
    await WeeklyReports(desk.runtime).look()  # another process, or after a restart
    [row] = await desk.told("week.reported")
    fact = orjson.loads(row["data"])
    assert (fact["week"], fact["slips"], fact["slips_in_time"]) == ("2026-W10", 4, "3/4")
    assert fact["rates"]["callbacks_closed"] == "0/0"
    assert not fact["personal_key"]
    assert all(word not in row["data"].decode() for word in ("tech-1", "L1-3", "Name")), "no personal data"
    after = await found(AUDIT, desk.db, desk.clock.now() + timedelta(minutes=6))
    assert not [f for f in after if f.kind == "week_not_reported"]
    desk.clock.advance(timedelta(days=7))
    await loop.look()
    assert len(await desk.told("week.reported")) == 2, "also a week in which nothing came"
