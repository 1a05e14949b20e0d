"""A message for a colleague (P002): open until he acknowledges it, or who is there after his shift."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal

from services.intake.domain.bodies import Body, Id, Reason, Text
from services.intake.domain.colleague import Colleague, check_colleague
from shared.errors import Conflict, Forbidden, demand


class AcknowledgeBody(Body):
    """The colleague has read it."""

    note: Text = ""


class RedirectBody(Body):
    """Another colleague is to be told: the first is away, or has gone off shift."""

    colleague_id: Id
    reason: Reason


@dataclass(frozen=True, slots=True)
class Relay:
    """What a message is besides a request; `id` is the request's."""

    property_id: str
    id: str
    version: int = 0
    state: Literal["TAKEN", "CLOSED"] = "TAKEN"
    to_id: str = ""
    taken_at: datetime | None = None
    redirected: int = 0
    acknowledged_at: datetime | None = None
    due_at: datetime | None = None  # when somebody is told that it waits; moves on with every reminder


def not_for_you(relay: Relay, by: str) -> Forbidden | None:
    """Only who is to be told acknowledges it."""
    if by == relay.to_id:
        return None
    return Forbidden("not-for-you", "This message is for somebody else; he acknowledges it himself.")


def acknowledged(relay: Relay, by: str, now: datetime) -> Relay:
    """The colleague knows. Raises Forbidden for anybody else."""
    demand(not_for_you(relay, by))
    return replace(relay, state="CLOSED", acknowledged_at=now)


def redirected(relay: Relay, to: Colleague | None) -> Relay:
    """Somebody else is to be told."""
    person = check_colleague(to, "colleague_id")
    if person.id == relay.to_id:
        raise Conflict("same-person", "The message is for this person already.", field="colleague_id")
    return passed_on(relay, person.id)


def passed_on(relay: Relay, to_id: str) -> Relay:
    """It is for somebody else now."""
    return replace(relay, to_id=to_id, redirected=relay.redirected + 1)
