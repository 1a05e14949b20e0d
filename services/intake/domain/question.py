"""A question the office cannot solve goes to the department in charge, which answers within days (P038)."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from services.intake.domain.complaint import Complaint, Question, about
from services.intake.domain.complaint_bodies import AskDepartmentBody
from shared.catalogue.desk_rules import IssueRules
from shared.deadlines import add_calendar_days
from shared.errors import Conflict, Invalid, Rejected, demand
from shared.texts.say import say, word


def question_open(complaint: Complaint) -> Conflict | None:
    """One question at a time."""
    if complaint.question is None:
        return None
    return Conflict(
        "question-open",
        say(
            "{department} has not answered the last question yet.",
            department=word(complaint.question.department),
        ),
        accepted="answer-department first",
    )


def no_question(complaint: Complaint) -> Conflict | None:
    """Only what was asked is answered."""
    if complaint.question is not None:
        return None
    return Conflict("no-question", "No department has been asked.", accepted="ask-department first")


def not_to_answer(complaint: Complaint, by: str) -> Rejected | None:
    """Why this person does not answer for the department now."""
    return about(complaint, by) or no_question(complaint)


def asked(
    complaint: Complaint,
    body: AskDepartmentBody,
    question_id: str,
    rules: IssueRules,
    now: datetime,
    zone: str,
) -> Complaint:
    """A question is out. Raises Conflict while another one is; Invalid without the report its severity
    needs.
    """
    demand(question_open(complaint))
    if body.severity in rules.written_severities and not body.written_report:
        raise Invalid(
            "missing-report",
            "A complicated or serious problem is reported in writing (P038).",
            field="written_report",
            accepted="the text of the report",
        )
    due_at = add_calendar_days(now, rules.department_within_days, zone)
    question = Question(question_id, body.department, body.severity, due_at)
    told = tuple(kind for kind in complaint.told if kind != "department_late")
    return replace(complaint, question=question, questions=complaint.questions + 1, told=told)


def answered(complaint: Complaint, now: datetime) -> tuple[Complaint, Question, bool]:
    """The department answered: the complaint, the question, and whether it was late."""
    demand(no_question(complaint))
    question = complaint.question
    assert question is not None
    late = now > question.due_at
    return replace(complaint, question=None, questions_late=complaint.questions_late + late), question, late
