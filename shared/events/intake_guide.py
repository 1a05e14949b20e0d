"""Events of intake about the service guide (P015). Stream: `guide:<property_id>`."""

from __future__ import annotations

from shared.events.envelope import Event, Moment
from shared.events.intake import Requester


class GuideCompiled(Event):
    """An edition of the guide was compiled: so many services with hours, telephone and price."""

    TYPE = "intake.guide.compiled.v1"
    SUBJECT = "number"
    number: int
    services: int
    compiled_by: str
    compiled_at: Moment


class GuideDistributed(Event):
    """An edition was given out in one of the ways; `place`: where it hangs or lies."""

    TYPE = "intake.guide.distributed.v1"
    SUBJECT = "number"
    number: int
    way: str
    place: str = ""
    distributed_by: str
    distributed_at: Moment


class GuideAnnounced(Event):
    """One owner or tenant is to be told that there is a new edition."""

    TYPE = "intake.guide.announced.v1"
    SUBJECT = "number"
    number: int
    person_id: str
    announced_at: Moment
    personal: Requester | None = None
