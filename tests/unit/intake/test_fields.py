"""Answers against what the catalogue asks: missing, wrong, not asked; lenient in an emergency (P018,
P020, rulings J8, J17).
"""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.intake.domain.fields import accepted_by, check_answers, check_value
from shared.catalogue.model import AskedField
from shared.errors import Invalid


def asked(name: str = "part", type: str = "text", **more: object) -> AskedField:
    return AskedField.model_validate({"name": name, "type": type, "label_zh": "项", "label_en": "It", **more})


ALL = (
    asked("part", length_max=10),
    asked("start_at", "moment"),
    asked("people", "integer", minimum=1, maximum=60),
    asked("told", "boolean", required=False),
    asked("car", "choice", choices=("sedan", "suv")),
    asked("owner_mark", personal=True, required=False),
)
GOOD = {"part": "tap", "start_at": "2026-03-03T08:00:00+08:00", "people": 3, "car": "suv"}


def test_answers_are_normalised_and_personal_ones_kept_apart() -> None:
    answers = check_answers(ALL, {**GOOD, "owner_mark": " 陈 ", "told": True}, area="indoor", lenient=False)
    assert answers.open == {
        "part": "tap",
        "start_at": "2026-03-03T00:00:00+00:00",
        "people": 3,
        "told": True,
        "car": "suv",
    }
    assert answers.personal == {"owner_mark": "陈"}
    assert answers.missing == ()


@pytest.mark.parametrize("name", GOOD)
def test_a_missing_field_is_named_with_what_would_be_accepted(name: str) -> None:
    less = {key: value for key, value in GOOD.items() if key != name}
    with pytest.raises(Invalid) as refused:
        check_answers(ALL, less, area="indoor", lenient=False)
    assert (refused.value.kind, refused.value.field) == ("missing-field", f"fields.{name}")
    assert refused.value.accepted


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("part", ""),
        ("part", "   "),
        ("part", 7),
        ("part", "x" * 11),
        ("start_at", "tomorrow"),
        ("start_at", "2026-03-03T08:00:00"),
        ("start_at", "0001-01-01T00:00:00+14:00"),
        ("start_at", "9999-12-31T23:59:59-14:00"),
        ("start_at", 5),
        ("people", 0),
        ("people", 61),
        ("people", "3"),
        ("people", True),
        ("told", "yes"),
        ("told", 1),
        ("car", "plane"),
        ("car", 1),
    ],
)
def test_a_wrong_value_is_named_with_what_would_be_accepted(name: str, value: str | int | bool) -> None:
    with pytest.raises(Invalid) as refused:
        check_answers(ALL, {**GOOD, name: value}, area="indoor", lenient=False)
    assert refused.value.field == f"fields.{name}"
    assert refused.value.accepted


def test_a_field_nobody_asked_for_is_refused_with_those_that_are_asked() -> None:
    with pytest.raises(Invalid) as refused:
        check_answers(ALL, {**GOOD, "colour": "red"}, area="indoor", lenient=False)
    assert (refused.value.kind, refused.value.field) == ("unknown-field", "fields.colour")
    assert "people" in str(refused.value.accepted)


def test_j17_in_an_emergency_nothing_is_refused_and_nothing_is_lost() -> None:
    answers = check_answers(ALL, {"people": 900, "colour": "red", "car": "suv"}, area="indoor", lenient=True)
    assert answers.open == {"car": "suv"}
    assert set(answers.missing) == {"part", "start_at", "people"}
    assert set(answers.set_aside) == {"people: 900", "colour: red"}


@given(
    st.dictionaries(
        st.sampled_from([*(field.name for field in ALL), "other"]),
        st.one_of(st.text(max_size=30), st.integers(-(2**53), 2**53), st.booleans()),
    )
)
def test_lenient_never_raises_and_strict_accepts_only_what_lenient_keeps(
    answers: dict[str, str | int | bool],
) -> None:
    kept = check_answers(ALL, answers, area="indoor", lenient=True)
    assert not kept.open.keys() & kept.personal.keys()
    if not kept.missing and not kept.set_aside:
        assert check_answers(ALL, answers, area="indoor", lenient=False) == kept
        return
    with pytest.raises(Invalid) as refused:
        check_answers(ALL, answers, area="indoor", lenient=False)
    assert refused.value.field is not None
    assert refused.value.accepted


def test_what_is_accepted_is_said_in_words() -> None:
    assert accepted_by(asked("n", "integer")) == "a whole number"
    assert accepted_by(asked("n", "integer", minimum=1)) == "a whole number of at least 1"
    assert accepted_by(asked("n", "integer", maximum=9)) == "a whole number of at most 9"
    assert (
        accepted_by(asked("n", "integer", minimum=1, maximum=9))
        == "a whole number of at least 1 and at most 9"
    )
    assert check_value(asked("n", "integer"), 3) == 3
