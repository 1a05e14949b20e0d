"""What callers send about complaints and difficult issues. Shapes and sizes only."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from services.intake.domain.bodies import Body, Id, Long, MaybeId, Reason, Text
from shared.events.intake_complaints import Grade, Severity, Validity

Words = Annotated[Long, Field(min_length=1)]


class ConfirmComplaintBody(Body):
    """The complaint in our words, once more, and who at the owner's said that it is right (P034)."""

    restated: Words
    confirmed_by: Literal["owner", "family", "nanny"]
    about_staff_ids: Annotated[tuple[Id, ...], Field(max_length=10)] = ()
    about_department: Text = ""


class ReportComplaintBody(Body):
    """To whom, supervisor or above, it was reported (the same day)."""

    reported_to: Id


class AssignComplaintBody(Body):
    """Who answers for it: a supervisor or head, never the person complained about."""

    responsible_id: Id


class GradeComplaintBody(Body):
    """General, important or major."""

    grade: Grade
    reason: Reason


class InvestigateComplaintBody(Body):
    """What was found."""

    findings: Words


class JudgeComplaintBody(Body):
    """Valid or not, and why."""

    validity: Validity
    explanation: Words


class AnswerComplaintBody(Body):
    """What the owner was told: in a recorded contact, or by letter. `interim`: the result is still to
    come.
    """

    interim: bool
    text: Words
    contact_id: MaybeId = ""
    by_letter: bool = False
    on_behalf_reason: Text = ""


class PressComplaintBody(Body):
    """Why those who lead are pressed."""

    reason: Reason


class AskDepartmentBody(Body):
    """The problem the office cannot solve. `written_report`: the report, where the severity needs one
    (P038).
    """

    department: Annotated[Text, Field(min_length=1)]
    severity: Severity
    problem: Words
    written_report: Long = ""


class AnswerDepartmentBody(Body):
    """What the department answered (P038)."""

    answer: Words


class HandleComplaintBody(Body):
    """What was done."""

    result: Words


class VerifyComplaintBody(Body):
    """How the owner was asked, and what he says.

    A visit bears his mark, a telephone callback names its contact and waits for the signature of a second
    person (R18), a letter needs neither.
    """

    outcome: Literal["SATISFIED", "CONTINUE"]
    how: Literal["visit", "phone", "letter"]
    owner_mark: Text = ""
    contact_id: MaybeId = ""
    note: Long = ""
    on_behalf_reason: Text = ""


class ExplainComplaintBody(Body):
    """A complaint found invalid: how the situation was explained to the owner, and whether he insists."""

    outcome: Literal["ANSWERED", "CONTINUE"]
    contact_id: MaybeId = ""
    by_letter: bool = False
    note: Long = ""
    on_behalf_reason: Text = ""


class CountersignBody(Body):
    """The second person of a telephone callback signs (R18)."""

    note: Text = ""


class ReportDifficultBody(Body):
    """Why it is difficult, and the supervisor or above who calls the owner himself (P037)."""

    difficulty: Words
    superior_id: Id


class SuperiorCalledBody(Body):
    """The call of the superior himself, as a recorded contact, and what he answered the owner (P037)."""

    contact_id: Id
    answer: Words


class ChaseBody(Body):
    """What the leader answered when the first contact asked again (P037)."""

    answer: Words
    on_behalf_reason: Text = ""
