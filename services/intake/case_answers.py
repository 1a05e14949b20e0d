"""What intake answers about complaints and difficult issues: read anew by whoever may, never stored."""

from __future__ import annotations

from datetime import datetime

from services.intake.answers import Answer


class QuestionAnswer(Answer):
    """A question a department has not answered yet (P038)."""

    id: str
    department: str
    severity: str
    due_at: datetime


class ComplaintAnswer(Answer):
    """A complaint with its clocks and what came late."""

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
