"""The commands on inquiries, relayed messages, approved answers, and the signing of days; one policy line
each.
"""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from services.intake.domain import answer_book, inquiry, relay
from services.intake.domain.day import SignDayBody
from services.intake.domain.join import JoinBody
from shared.events.intake_cases import RecordKind
from shared.events.intake_complaints import AlarmKind
from shared.kernel.unit import Command


class AnswerInquiry(Command):
    """The owner got his answer."""

    NAME: ClassVar[str] = "intake.answer_inquiry"
    request_id: str
    body: inquiry.AnswerInquiryBody


class DeferInquiry(Command):
    """The answer comes later, and the owner was told until when."""

    NAME: ClassVar[str] = "intake.defer_inquiry"
    request_id: str
    body: inquiry.DeferInquiryBody


class AcknowledgeMessage(Command):
    """The colleague has read the message left for him."""

    NAME: ClassVar[str] = "intake.acknowledge_message"
    request_id: str
    body: relay.AcknowledgeBody


class RedirectMessage(Command):
    """Another colleague is to be told."""

    NAME: ClassVar[str] = "intake.redirect_message"
    request_id: str
    body: relay.RedirectBody


class WatchCase(Command):
    """Timer: an inquiry, a message or a visit waits longer than it may."""

    NAME: ClassVar[str] = "intake.watch_case"
    request_id: str
    kind: AlarmKind


class DraftAnswer(Command):
    """An answer is drafted."""

    NAME: ClassVar[str] = "intake.draft_answer"
    answer_id: str
    body: answer_book.AnswerBody


class ApproveAnswer(Command):
    """Another person approves the draft."""

    NAME: ClassVar[str] = "intake.approve_answer"
    answer_id: str
    body: answer_book.ApproveBody


class RetireAnswer(Command):
    """An answer is given no more."""

    NAME: ClassVar[str] = "intake.retire_answer"
    answer_id: str
    body: answer_book.ApproveBody


class JoinRequest(Command):
    """It is the same matter as another request."""

    NAME: ClassVar[str] = "intake.join_request"
    request_id: str
    body: JoinBody


class WatchJoined(Command):
    """Timer: a look at the request another one is joined to."""

    NAME: ClassVar[str] = "intake.watch_joined"
    request_id: str


class SignDay(Command):
    """A supervisor or above signs a day's records of one kind; `counted` is what he was shown."""

    NAME: ClassVar[str] = "intake.sign_day"
    day: str
    kind: RecordKind
    counted: int
    body: SignDayBody


class WatchWeek(Command):
    """Timer: a week is over, its complaints are counted (P036)."""

    NAME: ClassVar[str] = "intake.watch_week"
    week: str
    since: datetime
    until: datetime


class StartWeeks(Command):
    """The weekly telling of a property that has none yet begins."""

    NAME: ClassVar[str] = "intake.start_weeks"


class StartDays(Command):
    """The daily look of a property that has none yet begins."""

    NAME: ClassVar[str] = "intake.start_days"


class WatchDay(Command):
    """Timer: the records of a day should be signed by now."""

    NAME: ClassVar[str] = "intake.watch_day"
    day: str
