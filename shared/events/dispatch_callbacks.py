"""Events of dispatch about callbacks: due, tried, answered, proven; rain; the notice to who did the work."""

from __future__ import annotations

from typing import Literal

from shared.events.dispatch import StaffContact, StepNote
from shared.events.envelope import Event, Moment
from shared.events.files import GivenFile

CallbackKind = Literal["urgent", "leak", "safety", "other"]
CallbackRound = Literal["first", "second", "rain"]
CallbackMethod = Literal["phone", "visit", "written", "link"]
CallbackProblem = Literal["not_fixed", "came_back", "damage", "not_clean", "conduct", "price", "other"]


class _OfCallback(Event):
    SUBJECT = "callback_id"
    callback_id: str
    request_id: str
    work_order_id: str
    slip: str


class CallbackScheduled(_OfCallback):
    """The owner has to be called back after a repair (P031).

    `due_at` is None while the round after rain waits for rain.
    """

    TYPE = "dispatch.callback.scheduled.v1"
    kind: CallbackKind
    round: CallbackRound
    repaired_at: Moment
    due_at: Moment | None = None
    first_contact_id: str = ""
    scheduled_at: Moment


class CallbackAttempted(_OfCallback):
    """The owner was tried and gave no opinion. `counted`: at an allowed hour, so it counts as unreached."""

    TYPE = "dispatch.callback.attempted.v1"
    method: CallbackMethod
    result: Literal["reached", "not_reached"]
    counted: bool
    number: int
    by: str
    attempted_at: Moment
    attachments: tuple[GivenFile, ...] = ()
    personal: StepNote | None = None


class CallbackAnswered(_OfCallback):
    """The owner said whether he is satisfied.

    Not satisfied: the request goes on with a new slip and deadline. The words are in the personal part.
    """

    TYPE = "dispatch.callback.answered.v1"
    opinion: Literal["satisfied", "not_satisfied"]
    problem: CallbackProblem | Literal[""] = ""
    method: CallbackMethod
    by: str
    on_behalf_of: str = ""
    answered_at: Moment
    signatures_missing: int
    department: str = ""
    attachments: tuple[GivenFile, ...] = ()
    personal: StepNote | None = None


class CallbackClosed(_OfCallback):
    """A callback is over.

    `proven`: signed by as many as its method needs (P127, R18). `last`: no other callback of this slip is
    due. `superseded`: the work is done again, which is called back anew, or the request has ended otherwise;
    `reason` is then its end state.
    """

    TYPE = "dispatch.callback.closed.v1"
    kind: CallbackKind
    round: CallbackRound
    result: Literal["satisfied", "problem", "unreached", "superseded"]
    proven: bool
    last: bool
    signers: tuple[str, ...] = ()
    reason: str = ""
    attachments: tuple[GivenFile, ...] = ()
    closed_at: Moment


class ProblemNoticed(_OfCallback):
    """The written notice to who did the work, that a callback found a problem (P031)."""

    TYPE = "dispatch.callback.problem_noticed.v1"
    problem: CallbackProblem
    place: str = ""
    staff_id: str = ""
    read_by_at: Moment
    noticed_at: Moment
    personal: StaffContact | None = None


class NoticeRead(_OfCallback):
    """Who did the work has read the notice."""

    TYPE = "dispatch.callback.notice_read.v1"
    by: str
    read_at: Moment


class CallbackOverdue(_OfCallback):
    """Nothing was recorded in time: the urgent stream `escalation:<callback_id>:<kind>`, complete in itself.

    `callback_late`: not made; `notice_late`: the notice not read; `rain_missing`: no rain for long.
    """

    TYPE = "dispatch.callback.overdue.v1"
    kind: Literal["callback_late", "notice_late", "rain_missing"]
    department: str
    to_role: str
    due_at: Moment
    raised_at: Moment
    place: str = ""
    personal: StaffContact | None = None


class RainRecorded(Event):
    """It has rained: leaks repaired before are called back once more (P031)."""

    TYPE = "dispatch.rain.recorded.v1"
    SUBJECT = "rain_id"
    rain_id: str
    rained_at: Moment
    recorded_by: str
    recorded_at: Moment
