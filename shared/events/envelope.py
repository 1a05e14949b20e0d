"""What every event is made of: a CloudEvent whose personal part can be sealed.

An event is a fact in the past tense with all that a reader needs. Additive changes keep the version in
`TYPE`; anything else is a new class with the next version. Names, telephone numbers, and what a person said
stand only in `personal`, which is sealed in the journal and on the wire with the data key named by
`personal_key` (ruling J9). If that key was deleted, a reader gets `None`.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, ClassVar, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict

from shared.texts.say import say

Lane = Literal["urgent", "routine"]
LANES: tuple[Lane, ...] = ("urgent", "routine")
PRODUCERS = ("intake", "dispatch", "billing", "notify")


def _aware(moment: datetime) -> datetime:
    if moment.tzinfo is None:
        raise ValueError(say("must carry an offset, such as 2026-03-01T08:00:00+08:00"))
    return moment


Moment = Annotated[datetime, AfterValidator(_aware)]


class Personal(BaseModel):
    """Base of the personal part of an event; every field of it is sealed."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class Event(BaseModel):
    """Base of all events. `TYPE` is `<producer>.<aggregate>.<fact>.v<n>`.

    `personal_key` names whose data key seals `personal`: `person:<id>` or `request:<id>`; empty when there is
    no personal part.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")
    TYPE: ClassVar[str]
    SUBJECT: ClassVar[str] = "request_id"

    personal_key: str = ""

    @classmethod
    def producer(cls) -> str:
        """The service that emits this type."""
        return cls.TYPE.split(".", 1)[0]

    def subject(self) -> str:
        """The id of the aggregate the fact is about."""
        return str(getattr(self, self.SUBJECT))


class Amount(BaseModel):
    """Money inside an event: minor units and currency."""

    model_config = ConfigDict(frozen=True)
    amount_minor: int
    currency: str
