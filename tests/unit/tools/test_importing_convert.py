"""From records to calls: every way a record can fail is reported with its line, and nothing is invented."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.unit.tools.exports import GOOD, HEADER, MAPPING, write_export, write_mapping
from tools.importing.convert import Call, Converter, Mode, Skip
from tools.importing.mapping import load_mapping
from tools.importing.reading import FIELD_CHARACTERS_MAX, FileError, read_records


def converted(
    folder: Path, *rows: str, mode: Mode = "history", property_id: str = "garden", mapping: str = MAPPING
) -> list[Call | Skip]:
    loaded = load_mapping(str(write_mapping(folder, mapping)))
    path = write_export(folder, *rows, encoding=loaded.encoding)
    converter = Converter(loaded, property_id, mode)
    return [converter.convert(record) for record in read_records(path, loaded)]


def test_a_good_record_becomes_a_call(tmp_path: Path) -> None:
    (call,) = converted(tmp_path, GOOD)
    assert isinstance(call, Call)
    assert call.line == 2
    assert call.reported_at.astimezone(UTC) == datetime(2025, 3, 1, 0, 30, tzinfo=UTC)
    assert call.closed_at is not None
    assert (call.outcome, call.channel, call.unit_id, call.place) == (
        "ANSWERED",
        "hotline",
        "1-2-301",
        "厨房",
    )
    assert (call.rule.urgency, call.phone, call.description) == (
        "general",
        "+8613800138000",
        "水 漏水 龙头漏水",
    )
    assert call.not_supplied == ()


def test_ids_belong_to_property_source_and_key(tmp_path: Path) -> None:
    (one,) = converted(tmp_path, GOOD)
    (again,) = converted(tmp_path, GOOD.replace("龙头漏水", "别的内容"))
    (elsewhere,) = converted(tmp_path, GOOD, property_id="tower")
    assert isinstance(one, Call)
    assert isinstance(again, Call)
    assert isinstance(elsewhere, Call)
    assert one.request_id == again.request_id != elsewhere.request_id
    assert one.request_id != one.contact_id


def test_the_first_rule_that_fits_wins(tmp_path: Path) -> None:
    (call,) = converted(tmp_path, GOOD.replace("漏水,热线", "爆管,热线"))
    assert isinstance(call, Call)
    assert (call.rule.urgency, call.rule.hazard) == ("emergency", "flooding")


def test_what_the_file_does_not_give_is_named(tmp_path: Path) -> None:
    (call,) = converted(tmp_path, "1,2025-03-01 08:30,,处理中,水,漏水,未知,,,,,")
    assert isinstance(call, Call)
    assert call.not_supplied == ("channel", "name", "phone", "place")
    assert (call.channel, call.name, call.phone, call.outcome, call.closed_at) == ("", "", "", "", None)


def test_a_number_that_is_none_and_a_strange_channel_are_noted_not_guessed(tmp_path: Path) -> None:
    (call,) = converted(tmp_path, GOOD.replace("13800138000", "12").replace("热线", "飞鸽"))
    assert isinstance(call, Call)
    assert (call.phone, call.channel) == ("", "")
    assert call.notes == ("channel 飞鸽 is not in the mapping", "a telephone number that is none")


@pytest.mark.parametrize(
    ("row", "reason", "detail"),
    [
        (GOOD.replace("水,漏水", "电,停电"), "unknown category", "电 / 停电"),
        (GOOD.replace("2025-03-01 08:30", "01.03.2025"), "unreadable time", "01.03.2025"),
        (GOOD.replace("2025-03-01 08:30", ""), "unreadable time", "时间"),
        (GOOD.replace("2025-03-01 12:00", "2025-02-01 12:00"), "closed before reported", "2025-02-01"),
        (GOOD.replace("2025-03-01 12:00", ""), "closed without time", "已完成"),
        (GOOD.removeprefix("1"), "no key", "编号"),
        (GOOD + ",多了一列", "unreadable record", "13 columns instead of 12"),
        (GOOD.replace("龙头漏水", "漏" * (FIELD_CHARACTERS_MAX + 1)), "unreadable record", "longer than"),
    ],
)
def test_a_bad_record_is_skipped_with_line_and_reason(
    tmp_path: Path, row: str, reason: str, detail: str
) -> None:
    good = GOOD.replace("1,", "9,", 1)
    skip, call = converted(tmp_path, row, good)
    assert isinstance(skip, Skip)
    assert (skip.line, skip.reason) == (2, reason)
    assert detail in skip.detail
    assert isinstance(call, Call)
    assert call.line == 3


@pytest.mark.parametrize(
    ("row", "detail"),
    [
        (GOOD.replace("2025-03-01 08:30", "01.03.2025"), "“时间”：01.03.2025 不符合所定的任何时间格式"),
        (GOOD.removeprefix("1"), "“编号”列为空"),
        (GOOD + ",多了一列", "有 13 列，应为 12 列"),
        (GOOD.replace("2025-03-01 12:00", ""), "“状态”为“已完成”"),
    ],
)
def test_what_is_wrong_is_said_in_the_language_that_is_asked_for(
    tmp_path: Path, row: str, detail: str
) -> None:
    loaded = load_mapping(str(write_mapping(tmp_path)))
    records = read_records(write_export(tmp_path, row, encoding=loaded.encoding), loaded)
    [skip] = map(Converter(loaded, "garden", "history", language="zh").convert, records)
    assert isinstance(skip, Skip)
    assert skip.detail == detail


def test_a_key_used_twice_names_the_first_line(tmp_path: Path) -> None:
    _, skip = converted(tmp_path, GOOD, GOOD)
    assert isinstance(skip, Skip)
    assert (skip.line, skip.reason, skip.detail) == (3, "key used before", "1 stands in line 2 too")


def test_bytes_that_are_not_the_encoding_spoil_one_record(tmp_path: Path) -> None:
    loaded = load_mapping(str(write_mapping(tmp_path)))
    path = write_export(tmp_path, GOOD, GOOD.replace("1,", "2,", 1))
    path.write_bytes(path.read_bytes().replace("王小明".encode(), b"\xff\xfe", 1))
    converter = Converter(loaded, "garden", "history")
    skip, call = [converter.convert(record) for record in read_records(path, loaded)]
    assert isinstance(skip, Skip)
    assert (skip.reason, skip.line) == ("unreadable record", 2)
    assert isinstance(call, Call)


def test_gb18030_is_read(tmp_path: Path) -> None:
    (call,) = converted(tmp_path, GOOD, mapping=MAPPING.replace("utf-8-sig", "gb18030"))
    assert isinstance(call, Call)
    assert call.name == "王小明"


def test_a_record_over_several_lines_keeps_its_first_line(tmp_path: Path) -> None:
    first, second = converted(tmp_path, GOOD.replace("龙头漏水", '"龙头\n漏水"'), GOOD.replace("1,", "2,", 1))
    assert isinstance(first, Call)
    assert isinstance(second, Call)
    assert (first.line, second.line) == (2, 4)


def test_units_and_place_of_a_property(tmp_path: Path) -> None:
    rows = (GOOD.replace("1-2-301", "3号"), GOOD.replace("1,", "2,", 1), "3,2025-03-01 08:30,,,水,漏水,,,,,,")
    known, unknown, nowhere = converted(tmp_path, *rows, property_id="villa")
    assert isinstance(known, Call)
    assert known.unit_id == "l1-3"
    assert isinstance(unknown, Skip)
    assert unknown.reason == "unknown unit"
    assert isinstance(nowhere, Call)
    assert nowhere.place == "松湖别墅"


def test_live_leaves_out_what_is_closed_and_replay_plays_it(tmp_path: Path) -> None:
    (live,) = converted(tmp_path, GOOD, mode="live")
    (replay,) = converted(tmp_path, GOOD, mode="replay")
    assert isinstance(live, Skip)
    assert live.reason == "closed already"
    assert isinstance(replay, Call)
    assert (replay.outcome, replay.closed_at) == ("", None)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "empty"),
        (HEADER.replace("电话", "手机").encode(), "no column 电话"),
        (HEADER.replace("电话", "姓名").encode(), "twice"),
        (HEADER.encode("gb18030"), "the header is not utf-8-sig"),
    ],
)
def test_a_file_that_does_not_fit_the_mapping_is_refused_as_a_whole(
    tmp_path: Path, content: bytes, said: str
) -> None:
    path = tmp_path / "calls.csv"
    path.write_bytes(content)
    with pytest.raises(FileError, match=said):
        list(read_records(path, load_mapping(str(write_mapping(tmp_path)))))
