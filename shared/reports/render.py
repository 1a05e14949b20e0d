"""A report as JSON, CSV or XLSX: codes in JSON, their names in the others.

Text that a spreadsheet would run as a formula stays text.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any, Literal
from zoneinfo import ZoneInfo

import orjson
import xlsxwriter

from shared.reports.model import Cell, Language, Report, Table, Words
from shared.texts.say import word
from shared.texts.voices import voice

Format = Literal["json", "csv", "xlsx"]
MEDIA: dict[Format, str] = {
    "json": "application/json",
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
RUN_AS_FORMULA = ("=", "+", "-", "@", "\t", "\r")
SHEET_NAME_MAX = 31
RATE_COLUMNS = (
    Words(zh="指标", en="rate"),
    Words(zh="分子", en="numerator"),
    Words(zh="分母", en="denominator"),
    Words(zh="比率", en="share"),
    Words(zh="目标", en="target"),
    Words(zh="定义", en="what is counted"),
)


def rendered(report: Report, format: Format, language: Language) -> bytes:
    """The report in that format."""
    if format == "json":
        return orjson.dumps(document(report, language))
    return _csv(report, language) if format == "csv" else _xlsx(report, language)


def document(report: Report, language: Language) -> dict[str, Any]:
    """The report as JSON: rates with numerator and denominator, tables as lists of rows."""
    return {
        "name": report.name,
        "title": report.title.of(language),
        "property_id": report.property_id,
        "zone": report.zone,
        "since": report.since.isoformat(),
        "until": report.until.isoformat(),
        "made_at": report.made_at.isoformat(),
        "rates": [
            {
                "name": rate.name,
                "title": rate.title.of(language),
                "means": rate.means.of(language),
                "numerator": rate.numerator,
                "denominator": rate.denominator,
                "permille": rate.permille,
                "target_percent": rate.target_percent,
            }
            for rate in report.rates
        ],
        "tables": [
            {
                "name": table.name,
                "title": table.title.of(language),
                "columns": [column.of(language) for column in table.columns],
                "rows": [list(row) for row in table.rows],
                "coded": list(table.coded),
            }
            for table in report.tables
        ],
    }


def _csv(report: Report, language: Language) -> bytes:
    """All parts under one another, each with its heading; a spreadsheet knows it for UTF-8 by its mark."""
    text = io.StringIO()
    out = csv.writer(text, lineterminator="\r\n")
    out.writerow([report.title.of(language), report.property_id, *_span(report)])
    for table in _parts(report, language):
        out.writerow([])
        out.writerow([table.title.of(language)])
        out.writerow([column.of(language) for column in table.columns])
        out.writerows([_safe(_shown(cell, report.zone)) for cell in row] for row in table.rows)
    return text.getvalue().encode("utf-8-sig")


def _xlsx(report: Report, language: Language) -> bytes:
    """One sheet a part."""
    made = io.BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    with xlsxwriter.Workbook(made, options) as book:
        bold = book.add_format({"bold": True})
        for number, table in enumerate(_parts(report, language), start=1):
            sheet = book.add_worksheet(_sheet_name(number, table.title.of(language)))
            sheet.write_row(0, 0, [report.title.of(language), report.property_id, *_span(report)], bold)
            sheet.write_row(2, 0, [column.of(language) for column in table.columns], bold)
            for line, row in enumerate(table.rows, start=3):
                _write(sheet, line, row, report.zone)
            sheet.autofit()
    return made.getvalue()


def _write(sheet: Any, line: int, row: Sequence[Cell], zone: str) -> None:
    for column, cell in enumerate(row):
        if isinstance(cell, int):
            sheet.write_number(line, column, cell)
        else:
            sheet.write_string(line, column, _shown(cell, zone))


def _parts(report: Report, language: Language) -> Iterator[Table]:
    if report.rates:
        rows = tuple(
            (
                rate.title.of(language),
                rate.numerator,
                rate.denominator,
                rate.percent,
                "" if rate.target_percent is None else f"{rate.target_percent} %",
                rate.means.of(language),
            )
            for rate in report.rates
        )
        title = Words(zh="指标", en="Rates")
        yield Table(name="rates", title=title, columns=RATE_COLUMNS, rows=rows)
    for table in report.tables:
        yield table.model_copy(update={"rows": named(table.rows, table.coded, language)})


def named(
    rows: Iterable[Sequence[Cell]], coded: Collection[int], language: Language
) -> list[tuple[Cell, ...]]:
    """The rows with the names of their codes in that language."""
    speak = voice(language)
    return [
        tuple(
            word(cell).told(speak) if column in coded and isinstance(cell, str) else cell
            for column, cell in enumerate(row)
        )
        for row in rows
    ]


def _span(report: Report) -> list[str]:
    return [_shown(report.since, report.zone), _shown(report.until, report.zone)]


def _shown(cell: Cell, zone: str) -> str:
    if cell is None:
        return ""
    if isinstance(cell, datetime):
        return f"{cell.astimezone(ZoneInfo(zone)):%Y-%m-%d %H:%M}"
    return str(cell)


def _safe(text: str) -> str:
    """What begins like a formula is shown, not run."""
    return f"'{text}" if text.startswith(RUN_AS_FORMULA) else text


def _sheet_name(number: int, title: str) -> str:
    allowed = "".join(c for c in title if c not in "[]:*?/\\'")
    return f"{number} {allowed}"[:SHEET_NAME_MAX]
