"""What a caller sends about leave and swaps: every field bounded, nothing extra."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from services.dispatch.domain.bodies import Body, Id, Text
from shared.moments import Instant

ShiftId = Annotated[str, Field(min_length=1, max_length=100)]


class DepartmentBody(Body):
    """Which department."""

    department: Id


class AskLeaveBody(DepartmentBody):
    """Leave one asks for oneself."""

    starts_at: Instant
    ends_at: Instant
    kind: Literal["annual", "sick", "personal", "training", "other"] = "annual"
    reason: Text = ""


class AskSwapBody(DepartmentBody):
    """Who shall take one's shift."""

    shift_id: ShiftId
    to_id: Id


class DecideBody(DepartmentBody):
    """A supervisor's decision."""

    decision: Literal["approved", "refused"]
