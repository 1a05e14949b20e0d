"""`guanjia report`: help, what it refuses, and where it writes, without a running platform."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from tools.cli import app, report
from tools.client import ApiError, UnreachableError
from tools.exits import Exit

RUN = CliRunner()
COMPLAINTS = ["report", "complaints", "-p", "villa", "--week", "2026-W10"]
BODY = {
    "title": "Slips",
    "property_id": "villa",
    "zone": "Asia/Shanghai",
    "since": "2026-03-01T16:00:00+00:00",
    "until": "2026-03-08T16:00:00+00:00",
    "rates": [{"title": "Out in time", "numerator": 3, "denominator": 4, "permille": 750, "means": "of all"}],
    "tables": [
        {
            "title": "By kind",
            "columns": ["kind", "count"],
            "rows": [["repair", 4], ["errand", None]],
            "coded": [0],
        }
    ],
}


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, str]]:
    """What was asked of the platform; it answers with a small report."""
    found: list[dict[str, str]] = []

    async def fetch(of: str, name: str, query: dict[str, str]) -> bytes:
        found.append({"of": of, "name": name, **query})
        return b"\xef\xbb\xbfa,b" if query["format"] == "csv" else json.dumps(BODY).encode()

    monkeypatch.setattr(report, "_fetch", fetch)
    return found


def test_a_table_shows_numerator_and_denominator(asked: list[dict[str, str]]) -> None:
    done = RUN.invoke(app, ["report", "slips", "--property", "villa", "--week", "2026-W10"])
    assert done.exit_code == Exit.OK, done.output
    assert "75.0 %" in done.output
    assert "跑腿代办" in done.output, "the names of codes, in the language asked for"
    assert "villa  2026-03-02 .. 2026-03-08\n" in done.output, "the days of the property"
    assert asked == [{"of": "villa", "name": "slips", "week": "2026-W10", "language": "zh", "format": "json"}]


def test_a_file_is_written_and_xlsx_needs_one(asked: list[dict[str, str]], tmp_path: Path) -> None:
    out = tmp_path / "week.csv"
    done = RUN.invoke(app, [*COMPLAINTS, "--format", "csv", "--out", str(out)])
    assert (done.exit_code, out.read_bytes()) == (Exit.OK, b"\xef\xbb\xbfa,b")
    assert RUN.invoke(app, ["report", "slips", "-p", "villa", "--format", "xlsx"]).exit_code == Exit.USAGE
    nowhere = str(tmp_path / "none" / "week.csv")
    wrong = RUN.invoke(app, ["report", "slips", "-p", "villa", "--format", "csv", "--out", nowhere])
    assert wrong.exit_code == Exit.USAGE
    shown = RUN.invoke(app, COMPLAINTS)
    assert (shown.exit_code, shown.output) == (Exit.OK, "a,b\n")
    assert asked[-1]["format"] == "csv"
    assert RUN.invoke(app, COMPLAINTS[:-2]).exit_code == Exit.OK
    assert "week" not in asked[-1], "this week"


@pytest.mark.parametrize(
    ("error", "code", "said"),
    [
        (ApiError("GET", "/x", 422, {"detail": "no week", "accepted": "a week"}), Exit.PROBLEMS, "a week"),
        (UnreachableError("dispatch", "http://127.0.0.1:1"), Exit.NOT_RUNNING, "does not answer"),
    ],
)
def test_a_refusal_says_what_would_be_accepted(
    monkeypatch: pytest.MonkeyPatch, error: Exception, code: Exit, said: str
) -> None:
    async def fetch(*_: Any) -> bytes:
        raise error

    monkeypatch.setattr(report, "_fetch", fetch)
    done = RUN.invoke(app, ["report", "slips", "-p", "villa"])
    assert done.exit_code == code
    assert said in done.output


def test_help_names_the_reports() -> None:
    done = RUN.invoke(app, ["report", "--help"])
    assert done.exit_code == Exit.OK
    assert "repair-week" in done.output
