"""Events of intake about complaints and difficult issues (P034 to P038); what was said stands in the
sealed part.
"""

from __future__ import annotations

from typing import Literal

from shared.events.envelope import Event, Moment, Personal

Grade = Literal["GENERAL", "IMPORTANT", "MAJOR"]
Validity = Literal["VALID", "INVALID"]
Severity = Literal["general", "complicated", "serious"]
AlarmKind = Literal[
    "major",
    "report_late",
    "answer_late",
    "press_due",
    "department_late",
    "superior_late",
    "visit_unsettled",
    "inquiry_late",
    "message_waits",
]


class Said(Personal):
    """What was said, found or explained, in the words it was written down."""

    text: str = ""


class ComplaintConfirmed(Event):
    """The complaint was restated and the owner, or somebody of his home, confirmed it."""

    TYPE = "intake.complaint.confirmed.v1"
    request_id: str
    confirmed_by: str
    about_staff_ids: tuple[str, ...] = ()
    about_department: str = ""
    confirmed_at: Moment
    personal: Said | None = None


class ComplaintReported(Event):
    """It was reported to a supervisor or above; `late` if not on the day it came."""

    TYPE = "intake.complaint.reported.v1"
    request_id: str
    reported_to: str
    late: bool = False
    reported_at: Moment


class ComplaintAssigned(Event):
    """Somebody answers for it, who is not the person complained about."""

    TYPE = "intake.complaint.assigned.v1"
    request_id: str
    responsible_id: str
    department: str
    round: int
    assigned_at: Moment


class ComplaintGraded(Event):
    """General: the responsible supervisor, at once. Important: in writing to the director. Major: to the
    property manager at once (on an urgent stream of its own).
    """

    TYPE = "intake.complaint.graded.v1"
    request_id: str
    grade: Grade
    was: str = ""
    responsible_id: str = ""
    graded_at: Moment


class ComplaintInvestigated(Event):
    """What happened was looked into."""

    TYPE = "intake.complaint.investigated.v1"
    request_id: str
    investigated_by: str
    round: int
    investigated_at: Moment
    personal: Said | None = None


class ComplaintJudged(Event):
    """It was found valid or not, with the explanation."""

    TYPE = "intake.complaint.judged.v1"
    request_id: str
    validity: Validity
    judged_by: str
    judged_at: Moment
    personal: Said | None = None


class ComplaintAnswered(Event):
    """The owner got an answer; an interim one counts for the 24 hours."""

    TYPE = "intake.complaint.answered.v1"
    request_id: str
    interim: bool
    late: bool = False
    answered_at: Moment
    personal: Said | None = None


class ComplaintPressed(Event):
    """The desk, or headquarters, presses those who lead."""

    TYPE = "intake.complaint.pressed.v1"
    request_id: str
    count: int
    responsible_id: str = ""
    pressed_by: str
    pressed_at: Moment


class DepartmentAsked(Event):
    """The office cannot solve it and asks the department in charge (P038)."""

    TYPE = "intake.complaint.department_asked.v1"
    request_id: str
    question_id: str
    department: str
    severity: Severity
    due_at: Moment
    asked_at: Moment
    personal: Said | None = None


class DepartmentAnswered(Event):
    """The department answered (P038)."""

    TYPE = "intake.complaint.department_answered.v1"
    request_id: str
    question_id: str
    department: str
    late: bool = False
    answered_at: Moment
    personal: Said | None = None


class ComplaintHandled(Event):
    """What was to be done is done; the owner is asked next."""

    TYPE = "intake.complaint.handled.v1"
    request_id: str
    responsible_id: str
    round: int
    handled_at: Moment
    personal: Said | None = None


class ComplaintVerified(Event):
    """The owner was asked: satisfied, or it goes on in a new round."""

    TYPE = "intake.complaint.verified.v1"
    request_id: str
    outcome: Literal["SATISFIED", "CONTINUE"]
    how: str
    proven: bool = True
    round: int
    responsible_id: str = ""
    verified_at: Moment
    personal: Said | None = None


class ComplaintCountersigned(Event):
    """A second person signed for the telephone callback: it counts as proven from now on (R18)."""

    TYPE = "intake.complaint.countersigned.v1"
    request_id: str
    round: int
    signers: tuple[str, ...]
    countersigned_at: Moment


class DifficultIssueReported(Event):
    """A case is difficult: a superior calls the owner himself by then (P037)."""

    TYPE = "intake.difficulty.reported.v1"
    request_id: str
    responsible_id: str
    due_at: Moment
    reported_at: Moment
    personal: Said | None = None


class SuperiorCalled(Event):
    """The superior called the owner in person (P037)."""

    TYPE = "intake.difficulty.superior_called.v1"
    request_id: str
    called_by: str
    late: bool = False
    called_at: Moment
    personal: Said | None = None


class DifficultIssueChased(Event):
    """The first contact chased it and wrote down the leader's answer (P037)."""

    TYPE = "intake.difficulty.chased.v1"
    request_id: str
    count: int
    chased_by: str
    chased_at: Moment
    personal: Said | None = None


class CaseAlarm(Event):
    """Somebody has to know at once: the urgent stream `escalation:<request_id>`, complete in itself."""

    TYPE = "intake.case.alarmed.v1"
    request_id: str
    kind: AlarmKind
    procedure: str
    reference: str
    place: str = ""
    first_contact_id: str = ""
    responsible_id: str = ""
    due_at: Moment
    raised_at: Moment
