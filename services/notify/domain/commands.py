"""The commands of notify: what a sender reports, and what a person found out about a message."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field

from services.notify.domain.message import Outcome
from shared.kernel.unit import Command

RESULTS_MAX = 100
NOTE_CHARS_MAX = 200


class AttemptResult(BaseModel):
    """What a channel said about attempt `number` of one message."""

    model_config = ConfigDict(frozen=True)

    message_id: str
    number: int
    channel: str
    outcome: Outcome
    reason: str = ""
    retry_after_seconds: float = 0


class RecordAttempts(Command):
    """The sender's report on messages of one stream."""

    NAME: ClassVar[str] = "notify.record_attempts"

    results: Annotated[tuple[AttemptResult, ...], Field(max_length=RESULTS_MAX)]


class ResolveUnknown(Command):
    """A person says of a message on the list: they have been told (`arrived`), or send it again."""

    NAME: ClassVar[str] = "notify.resolve_unknown"

    message_id: str
    resolution: Literal["arrived", "send_again"]
    note: Annotated[str, Field(max_length=NOTE_CHARS_MAX)] = ""
