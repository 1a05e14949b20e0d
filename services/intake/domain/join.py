"""A request that is about the same thing as another: it is joined to it, and ends JOINED when that one does
(J7).

Its own slip is given back, with its number. If that can no longer be, the request goes on by itself.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from services.intake.domain.bodies import Body, Id, Reason
from services.intake.domain.refusals import not_to_join
from services.intake.domain.request import Request, ended, staged
from services.intake.domain.urgency import RANK
from services.intake.domain.watch import in_hand
from shared.errors import Invalid, demand

JOINED_REASON = (
    "joined"  # what the slip's cancellation says, so that nobody is told the owner changed his mind
)
WITHOUT_RESULT = ("CANCELLED", "WITHDRAWN")


class JoinBody(Body):
    """The request this one is joined to, and why."""

    incident_id: Id
    reason: Reason


def joined(request: Request, incident: Request | None) -> Request:
    """The request, waiting for the other one. Raises Invalid naming the field, Conflict in this state."""
    demand(not_to_join(request))
    if incident is None or incident.id == request.id or not incident.open or incident.joined_to:
        raise Invalid(
            "no-incident",
            "There is no such open request to join.",
            field="incident_id",
            accepted="another open request, which is not joined itself",
        )
    if not in_hand(incident) or RANK[incident.urgency] < RANK[request.urgency]:
        raise Invalid(
            "no-work-there",
            "Nobody is on the way for that request, or not as soon.",
            field="incident_id",
            accepted="a request as urgent as this one or more, whose work is not done",
        )
    return staged(replace(request, joined_to=incident.id))


def followed(request: Request, incident: Request | None, now: datetime) -> Request | None:
    """The request after a look at the other one: ended with it, on its own again, or None while it is
    open, or while somebody is still on the way because this one became an emergency.
    """
    if not request.open or not request.joined_to or (incident is not None and incident.open):
        return None
    if incident is None or incident.status in WITHOUT_RESULT:
        alone = replace(request, joined_to="", notice_received_at=None, reopened=request.reopened + 1)
        return staged(alone)
    if request.urgency == "emergency" and request.work is not None:
        return None
    return ended(request, "JOINED", now)
