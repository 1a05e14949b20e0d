"""What a caller sends when material is missing, a slip comes back undone, or the matter is another's."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal

from pydantic import Field

from services.dispatch.domain.bodies import Id, Name, StepBody, Text, Words
from shared.ids import ID_PATTERN
from shared.moments import Instant


class MissingBody(StepBody):
    """Which material is missing, and how much of it."""

    material: Name
    quantity: Annotated[str, Field(min_length=1, max_length=40)]
    note: Text = ""


class UnobtainableBody(StepBody):
    """Why the material cannot be had; the department head gets to read it (P028)."""

    explanation: Words


class OutsideBody(StepBody):
    """Why it belongs to somebody else."""

    reason: Words


class TransferBody(StepBody):
    """To whom the matter goes. Under warranty: which item, and when the unit was delivered, where that is not
    recorded with the unit (P024).

    `due_at`: until when the party has to be done, if that was agreed.
    """

    kind: Literal["warranty", "outside"]
    party_id: Id
    item: Annotated[str, Field(min_length=1, max_length=300)]
    delivered_on: date | None = None
    due_at: Instant | None = None
    reason: Text = ""


class FollowBody(StepBody):
    """What the party says. `due_at`: until when it will be done, if it says so."""

    note: Words
    answered: bool = False
    due_at: Instant | None = None


class SolutionBody(StepBody):
    """What was agreed on with the party, and until when it is done (P025)."""

    solution: Words
    due_at: Instant


class NoticeBody(StepBody):
    """The supervisor signs the notice; whom of customer service he sends along, if anybody (P026)."""

    follower_id: Annotated[str, Field(pattern=rf"^$|{ID_PATTERN}", max_length=64)] = ""
    note: Text = ""
