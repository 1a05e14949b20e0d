"""Which handler runs for which event and command. A type without a line only advances what has been seen."""

from __future__ import annotations

from collections.abc import Mapping

from services.notify.domain.commands import RecordAttempts, ResolveUnknown
from services.notify.handlers import Handlers
from shared.events import (
    billing,
    dispatch,
    dispatch_callbacks,
    dispatch_reports,
    dispatch_slips,
    intake,
    intake_emergency,
    intake_watch,
)
from shared.events import intake_cases as desk
from shared.events import intake_complaints as cases
from shared.events import intake_guide as guide
from shared.events import intake_special as special
from shared.events.envelope import Event
from shared.kernel.unit import Command, Handler

READS = ("intake", "dispatch", "billing")

# What the desk tells of complaints, difficult issues, inquiries and messages.
CASES: tuple[type[Event], ...] = (
    cases.ComplaintConfirmed,
    cases.ComplaintReported,
    cases.ComplaintAssigned,
    cases.ComplaintGraded,
    cases.ComplaintInvestigated,
    cases.ComplaintJudged,
    cases.ComplaintAnswered,
    cases.ComplaintPressed,
    cases.DepartmentAsked,
    cases.DepartmentAnswered,
    cases.ComplaintHandled,
    cases.ComplaintVerified,
    cases.DifficultIssueReported,
    cases.SuperiorCalled,
    cases.DifficultIssueChased,
    cases.CaseAlarm,
    desk.InquiryDeferred,
    desk.InquiryAnswered,
    desk.MessageRelayed,
    desk.MessageAcknowledged,
    desk.DayUnsigned,
    desk.ComplaintWeekOver,
    special.DirectorTalkDue,
    special.DirectorTalkHeld,
    special.DirectorTalkLate,
)

# Events of a request that change nothing here; who is told of them is the catalogue's matter.
ANNOUNCED: tuple[type[Event], ...] = (
    intake.RequestCancelled,
    intake.TimeAsked,
    intake.TimePromised,
    intake.ExtensionNeeded,
    intake.PromiseMissed,
    intake.FirstContactMissing,
    intake.RequestJoined,
    *CASES,
    dispatch.WorkStepTaken,
    dispatch.WorkQuoted,
    dispatch.WorkCompleted,
    dispatch.WorkWithdrawn,
    dispatch.WorkCancelled,
    dispatch.ErrandBooked,
    dispatch.CarUnavailable,
    dispatch.WorkPaidOff,
    dispatch.DeadlineRaised,
    dispatch_callbacks.CallbackAnswered,
    dispatch_callbacks.ProblemNoticed,
    dispatch_callbacks.CallbackOverdue,
    dispatch.WorkNotDone,
    dispatch.WorkAlarmRaised,
    intake_watch.WatchRaised,
    intake_emergency.OwnerWarned,
    guide.GuideAnnounced,
    dispatch_slips.SlipsChecked,
    dispatch_reports.WeekReported,
    billing.QuoteOffered,
    billing.QuoteConsented,
    billing.QuoteRefused,
    billing.ChargePosted,
    billing.ChargeNoted,
    billing.PaymentReceived,
    billing.DepositRequested,
    billing.DepositHeld,
    billing.DepositApplied,
    billing.DepositRefunded,
    billing.ForfeitureProposed,
    billing.ForfeitureOverdue,
    billing.DepositForfeited,
    billing.RefundPaid,
    billing.RequestSettled,
)


def events(handlers: Handlers) -> Mapping[type[Event], Handler]:
    """Event type -> handler."""
    return {
        intake.PropertyConfigured: handlers.property_configured,
        intake.RequestAccepted: handlers.request_accepted,
        intake.RequestAmended: handlers.request_amended,
        intake.UrgencyRaised: handlers.urgency_changed,
        intake.UrgencyLowered: handlers.urgency_changed,
        intake.EmergencyRaised: handlers.emergency_raised,
        intake.FirstContactTaken: handlers.first_contact_taken,
        intake.RequestClosed: handlers.request_closed,
        dispatch.StaffRecorded: handlers.staff_recorded,
        intake.RequestReopened: handlers.request_reopened,
        dispatch.WorkOrderIssued: handlers.work_order_given,
        dispatch.WorkOrderAssigned: handlers.work_order_given,
        **dict.fromkeys(ANNOUNCED, handlers.announce),
    }


def commands(handlers: Handlers) -> Mapping[type[Command], Handler]:
    """Command type -> handler."""
    return {
        RecordAttempts: handlers.record_attempts,
        ResolveUnknown: handlers.resolve_unknown,
    }
