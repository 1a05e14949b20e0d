"""Reports over HTTP on a real MongoDB: P032, J28; bad names and times; CSV and XLSX."""

from __future__ import annotations

import zipfile
from collections.abc import AsyncIterator
from datetime import timedelta
from io import BytesIO

import pytest
import pytest_asyncio

from shared.settings import Settings
from tests.connected.dispatch_desk import Desk, open_desk

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
    assert zipfile.ZipFile(BytesIO(sheet.content)).testzip() is None
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
