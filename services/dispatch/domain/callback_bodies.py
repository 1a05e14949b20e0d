"""What a caller sends about a callback or the rain: every field bounded, nothing extra."""

from __future__ import annotations

from typing import Literal

from services.dispatch.domain.bodies import Body, StepBody, Text
from shared.events.dispatch_callbacks import CallbackMethod, CallbackProblem
from shared.moments import Instant


class AttemptBody(StepBody):
    """The owner was tried and gave no opinion: nobody answered, or he wants to be called again."""

    result: Literal["reached", "not_reached"]
    method: CallbackMethod = "phone"
    note: Text = ""


class OpinionBody(StepBody):
    """What the owner said. `problem` and his words where he is not satisfied."""

    opinion: Literal["satisfied", "not_satisfied"]
    method: CallbackMethod = "phone"
    problem: CallbackProblem | Literal[""] = ""
    words: Text = ""
    on_behalf_reason: Text = ""


class RainBody(Body):
    """It has rained; when, if not now."""

    rained_at: Instant | None = None
