"""Approved answers (答客问, P010): drafted by one person, approved by another, given to all in the same
words.

Each approved version is kept for ever; what was said is stored by version. Found by words while talking.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Annotated

from pydantic import Field

from services.intake.domain.bodies import Body, Long, Text
from shared.errors import Conflict, Forbidden, Invalid
from shared.texts.say import say

TOKENS_MAX = 400
QUERY_TOKENS_MAX = 10
_WORDS = re.compile(r"[a-z0-9]+|[\u4e00-\u9fff]+")


class AnswerBody(Body):
    """A draft: the question and its answer, in both languages, and words it may be looked for by."""

    question_zh: Annotated[Text, Field(min_length=1)]
    question_en: Annotated[Text, Field(min_length=1)]
    text_zh: Annotated[Long, Field(min_length=1)]
    text_en: Annotated[Long, Field(min_length=1)]
    keywords: Annotated[tuple[Text, ...], Field(max_length=20)] = ()


class ApproveBody(Body):
    """Who sends it approves the draft as it stands."""

    note: Text = ""


@dataclass(frozen=True, slots=True)
class Wording:
    """A question and its answer as they were drafted."""

    question_zh: str
    question_en: str
    text_zh: str
    text_en: str
    keywords: tuple[str, ...]
    drafted_by: str
    drafted_at: datetime


@dataclass(frozen=True, slots=True)
class StandardAnswer:
    """One question: `current` is what is given, in version `number`; `draft` waits for its approval."""

    property_id: str
    id: str
    version: int = 0
    number: int = 0
    current: Wording | None = None
    approved_by: str = ""
    approved_at: datetime | None = None
    draft: Wording | None = None
    tokens: tuple[str, ...] = ()

    @property
    def given(self) -> bool:
        """Whether it may be given now."""
        return self.current is not None


@dataclass(frozen=True, slots=True)
class AnswerVersion:
    """An approved version, never changed; `id` is `<answer_id>.<number>`."""

    property_id: str
    id: str
    version: int = 0
    answer_id: str = ""
    number: int = 0
    wording: Wording | None = None
    approved_by: str = ""
    approved_at: datetime | None = None


def tokens(*texts: str) -> tuple[str, ...]:
    """What a text is found by: words and numbers, and each pair of Chinese characters that follow each
    other.
    """
    found: dict[str, None] = {}
    for text in texts:
        for run in _WORDS.findall(text.casefold()):
            if "\u4e00" <= run[0] <= "\u9fff":
                found |= dict.fromkeys(run)
                found |= dict.fromkeys(run[n : n + 2] for n in range(len(run) - 1))
            else:
                found[run] = None
    return tuple(found)[:TOKENS_MAX]


def asked_for(text: str) -> tuple[str, ...]:
    """What a search looks for: the pairs where there are any, else the single characters. Raises Invalid."""
    found = tokens(text)
    longer = tuple(one for one in found if len(one) > 1)
    if not found:
        raise Invalid(
            "no-words", "There is nothing to look for.", field="q", accepted="a word of the question"
        )
    return (longer or found)[:QUERY_TOKENS_MAX]


def drafted(
    old: StandardAnswer | None, property_id: str, id: str, body: AnswerBody, by: str, now: datetime
) -> StandardAnswer:
    """A draft, new or of the next version; what is given stays as it is until the draft is approved."""
    draft = Wording(body.question_zh, body.question_en, body.text_zh, body.text_en, body.keywords, by, now)
    return replace(old or StandardAnswer(property_id, id), draft=draft)


def approved(answer: StandardAnswer, by: str, now: datetime) -> tuple[StandardAnswer, AnswerVersion]:
    """Another person approves the draft. Raises Conflict without one, Forbidden for who drafted it."""
    draft = answer.draft
    if draft is None:
        raise Conflict("no-draft", "No draft of this answer waits.", accepted="draft it first")
    if by == draft.drafted_by:
        raise Forbidden("own-draft", "Whoever drafted an answer does not approve it himself.")
    number = answer.number + 1
    after = replace(
        answer,
        number=number,
        current=draft,
        approved_by=by,
        approved_at=now,
        draft=None,
        tokens=tokens(draft.question_zh, draft.question_en, *draft.keywords, draft.text_zh, draft.text_en),
    )
    kept = AnswerVersion(
        answer.property_id,
        f"{answer.id}.{number}",
        answer_id=answer.id,
        number=number,
        wording=draft,
        approved_by=by,
        approved_at=now,
    )
    return after, kept


def retired(answer: StandardAnswer) -> StandardAnswer:
    """It is given no more; its versions stay."""
    if answer.current is None and answer.draft is None:
        raise Conflict("retired-already", "This answer is given no more.", accepted="another answer")
    return replace(answer, current=None, draft=None, tokens=())


def given(answer: StandardAnswer | None, number: int) -> StandardAnswer:
    """The answer as it may be given now. Raises Invalid for a draft, an older version, or none."""
    if answer is None or not answer.given or number not in (0, answer.number):
        newest = (
            say("version {number} of it", number=answer.number)
            if answer is not None and answer.given
            else "an approved answer"
        )
        raise Invalid(
            "not-approved",
            "This answer is not approved in that version.",
            field="answer_number" if answer is not None and answer.given else "answer_id",
            accepted=newest,
        )
    return answer
