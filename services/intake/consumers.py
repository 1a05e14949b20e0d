"""The message flow of intake as data: which command and which event goes to which handler."""

from __future__ import annotations

from collections.abc import Mapping

from services.intake.domain import attachment_commands as a
from services.intake.domain import case_commands as ca
from services.intake.domain import commands as c
from services.intake.domain import complaint_commands as cc
from services.intake.domain import guide_commands as g
from services.intake.domain.affected import WarnAffected
from services.intake.domain.special import HoldTalk, WatchTalk
from services.intake.domain.timeline import LINES
from services.intake.domain.times import Limits
from services.intake.handlers.accepting import Accepting
from services.intake.handlers.alerting import Alerting
from services.intake.handlers.attaching import Attaching
from services.intake.handlers.changing import Changing
from services.intake.handlers.complaining import Complaining
from services.intake.handlers.concluding import Concluding
from services.intake.handlers.difficult import Difficult
from services.intake.handlers.directory import Directory
from services.intake.handlers.following import Following
from services.intake.handlers.guiding import Guiding
from services.intake.handlers.inquiring import Inquiring
from services.intake.handlers.joining import Joining
from services.intake.handlers.signing import Signing
from services.intake.handlers.silence import Silence
from services.intake.handlers.special import Special
from services.intake.handlers.watching import Watching
from shared.catalogue.load import Catalogue
from shared.events.dispatch import StaffRecorded
from shared.events.dispatch_roster import MessageHandedOver
from shared.events.envelope import Event
from shared.kernel.unit import Command, Handler
from shared.policy import Policy

READS = ("dispatch", "billing", "notify")


def commands(catalogue: Catalogue, policy: Policy, limits: Limits) -> Mapping[type[Command], Handler]:
    """The command handlers with what they need."""
    directory = Directory(catalogue, policy, limits)
    accepting = Accepting(catalogue, policy, limits)
    changing = Changing(catalogue, policy, limits)
    attaching = Attaching(catalogue, policy, limits)
    watching = Watching(catalogue, policy, limits)
    silence = Silence(catalogue, policy, limits)
    special = Special(catalogue, policy, limits)
    alerting = Alerting(catalogue, policy, limits)
    guiding = Guiding(catalogue, policy, limits)
    return {
        **desk_commands(catalogue, policy, limits),
        c.ConfigureProperty: directory.configure_property,
        c.RecordUnits: directory.record_units,
        c.RecordPeople: directory.record_people,
        c.RecordContact: directory.record_contact,
        c.AcceptRequest: accepting.accept_request,
        c.ImportRequest: accepting.import_request,
        c.AmendRequest: changing.amend_request,
        c.RaiseUrgency: changing.raise_urgency,
        c.LowerUrgency: changing.lower_urgency,
        c.CancelRequest: changing.cancel_request,
        c.AskTime: changing.ask_time,
        c.PromiseTime: changing.promise_time,
        c.PromiseCustomerTime: changing.promise_customer_time,
        c.ConfirmSatisfaction: changing.confirm_satisfaction,
        c.ReopenRequest: changing.reopen_request,
        c.CloseUnreached: changing.close_unreached,
        c.TakeRequest: changing.take_request,
        c.WatchFirstContact: watching.watch_first_contact,
        c.WatchPromise: watching.watch_promise,
        a.AddAttachment: attaching.add_attachment,
        a.AddSensitiveAttachment: attaching.add_attachment,
        a.LinkAttachment: attaching.link_attachment,
        a.LinkPhoto: attaching.link_attachment,
        a.LinkSensitiveAttachment: attaching.link_attachment,
        a.RemoveAttachment: attaching.remove_attachment,
        a.EraseAttachment: attaching.erase_attachment,
        c.RaiseWatch: silence.raise_watch,
        c.RaiseSlips: silence.raise_slips,
        HoldTalk: special.hold_talk,
        WatchTalk: special.watch_talk,
        WarnAffected: alerting.warn_affected,
        g.SetGuide: guiding.set_guide,
        g.CompileGuide: guiding.compile_guide,
        g.DistributeGuide: guiding.distribute_guide,
        g.TellGuide: guiding.tell_guide,
    }


def desk_commands(catalogue: Catalogue, policy: Policy, limits: Limits) -> Mapping[type[Command], Handler]:
    """What the desk takes to its end itself: complaints, inquiries, messages; and what is signed."""
    complaining = Complaining(catalogue, policy, limits)
    concluding = Concluding(catalogue, policy, limits)
    difficult = Difficult(catalogue, policy, limits)
    inquiring = Inquiring(catalogue, policy, limits)
    signing = Signing(catalogue, policy, limits)
    joining = Joining(catalogue, policy, limits)
    return {
        cc.ConfirmComplaint: complaining.confirm,
        cc.ReportComplaint: complaining.report,
        cc.AssignComplaint: complaining.assign,
        cc.GradeComplaint: complaining.grade,
        cc.InvestigateComplaint: complaining.investigate,
        cc.JudgeComplaint: complaining.judge,
        cc.AnswerComplaint: complaining.answer,
        cc.PressComplaint: complaining.press,
        cc.HandleComplaint: complaining.handle,
        cc.AskDepartment: concluding.ask_department,
        cc.AnswerDepartment: concluding.answer_department,
        cc.VerifyComplaint: concluding.verify,
        cc.ExplainComplaint: concluding.explain,
        cc.CountersignCallback: concluding.countersign,
        cc.WatchComplaint: concluding.watch,
        ca.AnswerInquiry: inquiring.answer,
        ca.DeferInquiry: inquiring.defer,
        ca.AcknowledgeMessage: inquiring.acknowledge,
        ca.RedirectMessage: inquiring.redirect,
        ca.WatchCase: inquiring.watch,
        ca.JoinRequest: joining.join_request,
        ca.WatchJoined: joining.watch_joined,
        ca.DraftAnswer: signing.draft_answer,
        ca.ApproveAnswer: signing.approve_answer,
        ca.RetireAnswer: signing.retire_answer,
        ca.SignDay: signing.sign_day,
        ca.WatchDay: signing.watch_day,
        ca.WatchWeek: signing.watch_week,
        ca.StartDays: signing.start_days,
        ca.StartWeeks: signing.start_weeks,
        cc.ReportDifficult: difficult.report_difficult,
        cc.RecordSuperiorCall: difficult.record_superior_call,
        cc.ChaseDifficult: difficult.chase_difficult,
        cc.WatchDifficult: difficult.watch,
    }


def events(catalogue: Catalogue, policy: Policy, limits: Limits) -> Mapping[type[Event], Handler]:
    """Every event of the other services stands in the timeline; some change the request."""
    following = Following(catalogue, policy, limits)
    inquiring = Inquiring(catalogue, policy, limits)
    return {
        **dict.fromkeys(LINES, following.on_event),
        StaffRecorded: following.staff_recorded,
        MessageHandedOver: inquiring.handed_over,
    }
