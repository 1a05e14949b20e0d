"""Every kind of refused field a body of ours can cause is told in Chinese, with its facts."""

from __future__ import annotations

import re
from datetime import date, datetime
from typing import Annotated, Any, Literal
from uuid import UUID

import pytest
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from shared.events.envelope import Moment
from shared.money import Money
from shared.texts.fields import accepted, reason
from shared.texts.voices import voice


class Body(BaseModel):
    """Something like the bodies of the services."""

    model_config = ConfigDict(extra="forbid")
    name: str


class Cat(BaseModel):
    """One of two."""

    kind: Literal["cat"]


class Dog(BaseModel):
    """The other."""

    kind: Literal["dog"]


CASES: list[tuple[Any, Any, str, str]] = [
    (Body, {}, "missing", "此项必填"),
    (Body, {"name": "a", "x": 1}, "extra_forbidden", "没有这一项，请删去"),
    (Body, 7, "model_type", "应为一组字段（JSON 对象）"),
    (str, 7, "string_type", "应为文字"),
    (Annotated[str, Field(max_length=3)], "abcd", "string_too_long", "最多 3 个字"),
    (Annotated[str, Field(min_length=2)], "a", "string_too_short", "至少 2 个字"),
    (Annotated[str, Field(pattern="^a+$")], "b", "string_pattern_mismatch", "格式不符，应符合 ^a+$"),
    (int, "x", "int_parsing", "应为整数"),
    (int, 1.5, "int_from_float", "应为整数，不能带小数"),
    (int, [], "int_type", "应为整数"),
    (Annotated[int, Field(ge=1)], 0, "greater_than_equal", "不能小于 1"),
    (Annotated[int, Field(gt=1)], 0, "greater_than", "应大于 1"),
    (Annotated[int, Field(le=5)], 6, "less_than_equal", "不能大于 5"),
    (Annotated[int, Field(lt=5)], 6, "less_than", "应小于 5"),
    (bool, "perhaps", "bool_parsing", "应为 true（是）或 false（否）"),
    (bool, [], "bool_type", "应为 true（是）或 false（否）"),
    (float, "x", "float_parsing", "应为数字"),
    (Literal["near", "far"], "x", "literal_error", "应为以下之一：near、far"),
    (tuple[str, ...], 7, "tuple_type", "应为列表"),
    (list[str], 7, "list_type", "应为列表"),
    (dict[str, str], 7, "dict_type", "应为一组字段（JSON 对象）"),
    (Annotated[tuple[int, ...], Field(max_length=1)], [1, 2], "too_long", "最多 1 项"),
    (Annotated[tuple[int, ...], Field(min_length=2)], [1], "too_short", "至少 2 项，现有 1 项"),
    (date, "x", "date_from_datetime_parsing", "应为日期，例如 2026-03-01"),
    (datetime, "x", "datetime_from_date_parsing", "应为日期和时间，例如 2026-03-01T08:00:00+08:00"),
    (AwareDatetime, "2026-03-01T08:00", "timezone_aware", "时间须带时区，例如 2026-03-01T08:00:00+08:00"),
    (UUID, "x", "uuid_parsing", "应为 UUID"),
    (Moment, "2026-03-01T08:00", "value_error", "时间须带时区，例如 2026-03-01T08:00:00+08:00"),
    (Money, {"amount_minor": 1, "currency": "XXX"}, "value_error", "币种须为以下之一："),
    (
        Annotated[Cat | Dog, Field(discriminator="kind")],
        {"kind": "cow"},
        "union_tag_invalid",
        "'kind' 应为以下之一：'cat', 'dog'",
    ),
]


@pytest.mark.parametrize(
    ("kind", "value", "type", "told"), CASES, ids=[f"{c[2]}-{n}" for n, c in enumerate(CASES)]
)
def test_a_refused_field_is_told_in_chinese(kind: Any, value: Any, type: str, told: str) -> None:
    with pytest.raises(ValidationError) as refused:
        TypeAdapter(kind).validate_python(value)
    error: Any = refused.value.errors()[0]
    assert error["type"] == type
    said = reason(error)
    assert voice("zh").tell(said).startswith(told)
    assert voice("en").tell(said) == error["msg"].removeprefix("Value error, ")
    assert not re.search(r"[{}?]", voice("zh").tell(said))


def test_a_choice_says_what_would_be_accepted() -> None:
    error = {"type": "literal_error", "msg": "…", "ctx": {"expected": "'near' or 'far'"}}
    assert voice("en").tell(accepted(error)) == "'near' or 'far'"
    assert voice("zh").tell(accepted(error)) == "near、far"


@pytest.mark.parametrize(
    ("kind", "value", "en", "zh"),
    [
        (date, "soon", "a date such as 2026-03-01", "日期，例如 2026-03-01"),
        (date, 7, "a date such as 2026-03-01", "日期，例如 2026-03-01"),
        (
            datetime,
            "soon",
            "a date and time with its offset, such as 2026-03-01T08:00:00+08:00",
            "日期和时间",
        ),
        (AwareDatetime, "2026-03-01T08:00", "a date and time with its offset, such as", "日期和时间"),
        (int, "x", "a whole number", "整数"),
        (float, "x", "a number", "数字"),
        (bool, "perhaps", "true or false", "true（是）"),
        (Annotated[int, Field(ge=1)], 0, "at least 1", "至少 1"),
        (Annotated[int, Field(le=5)], 6, "at most 5", "最多 5"),
        (Annotated[str, Field(max_length=3)], "abcd", "at most 3 characters", "最多 3 个字"),
        (Annotated[str, Field(min_length=2)], "a", "at least 2 characters", "至少 2 个字"),
        (Annotated[tuple[int, ...], Field(max_length=1)], [1, 2], "at most 1 of them", "最多 1 项"),
        (Annotated[tuple[int, ...], Field(min_length=2)], [1], "at least 2 of them", "至少 2 项"),
    ],
)
def test_what_would_be_accepted_is_said_and_not_the_reason_again(
    kind: Any, value: Any, en: str, zh: str
) -> None:
    with pytest.raises(ValidationError) as refused:
        TypeAdapter(kind).validate_python(value)
    error: Any = refused.value.errors()[0]
    said = accepted(error)
    assert voice("en").tell(said).startswith(en)
    assert voice("zh").tell(said).startswith(zh)
    assert voice("en").tell(said) != voice("en").tell(reason(error))
