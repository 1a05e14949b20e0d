"""The event by which intake tells that dispatch is silent (J30)."""

from __future__ import annotations

from typing import Literal

from shared.events.envelope import Event, Moment
from shared.events.intake import Urgency


class WatchRaised(Event):
    """Dispatch has not answered an emergency, or slips of the property are not out in time.

    Stream: the urgent `watch:<request_id>`, or `watch:<property_id>` for slips; complete in itself. `to_role`
    is the entry of the duty chain to be told: a role or a person. `count` slips are late since `due_at`.
    """

    TYPE = "intake.watch.raised.v1"
    SUBJECT = "watch_id"
    watch_id: str
    request_id: str = ""
    kind: Literal["emergency_unanswered", "slips_late"]
    urgency: Urgency
    reference: str = ""
    place: str = ""
    hazard: str = ""
    category: str = ""
    count: int
    step: int
    to_role: str
    due_at: Moment
    raised_at: Moment
