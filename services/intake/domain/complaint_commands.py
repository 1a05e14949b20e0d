"""The commands on complaints and difficult issues; policy.toml has one line for each `NAME`."""

from __future__ import annotations

from typing import ClassVar

from services.intake.domain import complaint_bodies as b
from shared.events.intake_complaints import AlarmKind
from shared.kernel.unit import Command


class ConfirmComplaint(Command):
    """Restated, and confirmed by the owner."""

    NAME: ClassVar[str] = "intake.confirm_complaint"
    request_id: str
    body: b.ConfirmComplaintBody


class ReportComplaint(Command):
    """Reported to a supervisor or above."""

    NAME: ClassVar[str] = "intake.report_complaint"
    request_id: str
    body: b.ReportComplaintBody


class AssignComplaint(Command):
    """Given to a responsible supervisor or head."""

    NAME: ClassVar[str] = "intake.assign_complaint"
    request_id: str
    body: b.AssignComplaintBody


class GradeComplaint(Command):
    """General, important or major."""

    NAME: ClassVar[str] = "intake.grade_complaint"
    request_id: str
    body: b.GradeComplaintBody


class InvestigateComplaint(Command):
    """Looked into."""

    NAME: ClassVar[str] = "intake.investigate_complaint"
    request_id: str
    body: b.InvestigateComplaintBody


class JudgeComplaint(Command):
    """Found valid or not."""

    NAME: ClassVar[str] = "intake.judge_complaint"
    request_id: str
    body: b.JudgeComplaintBody


class AnswerComplaint(Command):
    """The owner was given an answer."""

    NAME: ClassVar[str] = "intake.answer_complaint"
    request_id: str
    body: b.AnswerComplaintBody


class PressComplaint(Command):
    """Those who lead are pressed."""

    NAME: ClassVar[str] = "intake.press_complaint"
    request_id: str
    body: b.PressComplaintBody


class AskDepartment(Command):
    """A question to the department in charge."""

    NAME: ClassVar[str] = "intake.ask_department"
    request_id: str
    body: b.AskDepartmentBody


class AnswerDepartment(Command):
    """The department's answer."""

    NAME: ClassVar[str] = "intake.answer_department"
    request_id: str
    body: b.AnswerDepartmentBody


class HandleComplaint(Command):
    """What was to be done is done."""

    NAME: ClassVar[str] = "intake.handle_complaint"
    request_id: str
    body: b.HandleComplaintBody


class VerifyComplaint(Command):
    """The owner was asked."""

    NAME: ClassVar[str] = "intake.verify_complaint"
    request_id: str
    body: b.VerifyComplaintBody


class ExplainComplaint(Command):
    """An invalid complaint was explained to the owner."""

    NAME: ClassVar[str] = "intake.explain_complaint"
    request_id: str
    body: b.ExplainComplaintBody


class CountersignCallback(Command):
    """The second person signs the telephone callback of a complaint."""

    NAME: ClassVar[str] = "intake.countersign_callback"
    request_id: str
    body: b.CountersignBody


class WatchComplaint(Command):
    """Timer: something about a complaint should have happened by now."""

    NAME: ClassVar[str] = "intake.watch_complaint"
    request_id: str
    kind: AlarmKind
    round: int = 1
    question_id: str = ""


class ReportDifficult(Command):
    """A case is difficult."""

    NAME: ClassVar[str] = "intake.report_difficult"
    request_id: str
    body: b.ReportDifficultBody


class RecordSuperiorCall(Command):
    """The superior called the owner himself."""

    NAME: ClassVar[str] = "intake.record_superior_call"
    request_id: str
    body: b.SuperiorCalledBody


class ChaseDifficult(Command):
    """The first contact chased the leader's answer."""

    NAME: ClassVar[str] = "intake.chase_difficult"
    request_id: str
    body: b.ChaseBody


class WatchDifficult(Command):
    """Timer: the superior should have called by now."""

    NAME: ClassVar[str] = "intake.watch_difficult"
    request_id: str
    number: int
