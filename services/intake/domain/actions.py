"""What may be done next with a request in its present state (ruling J23). Who may do it is in policy.toml."""

from __future__ import annotations

from dataclasses import dataclass

from services.intake.domain import attachment_commands as a
from services.intake.domain import case_commands as ca
from services.intake.domain import commands as c
from services.intake.domain import complaint_commands as cc
from services.intake.domain.changes import may_confirm, may_give_up, may_reopen
from services.intake.domain.complaint import STEPS
from services.intake.domain.join import may_join
from services.intake.domain.request import Request
from shared.kernel.unit import Command


@dataclass(frozen=True, slots=True)
class Action:
    """The command, the last part of its path, and the name of its body's schema."""

    command: type[Command]
    path: str
    body: str


TAKE = Action(c.TakeRequest, "take", "TakeBody")
AMEND = Action(c.AmendRequest, "amend", "AmendBody")
RAISE = Action(c.RaiseUrgency, "raise-urgency", "RaiseBody")
LOWER = Action(c.LowerUrgency, "lower-urgency", "LowerBody")
CANCEL = Action(c.CancelRequest, "cancel", "CancelBody")
ASK_TIME = Action(c.AskTime, "ask-time", "AskTimeBody")
PROMISE = Action(c.PromiseTime, "promise", "PromiseBody")
PROMISE_CUSTOMER = Action(c.PromiseCustomerTime, "promise", "PromiseBody")
CONFIRM = Action(c.ConfirmSatisfaction, "confirm", "ConfirmBody")
REOPEN = Action(c.ReopenRequest, "reopen", "ReopenBody")
# A complaint's own steps, in the state that allows them (`domain/complaint.py`: STEPS).
COMPLAINT: dict[str, Action] = {
    "confirm": Action(cc.ConfirmComplaint, "complaint/confirm", "ConfirmComplaintBody"),
    "report": Action(cc.ReportComplaint, "complaint/report", "ReportComplaintBody"),
    "assign": Action(cc.AssignComplaint, "complaint/assign", "AssignComplaintBody"),
    "grade": Action(cc.GradeComplaint, "complaint/grade", "GradeComplaintBody"),
    "investigate": Action(cc.InvestigateComplaint, "complaint/investigate", "InvestigateComplaintBody"),
    "judge": Action(cc.JudgeComplaint, "complaint/judge", "JudgeComplaintBody"),
    "answer": Action(cc.AnswerComplaint, "complaint/answer", "AnswerComplaintBody"),
    "press": Action(cc.PressComplaint, "complaint/press", "PressComplaintBody"),
    "ask-department": Action(cc.AskDepartment, "complaint/ask-department", "AskDepartmentBody"),
    "handle": Action(cc.HandleComplaint, "complaint/handle", "HandleComplaintBody"),
    "verify": Action(cc.VerifyComplaint, "complaint/verify", "VerifyComplaintBody"),
    "explain": Action(cc.ExplainComplaint, "complaint/explain", "ExplainComplaintBody"),
}
INQUIRY = (
    Action(ca.AnswerInquiry, "inquiry/answer", "AnswerInquiryBody"),
    Action(ca.DeferInquiry, "inquiry/defer", "DeferInquiryBody"),
)
RELAY = (
    Action(ca.AcknowledgeMessage, "message/acknowledge", "AcknowledgeBody"),
    Action(ca.RedirectMessage, "message/redirect", "RedirectBody"),
)
JOIN = Action(ca.JoinRequest, "join", "JoinBody")
DIFFICULT = Action(cc.ReportDifficult, "report-difficult", "ReportDifficultBody")
SUPERIOR_CALLED = Action(cc.RecordSuperiorCall, "superior-call", "SuperiorCalledBody")
CHASE = Action(cc.ChaseDifficult, "chase-difficult", "ChaseBody")
UNREACHED = Action(c.CloseUnreached, "close-unreached", "UnreachedBody")
ATTACH = Action(a.AddAttachment, "attachments", "AttachBody")
ATTACH_SENSITIVE = Action(a.AddSensitiveAttachment, "attachments", "AttachBody")


def possible_actions(request: Request) -> list[Action]:
    """The actions that the state allows, whoever asks."""
    found = [AMEND]
    if request.open and request.joined_to:
        return [*found, CANCEL]
    if request.open:
        if may_join(request):
            found.append(JOIN)
        if not request.first_contact_id:
            found.append(TAKE)
        if request.urgency != "emergency":
            found.append(RAISE)
        if request.urgency != "general":
            found.append(LOWER)
        if request.notice_received_at is None and request.stage not in {"DONE", "TO_CONFIRM"}:
            found.append(CANCEL)
        if request.works and request.stage not in {"DONE", "TO_CONFIRM", "CANCEL_ASKED"}:
            found.append(ASK_TIME)
        if _may_promise(request):
            found += [PROMISE, PROMISE_CUSTOMER]
        if may_confirm(request):
            found.append(CONFIRM)
        if may_give_up(request):
            found.append(UNREACHED)
        found += [SUPERIOR_CALLED, CHASE] if request.difficult else [DIFFICULT]
        if request.process == "inquiry":
            found += INQUIRY if request.case_state == "ASKED" else INQUIRY[:1]
        if request.process == "relay":
            found += RELAY
        if request.process == "complaint":
            found += [COMPLAINT[step] for step, states in STEPS.items() if request.case_state in states]
    if may_reopen(request):
        found.append(REOPEN)
    return [*found, ATTACH, ATTACH_SENSITIVE]


def _may_promise(request: Request) -> bool:
    work = request.work
    arranged = work is not None and work.arranged_at is not None and work.completed_at is None
    return arranged and request.notice_received_at is None
