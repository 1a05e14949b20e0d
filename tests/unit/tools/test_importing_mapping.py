"""The mapping: what it accepts, and how a wrong one is refused in one line."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.tools.exports import MAPPING, write_mapping
from tools.importing.mapping import MappingError, load_mapping


def test_a_mapping_is_read(tmp_path: Path) -> None:
    mapping = load_mapping(str(write_mapping(tmp_path)))
    assert mapping.columns_needed() == frozenset(
        {"编号", "时间", "关闭时间", "状态", "类别", "细类", "渠道", "房号", "位置", "内容", "姓名", "电话"}
    )


def test_the_hash_follows_the_content(tmp_path: Path) -> None:
    one = load_mapping(str(write_mapping(tmp_path)))
    again = load_mapping(str(write_mapping(tmp_path)))
    other = load_mapping(str(write_mapping(tmp_path, MAPPING.replace("general", "urgent"))))
    assert one.hash() == again.hash() != other.hash()


@pytest.mark.parametrize(
    ("found", "instead", "named"),
    [
        ('zone = "Asia/Shanghai"', 'zone = "Asia/Nowhere"', "times.zone"),
        ('encoding = "utf-8-sig"', 'encoding = "latin-1"', "encoding"),
        ('area = "indoor"', 'area = "roof"', "rules.0.area"),
        ('"已完成" = "ANSWERED"', '"已完成" = "DONE"', "ends.已完成"),
        ('key = "编号"', "", "columns.key"),
        ('title = "测试"', 'title = "测试"\nspeed = 3', "speed"),
        ('source = "test"', "source = [", "Invalid value"),
    ],
)
def test_a_wrong_mapping_names_the_place(tmp_path: Path, found: str, instead: str, named: str) -> None:
    assert found in MAPPING
    with pytest.raises(MappingError, match=named):
        load_mapping(str(write_mapping(tmp_path, MAPPING.replace(found, instead))))


def test_a_missing_mapping_names_those_that_are_there() -> None:
    with pytest.raises(MappingError, match="nyc311"):
        load_mapping("no-such-mapping")
