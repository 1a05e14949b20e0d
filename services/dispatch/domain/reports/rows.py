"""What a report reads of a slip and of a callback, and the questions that are asked of one row. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from services.dispatch.domain.callback import Result
from shared.events.dispatch import WorkKind
from shared.events.dispatch_callbacks import CallbackKind, CallbackRound
from shared.events.intake import Urgency

Outcome = Literal["done", "withdrawn", "cancelled", "open"]
WITHDRAWN = frozenset({"WITHDRAWN", "WITHDRAWAL_MARKED"})
CANCELLED = frozenset({"CANCELLED", "CANCELLED_IN_TIME", "CANCELLED_LATE"})


@dataclass(frozen=True, slots=True)
class SlipRow:
    """One slip as a report needs it."""

    slip: str
    kind: WorkKind
    department: str
    category: str
    urgency: Urgency
    status: str
    place: str
    unit_id: str
    period: str
    assignee_id: str
    rework_of: str
    reported_at: datetime
    issued_at: datetime
    slip_due_at: datetime
    due_at: datetime
    done_at: datetime | None

    @property
    def outcome(self) -> Outcome:
        """What has become of it."""
        if self.status in WITHDRAWN:
            return "withdrawn"
        if self.status in CANCELLED:
            return "cancelled"
        return "open" if self.done_at is None else "done"

    @property
    def out_in_time(self) -> bool:
        """Whether the slip was out within its minutes."""
        return self.issued_at <= self.slip_due_at

    @property
    def done_in_time(self) -> bool:
        """Whether the work was done by its deadline."""
        return self.done_at is not None and self.done_at <= self.due_at

    def judged(self, now: datetime) -> bool:
        """Whether its deadline can be judged: done, or over; what the owner took back is not."""
        return self.outcome == "done" or (self.outcome == "open" and self.due_at <= now)


@dataclass(frozen=True, slots=True)
class CallbackRow:
    """One callback as a report needs it."""

    work_order_id: str
    slip: str
    kind: CallbackKind
    round: CallbackRound
    status: str
    method: str
    opinion: str
    result: Result
    place: str
    first_contact_id: str
    proven: bool
    due_at: datetime
    answered_at: datetime | None
    repaired_at: datetime

    def due(self, now: datetime) -> bool:
        """Whether it should have been made by now; what waits for rain, or is done again, should not."""
        if self.result == "superseded" or self.status == "AWAITING_RAIN":
            return False
        return self.answered_at is not None or self.result != "" or self.due_at <= now
