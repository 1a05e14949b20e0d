"""What may be done next with a request, by its state and by this person (ruling J23).

Each refusal is the function the command itself asks; here it only stands beside its action. Who may
do what by his role is in policy.toml.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from services.intake.domain import attachment_commands as a
from services.intake.domain import case_commands as ca
from services.intake.domain import commands as c
from services.intake.domain import complaint_commands as cc
from services.intake.domain.affected import WarnAffected, not_to_warn
from services.intake.domain.colleague import own_work
from services.intake.domain.complaint import Complaint, about
from services.intake.domain.complaint_steps import not_to_step
from services.intake.domain.difficulty import not_to_call, not_to_chase, not_to_report
from services.intake.domain.inquiry import not_to_defer
from services.intake.domain.refusals import (
    no_room,
    not_to_ask_time,
    not_to_cancel,
    not_to_confirm,
    not_to_give_up,
    not_to_join,
    not_to_lower,
    not_to_promise,
    not_to_raise,
    not_to_reopen,
    not_to_take,
)
from services.intake.domain.relay import Relay, not_for_you
from services.intake.domain.request import Request
from services.intake.domain.special import HoldTalk, no_talk_due
from shared.errors import Forbidden, Rejected
from shared.events.intake import Urgency
from shared.kernel.unit import Command
from shared.policy import Policy


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
WARN = Action(WarnAffected, "warn-affected", "WarnBody")
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
ANSWER = Action(ca.AnswerInquiry, "inquiry/answer", "AnswerInquiryBody")
DEFER = Action(ca.DeferInquiry, "inquiry/defer", "DeferInquiryBody")
ACKNOWLEDGE = Action(ca.AcknowledgeMessage, "message/acknowledge", "AcknowledgeBody")
REDIRECT = Action(ca.RedirectMessage, "message/redirect", "RedirectBody")
JOIN = Action(ca.JoinRequest, "join", "JoinBody")
DIFFICULT = Action(cc.ReportDifficult, "report-difficult", "ReportDifficultBody")
SUPERIOR_CALLED = Action(cc.RecordSuperiorCall, "superior-call", "SuperiorCalledBody")
CHASE = Action(cc.ChaseDifficult, "chase-difficult", "ChaseBody")
TALK = Action(HoldTalk, "director-talk", "TalkBody")
UNREACHED = Action(c.CloseUnreached, "close-unreached", "UnreachedBody")
ATTACH = Action(a.AddAttachment, "attachments", "AttachBody")
ATTACH_SENSITIVE = Action(a.AddSensitiveAttachment, "attachments", "AttachBody")


OPEN_TO_ALL: tuple[type[Command], ...] = (c.RaiseUrgency, a.AddAttachment)
"""What also the person a complaint is about may do with it: he may call for help and add to the record."""


@dataclass(frozen=True, slots=True)
class House:
    """What the property's settings and the catalogue say about the steps."""

    attempts_min: int
    attachments_max: int
    promises: str
    superior_roles: tuple[str, ...] = ()  # who calls the owner of a difficult case himself (P037)


@dataclass(frozen=True, slots=True)
class Standing:
    """A request with what is known beside it, and who would act when. `floor`: what the lists say now."""

    request: Request
    by: str
    roles: frozenset[str]
    now: datetime
    policy: Policy
    house: House
    floor: Urgency = "general"
    complaint: Complaint | None = None
    superior: bool = False
    relay: Relay | None = None


Refusal = Callable[[Standing], Rejected | None]


def not_the_promiser(house: House, roles: Collection[str], policy: Policy) -> Forbidden | None:
    """Where the property leaves promises to supervisors, nobody else makes one (P012)."""
    if house.promises != "supervisor" or policy.may(roles, c.PromiseCustomerTime.NAME):
        return None
    return Forbidden("supervisor-promises", "In this property a supervisor promises times (P012).")


def not_to_decide(wanted: bool, roles: Collection[str], policy: Policy) -> Forbidden | None:
    """A time the customer demands, or objects to, is a supervisor's to decide (P012, P013)."""
    if not wanted or policy.may(roles, c.PromiseCustomerTime.NAME):
        return None
    return Forbidden(
        "supervisor-decides",
        "The customer wants another time; a supervisor decides it, then he is told (P012, P013).",
        field="promised_at",
        accepted="ask-time with the time he wants, then a supervisor's promise",
    )


def _not_to_promise(s: Standing) -> Rejected | None:
    wanted = not_to_decide(s.request.promise.wanted_at is not None, s.roles, s.policy)
    return not_the_promiser(s.house, s.roles, s.policy) or wanted or not_to_promise(s.request)


def _not_to_call(s: Standing) -> Rejected | None:
    return not_to_call(s.request, s.roles, s.house.superior_roles)


GENERAL: Sequence[tuple[Action, Refusal]] = (
    (AMEND, lambda s: None),
    (JOIN, lambda s: not_to_join(s.request)),
    (TAKE, lambda s: not_to_take(s.request)),
    (RAISE, lambda s: not_to_raise(s.request)),
    (LOWER, lambda s: not_to_lower(s.request, s.floor)),
    (WARN, lambda s: not_to_warn(s.request)),
    (CANCEL, lambda s: not_to_cancel(s.request)),
    (ASK_TIME, lambda s: not_to_ask_time(s.request)),
    (PROMISE, _not_to_promise),
    (PROMISE_CUSTOMER, lambda s: not_to_promise(s.request)),
    (CONFIRM, lambda s: own_work(s.request, s.by) or not_to_confirm(s.request)),
    (UNREACHED, lambda s: not_to_give_up(s.request, s.house.attempts_min)),
    (SUPERIOR_CALLED, _not_to_call),
    (CHASE, lambda s: not_to_chase(s.request)),
    (DIFFICULT, lambda s: not_to_report(s.request)),
    (REOPEN, lambda s: not_to_reopen(s.request)),
    (TALK, lambda s: no_talk_due(s.request)),
    (ATTACH, lambda s: no_room(s.request.attachments_added, s.house.attachments_max)),
    (ATTACH_SENSITIVE, lambda s: no_room(s.request.attachments_added, s.house.attachments_max)),
)


def possible_actions(standing: Standing) -> list[Action]:
    """The actions that would not be refused to this person: for his roles, himself, the state or the time."""
    role_allows = standing.policy.may
    himself = standing.complaint is not None and about(standing.complaint, standing.by) is not None
    if himself:
        return [
            action
            for action, refusal in GENERAL
            if issubclass(action.command, OPEN_TO_ALL)
            and role_allows(standing.roles, action.command.NAME)
            and refusal(standing) is None
        ]
    return [
        *(
            action
            for action, refusal in GENERAL
            if role_allows(standing.roles, action.command.NAME) and refusal(standing) is None
        ),
        *(action for action in _of_process(standing) if role_allows(standing.roles, action.command.NAME)),
    ]


def _of_process(s: Standing) -> Iterator[Action]:
    """The steps of a process that the desk takes to its end itself."""
    if not s.request.open:
        return
    if s.complaint is not None:
        for step, action in COMPLAINT.items():
            if not_to_step(s.complaint, step, s.by, s.now, superior=s.superior) is None:
                yield action
    elif s.request.process == "inquiry":
        yield ANSWER
        if not_to_defer(s.request.case_state) is None:
            yield DEFER
    elif s.relay is not None:
        if not_for_you(s.relay, s.by) is None:
            yield ACKNOWLEDGE
        yield REDIRECT
