"""The channel of training properties: it records and sends nothing, so that no message leaves the machine."""

from __future__ import annotations

from collections.abc import Sequence

from services.notify.channels.base import Outgoing
from services.notify.domain.delivery import Result
from services.notify.domain.message import ChannelName


class TrainingChannel:
    """Accepts everything; the message document is the record."""

    name: ChannelName = "training"
    batch_max = 500
    calls_max = 4

    async def deliver(self, messages: Sequence[Outgoing]) -> Sequence[Result]:
        """See `Channel.deliver`."""
        return [Result("accepted", channel="training") for _ in messages]

    async def close(self) -> None:
        """Nothing to give back."""
