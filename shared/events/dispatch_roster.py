"""Events of dispatch that follow from its rosters: what goes over to the next shift (P002)."""

from __future__ import annotations

from shared.events.envelope import Event, Moment


class MessageHandedOver(Event):
    """The shift of who should hear a message is over, and he has not acknowledged it: it is another's now.

    Stream: the request's. Intake tells it to the colleague, who acknowledges it himself.
    """

    TYPE = "dispatch.message.handed_over.v1"
    SUBJECT = "request_id"
    request_id: str
    from_id: str
    to_id: str
    handed_at: Moment
