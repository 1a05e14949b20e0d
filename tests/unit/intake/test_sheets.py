"""Units and people from the sheets an office keeps."""

from __future__ import annotations

import pytest

from services.intake.api.sheets import people_of, units_of
from shared.errors import Invalid, TooLarge


def test_units_and_people_come_from_the_sheets_an_office_keeps() -> None:
    units = units_of("\ufefflabel,kind\n3-2-1801,villa\n3-2-1802,\n".encode()).rows
    assert [(unit.label, unit.kind) for unit in units] == [("3-2-1801", "villa"), ("3-2-1802", "flat")]
    [one] = people_of(
        "name,phones,units\n王小明,13800138000;13900139000,3-2-1801:tenant;3-2-1802\n".encode()
    ).rows
    assert one.phones == ("13800138000", "13900139000")
    assert [(home.unit_id, home.role) for home in one.units] == [
        ("3-2-1801", "tenant"),
        ("3-2-1802", "owner"),
    ]


@pytest.mark.parametrize(
    ("data", "field"),
    [
        (b"\xff\xfe", "body"),
        (b"", "line 1"),
        (b"label\n", "body"),
        (b"colour\nred\n", "line 1"),
        (b"label,label\n1,2\n", "line 1"),
        (b'label\n"3-2\n', "line 1"),
    ],
)
def test_what_is_no_sheet_is_refused_naming_the_line(data: bytes, field: str) -> None:
    with pytest.raises(Invalid) as refused:
        units_of(data)
    assert refused.value.field == field
    assert refused.value.accepted


@pytest.mark.parametrize(
    ("data", "field"),
    [
        (b"label\n3-2-1801,x\n3-2-1802\n", ""),
        (b"label,kind\n3-2-1801,castle\n3-2-1802,\n", "kind"),
        (b"label,kind\n,flat\n3-2-1802,\n", "label"),
    ],
)
def test_a_bad_line_is_named_and_the_others_are_taken(data: bytes, field: str) -> None:
    sheet = units_of(data)
    assert [(one.line, one.field) for one in sheet.refused] == [(2, field)]
    assert ([unit.label for unit in sheet.rows], sheet.lines) == (["3-2-1802"], (3,))


def test_a_sheet_of_more_than_500_lines_is_refused() -> None:
    with pytest.raises(TooLarge):
        units_of(b"label\n" + b"".join(b"1-1-%d\n" % n for n in range(501)))
