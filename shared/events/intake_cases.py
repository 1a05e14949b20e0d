"""Events of intake about inquiries, relayed messages, approved answers and the signing of a day's records."""

from __future__ import annotations

from typing import Literal

from shared.events.envelope import Event, Moment
from shared.events.intake_complaints import Said

RecordKind = Literal["repair", "inquiry", "complaint"]


class InquiryDeferred(Event):
    """It cannot be answered now; the owner was told until when it is (P010)."""

    TYPE = "intake.inquiry.deferred.v1"
    request_id: str
    due_at: Moment
    deferred_at: Moment


class InquiryAnswered(Event):
    """The owner got his answer: an approved one by version, or a superior's (P010)."""

    TYPE = "intake.inquiry.answered.v1"
    request_id: str
    answer_id: str = ""
    answer_number: int = 0
    superior_id: str = ""
    deferred: bool = False
    late: bool = False
    answered_by: str
    answered_at: Moment
    personal: Said | None = None


class MessageRelayed(Event):
    """A message waits for a colleague (P002)."""

    TYPE = "intake.message.relayed.v1"
    request_id: str
    responsible_id: str
    relayed_at: Moment


class MessageAcknowledged(Event):
    """The colleague knows of it (P002)."""

    TYPE = "intake.message.acknowledged.v1"
    request_id: str
    acknowledged_by: str
    acknowledged_at: Moment


class AnswerApproved(Event):
    """A standard answer in a version that is given to all (P010). Stream: `answer:<answer_id>`."""

    TYPE = "intake.answer.approved.v1"
    SUBJECT = "answer_id"
    answer_id: str
    number: int
    drafted_by: str
    approved_by: str
    approved_at: Moment


class AnswerRetired(Event):
    """A standard answer is given no more."""

    TYPE = "intake.answer.retired.v1"
    SUBJECT = "answer_id"
    answer_id: str
    retired_by: str
    retired_at: Moment


class DaySigned(Event):
    """A supervisor or above has read and signed a day's records of one kind (P003). Stream: `day:<day>`."""

    TYPE = "intake.day.signed.v1"
    SUBJECT = "day"
    day: str
    kind: RecordKind
    counted: int
    signed_by: str
    signed_at: Moment


class ComplaintWeekOver(Event):
    """The week's statistics of complaints are to be read, with the valid-complaint rate (P036).

    The figures are at `reports/complaints?week=`. The property's own stream.
    """

    TYPE = "intake.complaints.week_over.v1"
    SUBJECT = "week"
    week: str
    since: Moment
    until: Moment
    told_at: Moment


class DayUnsigned(Event):
    """Records of a day have not been signed in time (P003). The urgent stream `escalation:day.<day>`."""

    TYPE = "intake.day.unsigned.v1"
    SUBJECT = "day"
    day: str
    kinds: str
    raised_at: Moment
