"""An inquiry (P010): answered from the approved answers, by a superior's word, or deferred and then
answered.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Annotated, Literal

from pydantic import Field

from services.intake.domain.bodies import Body, Long, MaybeId, Reason, Text
from services.intake.domain.colleague import Colleague, check_colleague
from shared.catalogue.desk_rules import InquiryRules
from shared.errors import Conflict, Invalid, demand
from shared.texts.say import say, words


class AnswerInquiryBody(Body):
    """An approved answer in the version given (0: today's), or a superior's own words with his name.

    What was deferred was told in a contact, or by letter.
    """

    answer_id: MaybeId = ""
    answer_number: Annotated[int, Field(ge=0, le=100_000)] = 0
    text: Long = ""
    superior_id: MaybeId = ""
    contact_id: MaybeId = ""
    by_letter: bool = False
    on_behalf_reason: Text = ""


class DeferInquiryBody(Body):
    """Why it cannot be answered now; the owner has been told until when it is."""

    reason: Reason
    owner_told: Literal[True]
    on_behalf_reason: Text = ""


@dataclass(frozen=True, slots=True)
class Inquiry:
    """What an inquiry is besides a request; `id` is the request's."""

    property_id: str
    id: str
    version: int = 0
    state: Literal["ASKED", "DEFERRED", "CLOSED"] = "ASKED"
    asked_at: datetime | None = None
    deferred_at: datetime | None = None
    due_at: datetime | None = None
    answer_id: str = ""
    answer_number: int = 0
    text: str = ""
    superior_id: str = ""
    answered_by: str = ""
    answered_at: datetime | None = None
    late: bool = False
    late_told: bool = False  # that it is late, while it waits


def not_to_defer(state: str) -> Conflict | None:
    """An inquiry is deferred once."""
    if state == "ASKED":
        return None
    return Conflict("deferred-already", "This inquiry has been deferred before.", accepted="answer it now")


def deferred(inquiry: Inquiry, rules: InquiryRules, now: datetime) -> Inquiry:
    """It is answered later, within the set hours. Raises Conflict if it was deferred before."""
    demand(not_to_defer(inquiry.state))
    due_at = now + timedelta(hours=rules.deferred_within_hours)
    return replace(inquiry, state="DEFERRED", deferred_at=now, due_at=due_at, late_told=False)


def check_answer(body: AnswerInquiryBody) -> None:
    """Either an approved answer or a superior's words. Raises Invalid."""
    if bool(body.answer_id) == bool(body.text):
        raise Invalid(
            "which-answer",
            "Which answer was given?",
            field="answer_id",
            accepted="answer_id of an approved answer, or text with superior_id",
        )


def check_superior(found: Colleague | None, rules: InquiryRules) -> Colleague:
    """The superior whose words they are: the same question gets the same wording, or a superior's. Raises
    Invalid.
    """
    person = check_colleague(found, "superior_id")
    if person.role not in rules.superior_roles:
        raise Invalid(
            "not-a-superior",
            "An answer that is not among the approved ones is a superior's.",
            field="superior_id",
            accepted=say("somebody who is {choices}", choices=words(rules.superior_roles)),
        )
    return person


def answered(inquiry: Inquiry, body: AnswerInquiryBody, number: int, by: str, now: datetime) -> Inquiry:
    """The owner has his answer."""
    return replace(
        inquiry,
        state="CLOSED",
        answer_id=body.answer_id,
        answer_number=number,
        text=body.text,
        superior_id=body.superior_id,
        answered_by=by,
        answered_at=now,
        late=inquiry.due_at is not None and now > inquiry.due_at,
    )
