"""What a caller sends with the steps at the door and inside."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from services.dispatch.domain.bodies import Id, StepBody, Text, Words
from shared.ids import ID_PATTERN
from shared.moments import Instant


class FormBody(StepBody):
    """The service form was shown: whether the owner confirmed it, and what he said if not (P017)."""

    confirmed: bool
    note: Text = ""


class EnterBody(StepBody):
    """Going in. `companion_id`: who of customer service stays beside the worker (P016)."""

    companion_id: Annotated[str, Field(pattern=rf"^$|{ID_PATTERN}", max_length=64)] = ""
    note: Text = ""


class LateBody(StepBody):
    """The owner was called before the time passed us by: why, and the new time (P016)."""

    reason: Words
    appointment_at: Instant


class HelperBody(StepBody):
    """A second technician."""

    staff_id: Id
    note: Text = ""
