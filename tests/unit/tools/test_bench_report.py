"""A bench beside an earlier one: ratios of the same broker, none more than 10 % worse."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tools.bench.report import Report, earlier
from tools.exits import Stop

BEFORE = {"pipeline.rate": 0.5, "urgent.p99_ms": 3.0}


def printed(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


@pytest.mark.parametrize(("ratio", "met"), [(0.6, True), (0.45, True), (0.449, False)])
def test_a_ratio_may_fall_by_a_tenth_and_no_more(
    ratio: float, met: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    report = Report("embedded", BEFORE)
    report.line("pipeline.rate", 1, "requests/s", 2, ratio, bar=0.4)
    [row] = printed(capsys)
    assert (row["context"]["met"], row["context"]["ratio_before"]) == (met, 0.5)
    assert report.missed == ([] if met else ["pipeline.rate"])


@pytest.mark.parametrize(("ratio", "met"), [(2.0, True), (3.3, True), (3.31, False)])
def test_what_must_stay_small_may_rise_by_a_tenth(
    ratio: float, met: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    report = Report("embedded", BEFORE)
    report.line("urgent.p99_ms", 300, "ms", 100, ratio, bar_max=400)
    [row] = printed(capsys)
    assert row["context"]["met"] is met
    assert (row["context"]["worse_percent"] > 10) is not met


def test_without_an_earlier_bench_only_the_bar_counts(capsys: pytest.CaptureFixture[str]) -> None:
    report = Report("embedded")
    report.line("pipeline.rate", 1, "requests/s", 2, 0.3, bar=0.25)
    [row] = printed(capsys)
    assert row["context"]["met"] is True
    assert "ratio_before" not in row["context"]


def test_what_a_bench_printed_can_be_read_again(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for broker, ratio in (("embedded", 0.46), ("apache", 0.4)):
        Report(broker).line("pipeline.rate", 1, "requests/s", 2, ratio)
    Report("embedded").line("pipeline.latency_p50_ms", 377, "ms", None, None)
    path = tmp_path / "before.jsonl"
    path.write_text(capsys.readouterr().out, encoding="utf-8")
    assert earlier(path, "embedded") == {"pipeline.rate": 0.46}
    assert earlier(path, "apache") == {"pipeline.rate": 0.4}


@pytest.mark.parametrize("text", [None, "no json", "[]", "{}"])
def test_another_file_is_one_clear_line(tmp_path: Path, text: str | None) -> None:
    path = tmp_path / "before.jsonl"
    if text is not None:
        path.write_text(text, encoding="utf-8")
    with pytest.raises(Stop, match="no lines of an earlier bench"):
        earlier(path, "embedded")
