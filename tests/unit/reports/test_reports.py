"""Reports (P032, P033, P031; J28): what is counted of what, the time they are about, CSV and XLSX."""

from __future__ import annotations

import csv
import io
import zipfile
from datetime import UTC, date, datetime, timedelta
from typing import Any

import orjson
import pytest

from services.dispatch.domain.reports.made import RECIPES, Seen, made
from services.dispatch.domain.reports.rows import CallbackRow, SlipRow
from shared.errors import Invalid
from shared.reports.model import Rate, Report, Words
from shared.reports.period import period
from shared.reports.render import rendered
from shared.texts.voices import LANGUAGES

NOW = datetime(2026, 3, 9, 1, 0, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
ZONE = "Asia/Shanghai"


def slip(number: int, **changes: Any) -> SlipRow:
    """A general repair of five days ago, out at once and done the next day."""
    at = NOW - 5 * DAY
    values: dict[str, Any] = {
        "slip": f"2026-{number:06d}",
        "kind": "repair",
        "department": "engineering",
        "category": "plumbing",
        "urgency": "general",
        "status": "CLOSED",
        "place": "L1-3",
        "unit_id": "l1-3",
        "period": "2026-03",
        "assignee_id": "tech-1",
        "rework_of": "",
        "reported_at": at,
        "issued_at": at,
        "slip_due_at": at + timedelta(minutes=5),
        "due_at": at + 3 * DAY,
        "done_at": at + DAY,
    }
    return SlipRow(**{**values, **changes})


def callback(number: int, **changes: Any) -> CallbackRow:
    """A callback that was made in time and proven."""
    values: dict[str, Any] = {
        "work_order_id": f"w{number}",
        "slip": f"2026-{number:06d}",
        "kind": "other",
        "round": "first",
        "status": "CLOSED",
        "method": "phone",
        "opinion": "satisfied",
        "result": "satisfied",
        "place": "L1-3",
        "first_contact_id": "lin",
        "proven": True,
        "due_at": NOW - HOUR,
        "answered_at": NOW - 2 * HOUR,
        "repaired_at": NOW - 5 * DAY,
    }
    return CallbackRow(**{**values, **changes})


def report(name: str, **rows: Any) -> Report:
    """A report of the week before."""
    return made(name, Seen("villa", ZONE, NOW - 7 * DAY, NOW, NOW, **rows))


def rates(found: Report) -> dict[str, tuple[int, int]]:
    """Numerator and denominator of each rate."""
    return {rate.name: (rate.numerator, rate.denominator) for rate in found.rates}


URGENT = [
    slip(1, urgency="urgent", due_at=NOW - 4 * DAY, done_at=NOW - 4 * DAY - HOUR),
    slip(2, urgency="urgent", due_at=NOW - 4 * DAY, done_at=NOW - 3 * DAY),
    slip(3, urgency="urgent", due_at=NOW - 4 * DAY, done_at=None, status="STARTED"),
    slip(4, urgency="urgent", due_at=NOW + DAY, done_at=None, status="ISSUED"),
    slip(5, urgency="urgent", done_at=None, status="WITHDRAWN"),
    slip(6, urgency="urgent", done_at=None, status="CANCELLED"),
]


def test_p019_urgent_within_24_hours_counts_what_can_be_judged() -> None:
    assert rates(report("urgent-24h", slips=URGENT)) == {
        "emergency_in_time": (0, 0),
        "urgent_in_time": (1, 3),
    }
    [overdue] = report("urgent-24h", slips=URGENT).tables
    assert [row[0] for row in overdue.rows] == ["2026-000003", "2026-000002"], "the most overdue first"


def test_p018_general_within_three_days() -> None:
    late = slip(2, done_at=NOW)
    errand = slip(3, kind="errand", done_at=None)
    assert rates(report("general-3d", slips=[slip(1), late, errand])) == {"general_in_time": (1, 2)}


def test_p018_slips_out_within_five_minutes_and_the_late_ones() -> None:
    late = slip(2, issued_at=NOW - 5 * DAY + timedelta(minutes=7))
    found = report("late-slips", slips=[slip(1), late])
    assert rates(found) == {"slips_out_in_time": (1, 2)}
    [table] = found.tables
    [row] = table.rows
    assert (row[0], row[-1]) == ("2026-000002", 120)


def test_p032_the_week_by_type_level_and_result_with_its_analysis() -> None:
    rows = [
        slip(1),
        slip(2, category="electrical", unit_id="l2-1"),
        slip(3),
        slip(4, rework_of="w1"),
        *URGENT,
    ]
    found = report("repair-week", slips=rows, before=[slip(90)])
    tables = {table.name: table for table in found.tables}
    assert tables["urgency"].rows[-1] == ("合计 / total", 10, 6, 5, 1, 1, 2, 1)
    assert [row[:2] for row in tables["category"].rows[:2]] == [("electrical", 1), ("plumbing", 9)]
    assert tables["compared"].rows[0] == ("plumbing", 9, 1, 8)
    assert tables["repeated"].rows == (("l1-3", "plumbing", 9),)
    assert rates(found)["rework"] == (1, 10)
    for table in found.tables:
        assert all(len(row) == len(table.columns) for row in table.rows), table.name


def test_p033_slips_by_month_and_kind() -> None:
    rows = [slip(1), slip(2, kind="errand", period="2026-04")]
    tables = {table.name: table for table in report("slips", slips=rows).tables}
    assert [row[0] for row in tables["period"].rows] == ["2026-03", "2026-04", "合计 / total"]
    assert [row[0] for row in tables["kind"].rows[:2]] == ["errand", "repair"]


def test_j28_unreached_people_stay_in_the_denominator() -> None:
    open_: dict[str, Any] = {"answered_at": None, "opinion": "", "method": "", "proven": False, "result": ""}
    rows = [
        callback(1),
        callback(2, proven=False, status="ANSWERED", result=""),
        callback(3, **{**open_, "result": "unreached"}),
        callback(4, **{**open_, "status": "DUE"}),
        callback(5, **{**open_, "status": "DUE", "due_at": NOW + DAY}),
        callback(6, **{**open_, "result": "superseded"}),
        callback(7, opinion="not_satisfied", result="problem", answered_at=NOW),
        callback(8, **{**open_, "round": "rain", "status": "AWAITING_RAIN"}),
    ]
    found = report("callbacks", callbacks=rows)
    assert rates(found) == {
        "callbacks_closed": (2, 6),
        "callbacks_in_time": (2, 5),
        "callbacks_proven": (2, 3),
        "owners_satisfied": (2, 3),
        "owners_unreached": (1, 5),
    }
    [row] = found.tables[1].rows
    assert row[0] == "2026-000004"


@pytest.mark.parametrize(
    ("numerator", "denominator", "permille", "percent"),
    [(0, 0, None, "—"), (1, 3, 333, "33.3 %"), (2, 3, 667, "66.7 %"), (5, 5, 1000, "100.0 %")],
)
def test_j28_a_share_of_nothing_is_none(
    numerator: int, denominator: int, permille: Any, percent: str
) -> None:
    words = Words(zh="率", en="rate")
    rate = Rate(name="r", title=words, means=words, numerator=numerator, denominator=denominator)
    assert (rate.permille, rate.percent) == (permille, percent)


def test_a_week_and_days_are_those_of_the_property() -> None:
    monday = datetime(2026, 3, 1, 16, 0, tzinfo=UTC)
    assert period("2026-W10", None, None, NOW, ZONE) == (monday, monday + 7 * DAY)
    assert period("", date(2026, 3, 2), date(2026, 3, 2), NOW, ZONE) == (monday, monday + DAY)
    assert period("", None, None, NOW, ZONE) == (monday + 7 * DAY, monday + 14 * DAY)


@pytest.mark.parametrize(
    ("week", "since", "until", "field"),
    [
        ("2026-W60", None, None, "week"),
        ("last", None, None, "week"),
        ("2026-W10", date(2026, 3, 2), None, "week"),
        ("", date(2026, 3, 3), date(2026, 3, 2), "since"),
        ("", date(2024, 1, 1), date(2026, 3, 2), "since"),
    ],
)
def test_a_time_that_is_none_is_refused(week: str, since: Any, until: Any, field: str) -> None:
    with pytest.raises(Invalid) as refused:
        period(week, since, until, NOW, ZONE)
    assert refused.value.field == field
    assert refused.value.accepted


def test_csv_and_xlsx_say_the_same_and_run_no_formula() -> None:
    found = report("late-slips", slips=[slip(1, place="=cmd()", issued_at=NOW)])
    text = rendered(found, "csv", "en").decode("utf-8-sig")
    lines = list(csv.reader(io.StringIO(text)))
    assert ["rate", "numerator", "denominator", "share", "target", "what is counted"] in lines
    assert any(line[:4] == ["Slips out within their 5 minutes", "0", "1", "0.0 %"] for line in lines)
    assert any("'=cmd()" in line for line in lines)
    book = zipfile.ZipFile(io.BytesIO(rendered(found, "xlsx", "zh")))
    sheets = [book.read(name).decode() for name in book.namelist() if name.startswith("xl/worksheets/sheet")]
    assert len(sheets) == 2
    assert not any("<f>" in sheet for sheet in sheets), "text stays text"
    assert "派工单5分钟内送达率" in book.read("xl/sharedStrings.xml").decode()
    assert orjson.loads(rendered(found, "json", "en"))["rates"][0]["denominator"] == 1


def test_people_read_the_names_of_codes_and_programs_the_codes() -> None:
    found = report("repair-week", slips=[slip(1, category="doors-windows", urgency="urgent")])
    told = {
        language: {
            line[0] for line in csv.reader(io.StringIO(rendered(found, "csv", language).decode())) if line
        }
        for language in LANGUAGES
    }
    assert {"门窗", "急修", "工程"} <= told["zh"]
    assert {"doors-windows", "urgent", "engineering"} <= told["en"]
    [category] = [t for t in orjson.loads(rendered(found, "json", "zh"))["tables"] if t["name"] == "category"]
    assert (category["rows"][0][0], category["coded"]) == ("doors-windows", [0])


@pytest.mark.parametrize("name", sorted(RECIPES))
def test_every_report_can_be_made_of_nothing(name: str) -> None:
    found = report(name)
    for format in ("json", "csv", "xlsx"):
        assert rendered(found, format, "zh")  # type: ignore[arg-type]
