"""What intake tells the other owners whom an emergency touches (P020)."""

from __future__ import annotations

from shared.events.envelope import Event, Moment
from shared.events.intake import Requester, Urgency


class OwnerWarned(Event):
    """One more owner or tenant whom an emergency touches is to be told of it.

    Stream: the urgent `warning:<request_id>`, complete in itself. `place`: the public place or the building,
    never another household's door; `hazard_zh`, `hazard_en`: the item of the list, empty if it is none.
    """

    TYPE = "intake.owner.warned.v1"
    request_id: str
    reference: str
    urgency: Urgency
    place: str
    hazard_zh: str = ""
    hazard_en: str = ""
    person_id: str
    unit_id: str
    warned_at: Moment
    personal: Requester | None = None
