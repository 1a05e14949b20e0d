"""A small Chinese call-centre export and its mapping, for the tests of the import."""

from __future__ import annotations

from pathlib import Path

MAPPING = """
source = "test"
title = "测试"
encoding = "utf-8-sig"

[columns]
key = "编号"
reported_at = "时间"
closed_at = "关闭时间"
status = "状态"
category = ["类别", "细类"]
channel = "渠道"
unit = ["房号"]
place = ["位置"]
description = ["类别", "细类", "内容"]
name = "姓名"
phone = "电话"

[times]
formats = ["%Y-%m-%d %H:%M", "%Y/%m/%d %H:%M:%S"]
zone = "Asia/Shanghai"

[channels]
"热线" = "hotline"
"未知" = ""

[ends]
"已完成" = "ANSWERED"

[[rules]]
when = { "类别" = "水", "细类" = ["爆管", "跑水"] }
procedure = "repair-report"
category = "plumbing"
area = "indoor"
urgency = "emergency"
hazard = "flooding"

[[rules]]
when = { "类别" = "水" }
procedure = "repair-report"
category = "plumbing"
area = "indoor"
urgency = "general"

[properties.villa]
place = "松湖别墅"
units = { "3号" = "l1-3" }
"""

HEADER = "编号,时间,关闭时间,状态,类别,细类,渠道,房号,位置,内容,姓名,电话"
GOOD = "1,2025-03-01 08:30,2025-03-01 12:00,已完成,水,漏水,热线,1-2-301,厨房,龙头漏水,王小明,13800138000"


def write_mapping(folder: Path, text: str = MAPPING) -> Path:
    """The mapping as a file."""
    path = folder / "mapping.toml"
    path.write_text(text, encoding="utf-8")
    return path


def write_export(folder: Path, *rows: str, encoding: str = "utf-8-sig") -> Path:
    """An export with the header and these rows."""
    path = folder / "calls.csv"
    path.write_bytes("\r\n".join((HEADER, *rows, "")).encode(encoding))
    return path
