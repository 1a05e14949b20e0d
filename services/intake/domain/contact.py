"""A contact: a call, a visit, a letter, an online message (domain §4.8, P001, P003).

One contact may open several requests.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from services.intake.domain.bodies import ContactBody
from services.intake.domain.times import Limits, check_fact
from shared.catalogue.channels import channel
from shared.errors import Invalid
from shared.phones import to_e164


@dataclass(frozen=True, slots=True)
class Contact:
    """What happened, when, and who answered: `agent_id`, empty where nobody of ours was there.

    Times beyond `started_at` are there if the telephone system gave them.
    """

    property_id: str
    id: str
    version: int = 0
    channel: str = ""
    medium: str = ""
    direction: str = "in"
    caller_phone: str = ""
    agent_id: str = ""
    recorded_by: str = ""
    person_id: str = ""
    about_request_id: str = ""
    started_at: datetime | None = None
    answered_at: datetime | None = None
    ended_at: datetime | None = None
    recorded_at: datetime | None = None
    result: str = ""
    note: str = ""

    @property
    def answer_seconds(self) -> float | None:
        """How long it rang (P001: before the third ring), if both times are known."""
        if self.started_at is None or self.answered_at is None:
            return None
        return (self.answered_at - self.started_at).total_seconds()


def recorded_contact(
    property_id: str,
    contact_id: str,
    body: ContactBody,
    *,
    recorded_by: str,
    now: datetime,
    limits: Limits,
    any_age: bool = False,
    field: str = "",
) -> Contact:
    """The contact as the body says.

    Raises Invalid for an unknown channel, a number that is none, or impossible times.
    """
    way = channel(body.channel, f"{field}channel")
    started_at = body.started_at or now
    times = {"started_at": started_at, "answered_at": body.answered_at, "ended_at": body.ended_at}
    earlier = None
    for name, moment in times.items():
        if moment is None:
            continue
        check_fact(moment, now, limits, f"{field}{name}", any_age=any_age)
        if earlier is not None and moment < earlier:
            raise Invalid(
                "times-out-of-order",
                "It cannot end before it began.",
                field=f"{field}{name}",
                accepted="a later time",
            )
        earlier = moment
    return Contact(
        property_id,
        contact_id,
        channel=body.channel,
        medium=way.medium,
        direction=body.direction,
        caller_phone=to_e164(body.caller_phone, "CN", f"{field}caller_phone") if body.caller_phone else "",
        agent_id=body.agent_id or (recorded_by if way.attended or body.direction == "out" else ""),
        recorded_by=recorded_by,
        person_id=body.person_id,
        about_request_id=body.about_request_id,
        started_at=started_at,
        answered_at=body.answered_at,
        ended_at=body.ended_at,
        recorded_at=now,
        result=body.result,
        note=body.note,
    )
