"""What intake answers about complaints, inquiries, messages and days: read anew by whoever may, never
stored.
"""

from __future__ import annotations

from datetime import datetime

from services.intake.answers import Answer
from services.intake.domain.answer_book import StandardAnswer
from services.intake.domain.complaint_report import Rate, Week, WeekReport
from services.intake.domain.relay import Relay
from services.intake.domain.request import Request
from shared.http.actions import AllowedAction


class QuestionAnswer(Answer):
    """A question a department has not answered yet (P038)."""

    id: str
    department: str
    severity: str
    due_at: datetime


class ComplaintAnswer(Answer):
    """A complaint with its clocks and what came late; the steps of its state stand with the request, here
    only those that depend on more: a department's answer, a second signature.
    """

    id: str
    version: int
    state: str
    procedure: str
    category: str
    round: int
    received_at: datetime
    about_staff_ids: list[str]
    about_department: str
    restated: str
    confirmed_at: datetime | None
    report_due_at: datetime | None
    reported_at: datetime | None
    reported_to: str
    report_late: bool
    responsible_id: str
    department: str
    assigned_at: datetime | None
    grade: str
    findings: str
    investigated_at: datetime | None
    validity: str
    explanation: str
    judged_at: datetime | None
    answer_due_at: datetime | None
    answered_at: datetime | None
    answers: int
    answers_late: int
    press_from: datetime | None
    presses: int
    question: QuestionAnswer | None
    questions: int
    questions_late: int
    result: str
    handled_at: datetime | None
    verified_at: datetime | None
    verified_by: str
    second_id: str
    proven: bool
    outcome: str
    closed_at: datetime | None
    allowed_actions: list[AllowedAction] = []


class DifficultyAnswer(Answer):
    """A difficult case: who calls the owner himself, by when, and how often it was chased."""

    id: str
    version: int
    number: int
    difficulty: str
    reported_by: str
    superior_id: str
    reported_at: datetime
    due_at: datetime
    called_at: datetime | None
    called_late: bool
    contact_id: str
    answer: str
    chases: int
    last_answer: str


class WordingAnswer(Answer):
    """A question and its answer in both languages."""

    question_zh: str
    question_en: str
    text_zh: str
    text_en: str
    keywords: list[str]
    drafted_by: str
    drafted_at: datetime


class AnswerItem(Answer):
    """A standard answer: what is given in version `number`, and the draft that waits for approval."""

    id: str
    version: int
    number: int
    current: WordingAnswer | None
    approved_by: str
    approved_at: datetime | None
    draft: WordingAnswer | None
    allowed_actions: list[AllowedAction] = []


class AnswerVersionItem(Answer):
    """An approved version as it was given."""

    id: str
    answer_id: str
    number: int
    wording: WordingAnswer
    approved_by: str
    approved_at: datetime


class InquiryDetail(Answer):
    """What an inquiry was answered, or until when it is deferred."""

    id: str
    version: int
    state: str
    asked_at: datetime
    deferred_at: datetime | None
    due_at: datetime | None
    answer_id: str
    answer_number: int
    text: str
    superior_id: str
    answered_by: str
    answered_at: datetime | None
    late: bool


class MessageItem(Answer):
    """A message that waits for a colleague: who called, and what he said."""

    request_id: str
    reference: str
    taken_at: datetime | None
    caller_name: str
    caller_phone: str
    text: str
    first_contact_id: str

    @classmethod
    def of(cls, relay: Relay, request: Request) -> MessageItem:
        """The message with what stands in its request."""
        return cls(
            request_id=request.id,
            reference=request.reference,
            taken_at=relay.taken_at,
            caller_name=request.caller.name,
            caller_phone=request.caller.phone,
            text=request.description,
            first_contact_id=request.first_contact_id,
        )


class SheetAnswer(Answer):
    """The records of one kind on a day; `signed_counted` is how many there were when they were signed."""

    kind: str
    counted: int
    signed_counted: int | None
    signed_by: str
    signed_at: datetime | None
    remark: str
    allowed_actions: list[AllowedAction]


class DayAnswer(Answer):
    """A day's records; `unsettled_visits`: requests of visits that are still open."""

    day: str
    version: int
    unsettled_visits: int
    sheets: list[SheetAnswer]


class RateAnswer(Answer):
    """A share with what it is of (ruling J28); `permille` is null where there is nothing to divide by."""

    numerator: int
    denominator: int
    permille: int | None


class ComplaintReport(Answer):
    """The weekly figures of complaints (P036)."""

    week: str
    begins: datetime
    ends: datetime
    received: int
    undecided: int
    valid: int
    invalid: int
    by_category: dict[str, int]
    by_grade: dict[str, int]
    by_department: dict[str, int]
    reports_late: RateAnswer
    answers_late: RateAnswer
    pressed: int
    further_rounds: int
    closed: int
    by_outcome: dict[str, int]
    valid_of_received: RateAnswer
    satisfied_of_closed: RateAnswer
    verified_of_closed: RateAnswer
    valid_per_household: RateAnswer
    valid_per_household_year: RateAnswer
    ceiling_permille: int
    over_ceiling: bool

    @classmethod
    def of(cls, week: Week, report: WeekReport) -> ComplaintReport:
        """The report of that week."""
        figures = {name: getattr(report, name) for name in cls.model_fields if hasattr(report, name)}
        rates = {n: RateAnswer.model_validate(v) for n, v in figures.items() if isinstance(v, Rate)}
        return cls(week=week.name, begins=week.begins, ends=week.ends, **(figures | rates))


def answer_item(row: StandardAnswer, actions: list[AllowedAction]) -> AnswerItem:
    """A standard answer with what the caller may do about it."""
    return AnswerItem.model_validate(row).model_copy(update={"allowed_actions": actions})
