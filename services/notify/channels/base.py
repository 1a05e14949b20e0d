"""The one interface of all channels: hand over some messages, say of each what became of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from services.notify.domain.delivery import Result
from services.notify.domain.message import ChannelName, Language


@dataclass(frozen=True, slots=True)
class Outgoing:
    """One message as a channel needs it. `repeated`: the reader may have it already."""

    key: str
    address: str
    language: Language
    subject: str
    text: str
    template: str = ""  # the provider's own id of an approved wording (ruling J26)
    params: dict[str, str] | None = None
    repeated: bool = False
    traceparent: str = ""


class Channel(Protocol):
    """A way out. `deliver` does not raise for what the other side does; it answers in the order asked."""

    name: ChannelName
    batch_max: int  # messages in one call
    calls_max: int  # calls at once

    async def deliver(self, messages: Sequence[Outgoing]) -> Sequence[Result]:
        """Hand the messages over; bounded in time by the channel itself."""
        ...

    async def close(self) -> None:
        """Give connections back."""
        ...


REPEATED = {"zh": "【重复】", "en": "[repeated] "}


def marked(outgoing: Outgoing, text: str) -> str:
    """The text with the mark of a repeated message, if it is one."""
    return REPEATED[outgoing.language] + text if outgoing.repeated else text
