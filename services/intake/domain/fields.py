"""The answers of a request against what its procedure asks (catalogue `AskedField`): what is missing,
wrong or not asked.

An emergency and an import are lenient: what is missing or unusable is set aside by name and never refused
(rulings J17, J8).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from shared.catalogue.model import AskedField
from shared.errors import Invalid
from shared.moments import normalised
from shared.texts.say import Said, either, listed, say, words

FieldValue = str | int | bool
SET_ASIDE_MAX = 50


class _Check(Protocol):
    def __call__(self, asked: AskedField, value: FieldValue) -> FieldValue | None: ...


@dataclass(frozen=True, slots=True)
class Answers:
    """Accepted answers, open and personal ones apart; `missing` are required ones not given, `set_aside`
    unusable ones as typed.
    """

    open: dict[str, FieldValue]
    personal: dict[str, FieldValue]
    missing: tuple[str, ...] = ()
    set_aside: tuple[str, ...] = ()


def check_answers(
    asked: Iterable[AskedField], given: Mapping[str, FieldValue], *, area: str, lenient: bool
) -> Answers:
    """The answers in the catalogue's types; moments as ISO 8601 in UTC.

    Raises Invalid naming the field unless lenient.
    """
    questions = {question.name: question for question in asked}
    accepted: dict[str, FieldValue] = {}
    missing: list[str] = []
    aside: list[str] = []
    for name, value in given.items():
        question = questions.get(name)
        if question is None:
            problem = _not_asked(name, questions)
        else:
            checked = check_value(question, value)
            if checked is not None:
                accepted[name] = checked
                continue
            problem = _wrong(question)
        if not lenient:
            raise problem
        aside.append(f"{name}: {value}"[:500])
    for name, question in questions.items():
        if not question.needed_in(area) or name in accepted:
            continue
        if not lenient:
            raise missing_answer(question)
        missing.append(name)
    personal = {name: value for name, value in accepted.items() if questions[name].personal}
    open_ = {name: value for name, value in accepted.items() if not questions[name].personal}
    return Answers(open_, personal, tuple(missing), tuple(aside[:SET_ASIDE_MAX]))


def check_value(asked: AskedField, value: FieldValue) -> FieldValue | None:
    """The value in the type of the question, or None if it does not fit. A blank text is no answer."""
    return _CHECKS[asked.type](asked, value)


def accepted_by(asked: AskedField) -> Said:
    """What the question accepts, in words for the person who typed something else."""
    if asked.type == "choice":
        return say("one of {choices}", choices=words(asked.choices))
    if asked.type == "moment":
        return say("a time with offset, such as 2026-03-01T08:00:00+08:00")
    if asked.type == "boolean":
        return say("true or false")
    if asked.type == "text":
        return say("text of 1 to {most} characters", most=asked.length_max)
    least, most = asked.minimum, asked.maximum
    if least is None:
        return say("a whole number") if most is None else say("a whole number of at most {most}", most=most)
    if most is None:
        return say("a whole number of at least {least}", least=least)
    return say("a whole number of at least {least} and at most {most}", least=least, most=most)


def _text(asked: AskedField, value: FieldValue) -> FieldValue | None:
    if not isinstance(value, str):
        return None
    text = value.strip()
    return text if 0 < len(text) <= asked.length_max else None


def _integer(asked: AskedField, value: FieldValue) -> FieldValue | None:
    if isinstance(value, bool) or not isinstance(value, int):
        return None
    low = asked.minimum is not None and value < asked.minimum
    high = asked.maximum is not None and value > asked.maximum
    return None if low or high else value


def _boolean(asked: AskedField, value: FieldValue) -> FieldValue | None:
    return value if isinstance(value, bool) else None


def _moment(asked: AskedField, value: FieldValue) -> FieldValue | None:
    if not isinstance(value, str):
        return None
    try:
        return normalised(datetime.fromisoformat(value.strip())).isoformat()
    except ValueError:
        return None


def _choice(asked: AskedField, value: FieldValue) -> FieldValue | None:
    return value if isinstance(value, str) and value in asked.choices else None


_CHECKS: dict[str, _Check] = {
    "text": _text,
    "integer": _integer,
    "boolean": _boolean,
    "moment": _moment,
    "choice": _choice,
}


def missing_answer(asked: AskedField) -> Invalid:
    """The refusal where an answer is required."""
    return Invalid(
        "missing-field",
        say("{label} is asked.", label=either(asked.label_zh, asked.label_en)),
        field=f"fields.{asked.name}",
        accepted=accepted_by(asked),
    )


def _wrong(asked: AskedField) -> Invalid:
    return Invalid(
        "field-value",
        say("{label} cannot be this.", label=either(asked.label_zh, asked.label_en)),
        field=f"fields.{asked.name}",
        accepted=accepted_by(asked),
    )


def _not_asked(name: str, questions: Mapping[str, AskedField]) -> Invalid:
    return Invalid(
        "unknown-field",
        "The procedure does not ask this.",
        field=f"fields.{name}",
        accepted=listed(questions) or "no fields at all",
    )
