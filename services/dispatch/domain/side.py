"""What may happen to a slip besides the work itself: material missing, not carried out, another's matter.

Each is one value of the work order; what came before stands in the journal.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

MaterialState = Literal["MISSING", "REPORTED", "ORDERED", "BOUGHT", "UNOBTAINABLE"]
OutsideKind = Literal["warranty", "outside"]


@dataclass(frozen=True, slots=True)
class Material:
    """Missing material (P028). The department head reports it until `report_due_at`; the office files the
    purchase slip (购物单); the buyer says how it ended.
    """

    name: str
    quantity: str
    missing_since: datetime
    report_due_at: datetime
    state: MaterialState = "MISSING"
    count: int = 1
    reported_at: datetime | None = None
    purchase_slip: str = ""
    settled_at: datetime | None = None
    explanation: str = ""
    late_told: bool = False


@dataclass(frozen=True, slots=True)
class Undone:
    """A slip that could not be carried out (退单, P029) and who has had it in hand since."""

    reason: str
    returned_by: str
    returned_at: datetime
    signed_by: str = ""
    signed_at: datetime | None = None
    passed_by: str = ""
    passed_at: datetime | None = None
    told_by: str = ""
    told_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Outside:
    """Given to the developer under warranty (P024), or to an outside unit (P025).

    `answer_due_at`: until when the party says what it does. `owner_due_at`: the deadline of the owner's that
    the party's stands in for.
    """

    kind: OutsideKind
    reason: str
    reported_at: datetime
    party_id: str = ""
    party_name: str = ""
    item: str = ""
    delivered_on: str = ""  # the day the unit was delivered, 2025-06-30
    given_by: str = ""
    given_at: datetime | None = None
    answer_due_at: datetime | None = None
    answered_at: datetime | None = None
    late_told: bool = False
    followed: int = 0
    followed_at: datetime | None = None
    solution: str = ""
    owner_told_at: datetime | None = None
    owner_due_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class NoticeSigned:
    """The supervisor's signature under a repair notice (P026), and whom he sends along."""

    by: str
    at: datetime
    follower_id: str = ""
