"""What the deadline auditor looks at in notify: messages that are due, and that no sender has taken."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping
from datetime import timedelta

from services.notify import repository
from services.notify.domain.message import Queue
from shared.audit import Audit, Finding, Look

LISTED_MAX = 1_000
SENT_WITHIN: Mapping[Queue, timedelta] = {
    "emergency": timedelta(seconds=60),
    "urgent": timedelta(minutes=2),
    "routine": timedelta(minutes=15),  # thousands may be due at once
}
"""How long a message may be due before a sender takes it; attempts and quiet hours move that time."""


async def look(at: Look) -> AsyncGenerator[Finding, None]:
    """Messages that were due too long ago: nobody sends them, or the property is not known here."""
    for queue, within in SENT_WITHIN.items():
        for message in await repository.left_lying(at.db, queue, at.before - within, LISTED_MAX):
            assert message.next_attempt_at is not None
            due = message.next_attempt_at + within
            yield at.finding("message_not_sent", message.property_id, message.id, due)


AUDIT = Audit(
    service="notify",
    audited={},
    unaudited={
        "notify.record_attempts": (
            "No timer sends it: a sender reports with it what came of a call. Until it has, the message is "
            "due again at the end of its claim, and is then found as message_not_sent."
        ),
    },
    look=look,
)
