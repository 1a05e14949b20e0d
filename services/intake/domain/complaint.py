"""A complaint (P034, P035): what is kept of it, and which step may follow which. Who may do it is in
policy.toml.

Received, confirmed by the owner, assigned, investigated, valid or invalid, handled, verified. Not
satisfied, it goes on in a new round with the same person responsible. Nobody it is about takes any step on
it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from shared.catalogue.desk_rules import ComplaintRules
from shared.deadlines import add_calendar_days, zone_of
from shared.errors import Conflict, Forbidden
from shared.events.intake import Outcome
from shared.events.intake_complaints import AlarmKind, Grade, Severity, Validity
from shared.texts.say import say, word

State = Literal["RECEIVED", "CONFIRMED", "ASSIGNED", "INVESTIGATED", "VALID", "INVALID", "HANDLED", "CLOSED"]
STEPS: dict[str, tuple[State, ...]] = {
    "confirm": ("RECEIVED",),
    "assign": ("CONFIRMED", "ASSIGNED", "INVESTIGATED", "VALID"),
    "grade": ("RECEIVED", "CONFIRMED", "ASSIGNED", "INVESTIGATED", "VALID"),
    "investigate": ("ASSIGNED",),
    "judge": ("INVESTIGATED",),
    "handle": ("VALID",),
    "verify": ("HANDLED",),
    "explain": ("INVALID",),
    "report": ("RECEIVED", "CONFIRMED", "ASSIGNED", "INVESTIGATED", "VALID", "INVALID", "HANDLED"),
    "answer": ("RECEIVED", "CONFIRMED", "ASSIGNED", "INVESTIGATED", "VALID", "INVALID", "HANDLED"),
    "press": ("RECEIVED", "CONFIRMED", "ASSIGNED", "INVESTIGATED", "VALID"),
    "ask-department": ("CONFIRMED", "ASSIGNED", "INVESTIGATED", "VALID"),
}
NEXT_STEP: dict[State, str] = {
    "RECEIVED": "restate it and have the owner confirm it",
    "CONFIRMED": "assign it to somebody responsible",
    "ASSIGNED": "investigate it",
    "INVESTIGATED": "say whether it is valid",
    "VALID": "handle it",
    "INVALID": "explain it to the owner",
    "HANDLED": "ask the owner whether he is satisfied",
    "CLOSED": "nothing: it has ended",
}


@dataclass(frozen=True, slots=True)
class Question:
    """A question to a department that is not answered yet (P038)."""

    id: str
    department: str
    severity: Severity
    due_at: datetime


@dataclass(frozen=True, slots=True)
class Complaint:
    """What a complaint is besides a request; `id` is the request's.

    Times of the present round: `answer_due_at`, `press_from`. `reports_late` and `answers_late` count what
    came late.
    """

    property_id: str
    id: str
    version: int = 0
    state: State = "RECEIVED"
    procedure: str = ""
    category: str = ""
    round: int = 1
    received_at: datetime | None = None
    about_staff_ids: tuple[str, ...] = ()
    about_department: str = ""
    restated: str = ""
    confirmed_at: datetime | None = None
    report_due_at: datetime | None = None
    reported_at: datetime | None = None
    reported_to: str = ""
    report_late: bool = False
    responsible_id: str = ""
    department: str = ""
    assigned_at: datetime | None = None
    grade: Grade | Literal[""] = ""
    findings: str = ""
    investigated_at: datetime | None = None
    validity: Validity | Literal[""] = ""
    explanation: str = ""
    judged_at: datetime | None = None
    answer_due_at: datetime | None = None
    answered_at: datetime | None = None
    answers: int = 0
    answers_late: int = 0
    press_from: datetime | None = None
    presses: int = 0
    question: Question | None = None
    questions: int = 0
    questions_late: int = 0
    result: str = ""
    handled_at: datetime | None = None
    verified_at: datetime | None = None
    verified_by: str = ""
    second_id: str = ""
    proven: bool = False
    outcome: Outcome | Literal[""] = ""
    closed_at: datetime | None = None
    told: tuple[AlarmKind, ...] = ()  # what somebody was told to be late, of this round and question

    @property
    def open(self) -> bool:
        """Whether it has not ended."""
        return self.state != "CLOSED"


def received(
    property_id: str,
    request_id: str,
    procedure: str,
    category: str,
    at: datetime,
    zone: str,
    rules: ComplaintRules,
    about: Sequence[str],
    about_department: str,
) -> Complaint:
    """The complaint with its clocks: they run from receipt (domain §8.3.12)."""
    return Complaint(
        property_id,
        request_id,
        procedure=procedure,
        category=category,
        received_at=at,
        about_staff_ids=tuple(one for one in about if one),
        about_department=about_department,
        report_due_at=end_of_day(at, zone),
        answer_due_at=at + timedelta(hours=rules.answer_within_hours),
        press_from=at + timedelta(hours=rules.press_after_hours),
    )


def end_of_day(at: datetime, zone: str) -> datetime:
    """When the local day of that moment is over."""
    local = at.astimezone(zone_of(zone))
    return add_calendar_days(local.replace(hour=0, minute=0, second=0, microsecond=0), 1, zone)


def about(complaint: Complaint, by: str) -> Forbidden | None:
    """Nobody takes part in a complaint about himself."""
    if by not in complaint.about_staff_ids:
        return None
    return Forbidden("complained-about", "This complaint is about you; somebody else has to do this.")


def out_of_order(complaint: Complaint, step: str) -> Conflict | None:
    """A step in its order; else what comes next."""
    if complaint.state in STEPS[step]:
        return None
    return Conflict(
        "complaint-step",
        say("This complaint is {state}; that step is not possible now.", state=word(complaint.state)),
        accepted=NEXT_STEP[complaint.state],
    )
